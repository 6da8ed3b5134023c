/** Files that fix their batch of one: a batch of three gives what onnxruntime gives for each example alone, or stays fixed. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { readOnnx } from "./read.ts";
import { fileOf, floats, ints, op, runFile, runRead, type SmallModel, wave } from "./testing/small-models.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

const constants = [
  ints("zero", [0]), ints("one", [1]), ints("first", [0], []), ints("merged", [2, -1, 2]), ints("row", [1, 4]), ints("rows", [3, 4]), ints("back", [1, 2, 4]),
  floats("w", [...wave([16]).values], [4, 4]), floats("token", [5, 6, 7, 8], [1, 1, 4]),
];
const x = { x: [1, 4] } as const;
const tokens = { x: [1, 2, 4] } as const;
/** Heads beside the batch, as PyTorch's attention has them: [tokens, batch * heads, width]. */
const attention = [
  op("Transpose", ["x"], "steps", { perm: [1, 0, 2] }),
  op("Reshape", ["steps", "merged"], "heads"),
  op("Transpose", ["heads"], "q", { perm: [1, 0, 2] }),
  op("Transpose", ["heads"], "k", { perm: [1, 2, 0] }),
  op("MatMul", ["q", "k"], "scores"),
  op("Softmax", ["scores"], "weights", { axis: -1 }),
  op("MatMul", ["weights", "q"], "values"),
];

const opened: Readonly<Record<string, SmallModel>> = {
  "a layer": { nodes: [op("MatMul", ["x", "w"], "h"), op("Softmax", ["h"], "y")], inputs: x },
  "a class token": { nodes: [op("Concat", ["token", "x"], "all", { axis: 1 }), op("Reshape", ["all", "whole"], "y")], initializers: [ints("whole", [1, 12])], inputs: tokens },
  "a reshape that goes through the batch and back": { nodes: [op("Reshape", ["x", "long"], "each"), op("MatMul", ["each", "w"], "h"), op("Reshape", ["h", "back"], "y")], initializers: [ints("long", [-1, 4])], inputs: tokens },
  "as many tokens as there are": { nodes: [op("MatMul", ["x", "w"], "h"), op("Softmax", ["h"], "s", { axis: 1 }), op("Mul", ["s", "x"], "y")], inputs: { x: [1, "tokens", 4] } },
  "normalised tokens": { nodes: [op("Transpose", ["x"], "t", { perm: [2, 0, 1] }), op("Softmax", ["t"], "s", { axis: 2 }), op("Transpose", ["s"], "y", { perm: [1, 2, 0] })], inputs: tokens },
};
const kept: Readonly<Record<string, SmallModel>> = {
  "the first example": { nodes: [op("Gather", ["x", "first"], "y")], inputs: x },
  "a slice of one example": { nodes: [op("Slice", ["x", "zero", "one", "zero"], "y")], inputs: x },
  "a mean over the batch": { nodes: [op("ReduceMean", ["x"], "m", { axes: [0] }), op("Sub", ["x", "m"], "y")], inputs: x },
  "a softmax over the batch": { nodes: [op("Softmax", ["x"], "y", { axis: 0 })], inputs: x },
  "a running sum over the batch": { nodes: [op("CumSum", ["x", "first"], "y")], inputs: x },
  "examples beside a row": { nodes: [op("Concat", ["x", "w"], "y", { axis: 0 })], inputs: x },
  "examples beside each other": { nodes: [op("Transpose", ["x"], "t"), op("MatMul", ["t", "x"], "y")], inputs: x },
  "a number of each example along their rows": { nodes: [op("ReduceMean", ["x"], "m", { axes: [1], keepdims: 0 }), op("Add", ["x", "m"], "y")], inputs: x },
  "rows of the turned": { nodes: [op("Transpose", ["x"], "t", { perm: [1, 0] }), op("Reshape", ["t", "row"], "y")], inputs: x },
  "an example three times": { nodes: [op("Expand", ["x", "rows"], "y")], inputs: x },
  "an example repeated": { nodes: [op("Tile", ["x", "times"], "y")], initializers: [ints("times", [2, 1])], inputs: x },
  "the batch as channels": { nodes: [op("Reshape", ["x", "image"], "i"), op("GlobalAveragePool", ["i"], "y")], initializers: [ints("image", [1, 1, 2, 2])], inputs: { x: [4, 1] } },
};

describe("A batch that the file fixes", () => {
  it.each(Object.entries(opened))("is free where examples stay apart: %s", async (_, model) => {
    const file = fileOf({ ...model, initializers: [...constants, ...(model.initializers ?? [])] });
    const shape = [3, ...(model.inputs?.["x"] ?? []).slice(1).map((dim) => (typeof dim === "string" ? 5 : dim))];
    const all = wave(shape);
    const size = all.values.length / 3;
    const got = await runRead(file, { x: all });
    for (const example of [0, 1, 2]) {
      const want = await runFile(file, { x: { shape: shape.with(0, 1), dtype: "float32", values: (all.values as Float32Array).slice(example * size, (example + 1) * size) } });
      const part = got.values.length / 3;
      expect({ shape: got.shape.with(0, 1), values: [...got.values.slice(example * part, (example + 1) * part)] }).toBeAllClose({ shape: want.shape, values: [...want.values] }, { rtol: 1e-5, atol: 1e-6 });
    }
  });

  it("is free where heads lie beside it in one axis", () => {
    const nodes = [...attention, op("Transpose", ["values"], "turned", { perm: [1, 0, 2] }), op("Reshape", ["turned", "joined"], "joinedTokens"), op("Transpose", ["joinedTokens"], "y", { perm: [1, 0, 2] })];
    expect(readOnnx(fileOf({ nodes, initializers: [...constants, ints("joined", [2, -1, 4])], inputs: tokens })).graph.inputs[0]?.shape[0]).toBe(null);
  });

  it.each(Object.entries(kept))("stays where examples meet: %s", async (_, model) => {
    const file = fileOf({ ...model, initializers: [...constants, ...(model.initializers ?? [])] });
    const shape = model.inputs?.["x"] as readonly number[];
    expect(readOnnx(file).graph.inputs[0]?.shape[0]).toBe(shape[0]);
    expect(await runRead(file, { x: wave(shape) })).toBeAllClose(await runFile(file, { x: wave(shape) }), { rtol: 1e-5, atol: 1e-6 });
  });
});
