/** Eight bits: how far a weight moves, what a file says of it, and that plain TensorFlow.js computes with the very same weights. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder } from "../graph/builder.ts";
import type { Model } from "../graph/types.ts";
import { dequantised, int8Tensors, quantise, scaledGraph, valuesFromInt8 } from "./quantise.ts";
import { readSafetensors } from "./safetensors/read.ts";
import { writeSafetensors } from "./safetensors/write.ts";
import { loadGraphModel, maxDifference, runWritten, waveWeights } from "./testing/plain-tfjs.ts";
import { writeTfjsGraph } from "./tfjs-graph/write.ts";

const window = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/** Every kind of kernel, above and below the size that is quantised; channels of very different scale. */
function imageModel(): Model {
  const builder = new GraphBuilder();
  let x = builder.input("images", [null, 6, 6, 8], "float32");
  x = builder.add("conv/out", "conv2d", [x, builder.parameter("conv/kernel", [3, 3, 8, 64])], window);
  x = builder.add("depthwise/out", "depthwiseConv2d", [x, builder.parameter("depthwise/kernel", [5, 5, 64, 1])], window);
  x = builder.add("pool", "mean", [x], { axes: [1, 2], keepDims: false });
  x = builder.add("dense/out", "matMul", [x, builder.parameter("dense/kernel", [64, 20])], { transposeA: false, transposeB: false });
  x = builder.add("linear/out", "matMul", [x, builder.parameter("linear/weight", [60, 20])], { transposeA: false, transposeB: true });
  x = builder.add("biased", "add", [x, builder.parameter("linear/bias", [60])], {});
  const graph = builder.build([builder.add("small/out", "matMul", [x, builder.parameter("small/kernel", [60, 17])], { transposeA: false, transposeB: false })]);
  const weights = waveWeights(graph);
  for (const [name, values] of weights) weights.set(name, values.map((value, i) => value * (1 + (i % 7)) * (name === "conv/kernel" && i % 64 === 3 ? 0 : 1)));
  return { graph, weights };
}

/** A table that is the last kernel as well, as GPT-2 ties them. */
function textModel(): Model {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, 4], "int32");
  const table = builder.parameter("table", [90, 16]);
  const rows = builder.add("rows", "embedding", [table, ids], {});
  const graph = builder.build([builder.add("logits", "matMul", [rows, table], { transposeA: false, transposeB: true })]);
  return { graph, weights: waveWeights(graph) };
}

describe("quantise", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("takes kernels and tables of 1,024 elements and more, with one scale for each output channel", () => {
    const scales = [...quantise(imageModel())].map(([name, { scaleShape }]) => [name, scaleShape]);
    expect(scales).toEqual([["conv/kernel", [1, 1, 1, 64]], ["depthwise/kernel", [1, 1, 64, 1]], ["dense/kernel", [1, 20]], ["linear/weight", [60, 1]]]);
    expect([...quantise(textModel())].map(([name, { scaleShape }]) => [name, scaleShape])).toEqual([["table", [90, 1]]]);
  });

  it("leaves a parameter alone whose readers do not agree on its channels", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [null, 40], "float32");
    const kernel = builder.parameter("kernel", [40, 40]);
    const first = builder.add("first", "matMul", [x, kernel], { transposeA: false, transposeB: false });
    const graph = builder.build([builder.add("second", "matMul", [first, kernel], { transposeA: false, transposeB: true })]);
    expect(quantise({ graph, weights: waveWeights(graph) }).size).toBe(0);
  });

  it("moves no weight by more than half a step of its channel, and reaches the largest", () => {
    const model = imageModel();
    const quantised = quantise(model);
    const restored = dequantised(model.weights, quantised);
    const [want, got] = [model.weights, restored].map((weights) => weights.get("conv/kernel") as Float32Array) as [Float32Array, Float32Array];
    const { scale, values } = quantised.get("conv/kernel") ?? { scale: [], values: [] };
    want.forEach((value, i) => expect(Math.abs(value - (got[i] as number))).toBeLessThanOrEqual((scale[i % 64] as number) / 2 + 1e-6));
    for (let channel = 0; channel < 64; channel++) {
      const largest = Math.max(...Array.from(values).filter((_, i) => i % 64 === channel).map(Math.abs));
      expect(largest, `channel ${channel}`).toBe(channel === 3 ? 0 : 127);
    }
    expect(new Set(scale).size).toBeGreaterThan(10);
    expect(restored.get("linear/bias")).toBe(model.weights.get("linear/bias"));
  });

  it.each([
    ["an image model", imageModel, () => tf.tensor4d(Array.from({ length: 576 }, (_, i) => Math.sin(i)), [2, 6, 6, 8])],
    ["a text model", textModel, () => tf.tensor2d([5, 0, 89, 7, 1, 2, 3, 4], [2, 4], "int32")],
  ] as const)("comes back from safetensors and from TensorFlow.js as the same weights, of %s", async (_, make, input) => {
    const model = make();
    const quantised = quantise(model);
    const restored = { graph: model.graph, weights: dequantised(model.weights, quantised) };
    const { tensors } = readSafetensors(writeSafetensors(int8Tensors(model, quantised)));
    for (const parameter of model.graph.parameters) expect(valuesFromInt8(tensors, parameter), parameter.name).toEqual(restored.weights.get(parameter.name));

    const inputs = { [model.graph.inputs[0]?.name as string]: input() };
    const want = await runWritten(restored, inputs);
    const written = writeTfjsGraph(scaledGraph(model, quantised), { int8: new Set(quantised.keys()) });
    const got = (await loadGraphModel(written)).predict(inputs) as tf.Tensor;
    const largest = want.abs().max().dataSync()[0] as number;
    expect(maxDifference(got, want) / largest).toBeLessThan(1e-5);
    // And it is not the weights before that came back.
    expect(maxDifference(got, await runWritten(model, inputs)) / largest).toBeGreaterThan(1e-4);
    expect(written.weightData.byteLength).toBeLessThan(0.45 * writeTfjsGraph(model).weightData.byteLength);
  });

  it("refuses a scale that does not fit", () => {
    const model = textModel();
    const tensors = new Map(readSafetensors(writeSafetensors(int8Tensors(model, quantise(model)))).tensors);
    tensors.set("table.scale", { shape: [16, 1], values: new Float32Array(16) });
    expect(valuesFromInt8(tensors, { name: "table", shape: [90, 16], dtype: "float32", role: "weight" })).toBeUndefined();
  });
});
