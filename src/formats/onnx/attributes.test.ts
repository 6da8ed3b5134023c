/** What the ONNX project's node tests leave out, attributes and integers: onnxruntime's outputs, or a refusal. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { readOnnx } from "./read.ts";
import { fileOf, floats, ints, op, runFile, runRead, type SmallModel, wave } from "./testing/small-models.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

const image = { x: [2, 3, 7, 6] } as const;
const cube = { x: [2, 3, 4] } as const;
const pool = (strides: readonly number[], pads: readonly number[], count: 0 | 1): SmallModel => ({
  nodes: [op("AveragePool", ["x"], "y", { kernel_shape: [3, 3], strides, pads, ceil_mode: 1, count_include_pad: count })],
  inputs: image,
});
const reduce = (opType: string): SmallModel => ({ nodes: [op(opType, ["x"], "y", { noop_with_empty_axes: 1 })], inputs: cube, opset: 18 });

/** x as integers from -9 to 9, and back. */
const ofIntegers = (node: ReturnType<typeof op>): SmallModel => ({
  nodes: [op("Mul", ["x", "five"], "wide"), op("Cast", ["wide"], "n", { to: 7 }), node, op("Cast", ["result"], "y", { to: 1 })],
  initializers: [floats("five", [5]), ints("depth", [6], []), ints("values", [3, 9])],
  inputs: cube,
});

const cases: Readonly<Record<string, SmallModel>> = {
  "a mean of windows that end beyond the padding": pool([2, 2], [1, 1, 1, 1], 1),
  "a mean of windows that end beyond the image": pool([3, 3], [0, 0, 0, 0], 1),
  "a mean of windows with padding on some sides": pool([2, 3], [0, 1, 1, 0], 1),
  "a mean of windows without their padding": pool([2, 3], [0, 1, 1, 0], 0),
  "the largest of all axes from one on, before opset 13": { nodes: [op("Hardmax", ["x"], "y")], inputs: cube, opset: 12 },
  "the largest of one axis": { nodes: [op("Hardmax", ["x"], "y", { axis: 1 })], inputs: cube, opset: 13 },
  "a norm over no axes": reduce("ReduceL1"),
  "squares over no axes": reduce("ReduceSumSquare"),
  "a sum over no axes": { ...reduce("ReduceSum"), opset: 13 },
  "a mean of integers": ofIntegers(op("ReduceMean", ["n"], "result", { axes: [1] })),
  "codes of places that do not exist": ofIntegers(op("OneHot", ["n", "depth", "values"], "result", { axis: 1 })),
  "axes that are counted from the end": { nodes: [op("Resize", ["x", "", "", "size"], "y", { mode: "linear", axes: [-1, -2] })], initializers: [ints("size", [9, 10])], inputs: image, opset: 18 },
};

describe("ONNX nodes", () => {
  it.each(Object.entries(cases))("%s", async (_, model) => {
    const file = fileOf(model);
    const x = wave(model.inputs?.["x"] as readonly number[]);
    expect(await runRead(file, { x }, { batch: "file" })).toBeAllClose(await runFile(file, { x }), { rtol: 1e-5, atol: 1e-6 });
  });

  it("an attribute that changes what an LSTM computes is not passed over", () => {
    const initializers = [floats("w", [...wave([24]).values], [1, 8, 3]), floats("r", [...wave([16]).values], [1, 8, 2])];
    const nodes = [op("LSTM", ["x", "w", "r"], ["", "y"], { hidden_size: 2, input_forget: 1 })];
    expect(() => readOnnx(fileOf({ nodes, initializers, inputs: { x: [4, 2, 3] } }))).toThrow("its forget gate is its input gate");
  });
});
