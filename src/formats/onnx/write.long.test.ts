/** Every op and the small models, written as ONNX and run by onnxruntime-web, as the engine computes them. What onnx.checker says, tools/reference/check_exports.py finds out. */
import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph, Model } from "../../graph/types.ts";
import { type ExportCase, type ExportTensor, modelExportCases, opExportCases } from "../testing/export-cases.ts";
import { runExportCase } from "../testing/run-export-case.ts";
import { decodeModel } from "./decode.ts";
import { expansions } from "./expansions.ts";
import { readOnnx } from "./read.ts";
import { writeOnnx } from "./write.ts";

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  await useBackend("cpu", { wasmPath: "" });
});

async function runOnnx(bytes: Uint8Array, inputs: ExportCase["inputs"]): Promise<readonly ExportTensor[]> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries([...inputs].map(([name, { values, shape }]) => [name, values instanceof Float32Array ? new ort.Tensor("float32", values, shape) : new ort.Tensor("int32", values, shape)]));
  const results = await session.run(feeds);
  await session.release();
  return session.outputNames.map((name) => {
    const { dims, type, data } = results[name] as ort.Tensor;
    return { shape: dims, dtype: type as ExportTensor["dtype"], values: data as Float32Array };
  });
}

async function expectSameOutputs(exportCase: ExportCase): Promise<void> {
  const got = await runOnnx(writeOnnx(exportCase.model), exportCase.inputs);
  const want = exportCase.output ? [exportCase.output] : await runExportCase(exportCase);
  expect(got.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(want.map(({ shape, dtype }) => ({ shape, dtype })));
  got.forEach((output, i) => expect(output.values).toBeAllClose((want[i] as ExportTensor).values, { rtol: 1e-5, atol: 1e-5 }));
}

describe("ONNX from every op", () => {
  const cases = opExportCases();

  it("has a case for every op", () => {
    const covered = new Set(cases.flatMap(({ model }) => model.graph.nodes.map(({ op }) => op)));
    expect(Object.keys(expansions).filter((op) => !covered.has(op as keyof typeof expansions))).toEqual(["dropout"]);
  });

  it.each(cases.map((exportCase) => [exportCase.name, exportCase] as const))("%s", async (_, exportCase) => {
    await expectSameOutputs(exportCase);
  });
});

describe("ONNX from a model", () => {
  it.each(modelExportCases().map((exportCase) => [exportCase.name, exportCase] as const))("%s: the same logits", async (_, exportCase) => {
    await expectSameOutputs(exportCase);
  });
});

/** The reader leaves the batch of a model open and nothing else; an op alone may be about the first axis. */
function readAgain({ model, inputs }: ExportCase, batch: "open" | "fixed"): Model {
  const inputShapes = Object.fromEntries([...inputs].map(([name, { shape }]) => [name, batch === "open" ? [null, ...shape.slice(1)] : shape]));
  return readOnnx(writeOnnx(model, { inputShapes }), { imageInputs: "file", batch: batch === "open" ? "free" : "file" });
}

describe("ONNX that Graft wrote and reads again", () => {
  it.each([...modelExportCases(), ...opExportCases()].map((exportCase) => [exportCase.name, exportCase] as const))("%s", async (_, exportCase) => {
    const [want] = exportCase.output ? [exportCase.output] : await runExportCase(exportCase);
    const [got] = await runExportCase({ ...exportCase, model: readAgain(exportCase, exportCase.output ? "fixed" : "open") });
    expect(got).toBeAllClose(want as ExportTensor, { rtol: 1e-5, atol: 1e-5 });
  });
});

/** What is refused with an open first axis: the axis is counted from its end, or made a number. */
const needsSizes: readonly string[] = [
  "stridedSlice: from the end",
  "stridedSlice: a step over all but the first",
  "stridedSlice: of integers",
  "reverse: of integers",
  "reverse: two axes",
  "broadcastTo: one axis of three",
];

describe("ONNX of one op with an open first axis, read again", () => {
  it.each(opExportCases().map((exportCase) => [exportCase.name, exportCase] as const))("%s", async (name, exportCase) => {
    const read = (): Model => readOnnx(writeOnnx(exportCase.model), { imageInputs: "file" });
    if (needsSizes.includes(name)) return expect(read).toThrow(/^node "layer/);
    const [got] = await runExportCase({ ...exportCase, model: read() });
    expect(got).toBeAllClose(exportCase.output as ExportTensor, { rtol: 1e-5, atol: 1e-5 });
  });
});

const sliding = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

function convolutions(between: (builder: GraphBuilder, x: string) => string): Graph {
  const builder = new GraphBuilder();
  const first = builder.add("first", "conv2d", [builder.input("images", [null, 6, 5, 3], "float32"), builder.parameter("a", [3, 3, 3, 4])], sliding);
  return builder.build([builder.add("second", "conv2d", [between(builder, first), builder.parameter("b", [3, 2, 4, 2])], sliding)]);
}

function waves(graph: Graph): ExportCase {
  const wave = (size: number, phase: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i + phase));
  const weights = new Map(graph.parameters.map(({ name, shape }, i) => [name, wave(shape.reduce((a, b) => a * b, 1), i)]));
  return { name: "", model: { graph, weights }, inputs: new Map([["images", { shape: [2, 6, 5, 3], dtype: "float32", values: wave(180, 9) }]]), output: null };
}

describe("channels first", () => {
  const between: Readonly<Record<string, (builder: GraphBuilder, x: string) => string>> = {
    "a chain": (builder, x) => builder.add("relu", "relu", [x], {}),
    "what is added to a convolution": (builder, x) => builder.add("sum", "add", [builder.add("half", "multiply", [x, builder.add("c", "constant", [], { shape: [4], values: [1, 2, 3, 4], dtype: "float32" })], {}), x], {}),
    "a vector over rows": (builder, x) => builder.add("sum", "multiply", [builder.add("c", "constant", [], { shape: [6, 1, 1], values: [1, 2, 3, 4, 5, 6], dtype: "float32" }), x], {}),
    "a mean of each image": (builder, x) => builder.add("scaled", "multiply", [x, builder.add("mean", "mean", [x], { axes: [1, -2], keepDims: true })], {}),
    "axes by number": (builder, x) => builder.add("cut", "slice", [builder.add("joined", "concat", [x, x], { axis: 2 })], { begin: [0, 1, 2, 0], size: [-1, 4, -1, 4] }),
    "two moves that are one": (builder, x) => builder.add("back", "transpose", [builder.add("forth", "transpose", [x], { permutation: [0, 3, 1, 2] })], { permutation: [0, 2, 3, 1] }),
  };

  it.each(Object.entries(between))("moves the axes of the input and the output only around %s", async (_, make) => {
    const exportCase = waves(convolutions(make));
    await expectSameOutputs(exportCase);
    const { graph } = decodeModel(writeOnnx(exportCase.model), "model.onnx");
    expect(graph.nodes.filter(({ opType }) => opType === "Transpose").map(({ name }) => name)).toEqual(["images/channels_first", "second"]);
  });

  it("moves them for what is over the last axis, and for a sum that would end in another order", async () => {
    await expectSameOutputs(waves(convolutions((builder, x) => builder.add("soft", "softmax", [x], {}))));
    await expectSameOutputs(waves(convolutions((builder, x) => builder.add("wide", "add", [x, builder.add("rows", "reshape", [builder.add("sum", "sum", [x], { axes: [1], keepDims: false })], { shape: [-1, 1, 5, 4] })], {}))));
  });

  it("names outputs as the graph does, whatever else has their names", async () => {
    const builder = new GraphBuilder();
    const images = builder.input("images", [null, 6, 5, 3], "float32");
    const conv = builder.add("conv", "conv2d", [images, builder.parameter("a", [3, 3, 3, 4])], sliding);
    const graph = builder.build([builder.add("relu", "relu", [conv], {}), conv, images]);
    const exportCase = waves(graph);
    await expectSameOutputs(exportCase);
    expect(decodeModel(writeOnnx(exportCase.model), "model.onnx").graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["relu", ["batch", 6, 5, 4]],
      ["conv", ["batch", 6, 5, 4]],
      ["images_1", ["batch", 6, 5, 3]],
    ]);
  });

  it("says which node needs a fixed size", () => {
    const builder = new GraphBuilder();
    const x = builder.input("images", [null, null, null, 3], "float32");
    const graph = builder.build([builder.add("block/conv", "conv2d", [x, builder.parameter("a", [3, 3, 3, 4])], { strides: [2, 2], dilations: [2, 2], padding: "same" })]);
    expect(() => writeOnnx(waves(graph).model)).toThrow(/exporting node "block\/conv": its input has the shape \[\?, 3, \?, \?\]/);
  });
});
