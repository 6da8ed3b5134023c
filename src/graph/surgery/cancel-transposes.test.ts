/** Each op that a transpose is pushed through gives the same values behind it; what cannot be pushed keeps its transpose. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { tf } from "../../engine/tf.ts";
import { GraphBuilder } from "../builder.ts";
import { inferShapes } from "../shapes.ts";
import type { Model, OpAttributes, OpName } from "../types.ts";
import { cancelTransposes, countTransposes } from "./cancel-transposes.ts";

beforeAll(() => useBackend("cpu", { wasmPath: "" }));

const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];
const wave = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(0.7 * i) + i / 50);

class Writer {
  readonly builder = new GraphBuilder();
  readonly weights = new Map<string, Float32Array>();
  private count = 0;

  /** An image [batch, 2, 3, channels], and it with its channels first. */
  readonly image = this.builder.input("x", [null, 2, 3, 4], "float32");
  readonly first = this.add("transpose", [this.image], { permutation: toFirst });

  add<Op extends OpName>(op: Op, inputs: readonly string[], attributes: OpAttributes[Op]): string {
    return this.builder.add(`${op}_${this.count++}`, op, inputs, attributes);
  }

  parameter(name: string, shape: readonly number[]): string {
    this.weights.set(name, wave(shape.reduce((a, b) => a * b, 1)));
    return this.builder.parameter(name, shape);
  }

  last(x: string): string {
    return this.add("transpose", [x], { permutation: toLast });
  }

  model(...outputs: readonly string[]): Model {
    return { graph: this.builder.build(outputs), weights: this.weights };
  }
}

function run({ graph, weights }: Model, isTurned = false): readonly { shape: readonly number[]; values: readonly number[] }[] {
  return tf.tidy(() => {
    const x = tf.tensor(wave(48), [2, 2, 3, 4]);
    const values = new Map<string, tf.Tensor>([["x", isTurned ? tf.transpose(x, toLast) : x], ...graph.parameters.map(({ name, shape }) => [name, tf.tensor(weights.get(name) as Float32Array, [...shape])] as const)]);
    const results = execute(graph, values);
    return graph.outputs.map((name) => results.get(name) as tf.Tensor).map((tensor) => ({ shape: tensor.shape, values: [...tensor.dataSync()] }));
  });
}

/** What a model does with an image whose channels are first, turned back where it is still one; how many transposes are left. */
const cases: readonly (readonly [string, (w: Writer) => string, number])[] = [
  ["relu", (w) => w.last(w.add("relu", [w.first], {})), 0],
  ["a sum with another", (w) => w.last(w.add("add", [w.add("relu", [w.first], {}), w.first], {})), 0],
  ["a parameter [channels, 1, 1]", (w) => w.last(w.add("multiply", [w.parameter("scale", [4, 1, 1]), w.first], {})), 0],
  ["a parameter of all axes", (w) => w.last(w.add("add", [w.first, w.parameter("offset", [1, 4, 2, 3])], {})), 0],
  ["a vector beside the last axis", (w) => w.last(w.add("add", [w.first, w.parameter("row", [3])], {})), 0],
  ["a reshaped vector", (w) => w.last(w.add("multiply", [w.first, w.add("reshape", [w.parameter("v", [4])], { shape: [4, 1, 1] })], {})), 0],
  ["a constant", (w) => w.last(w.add("subtract", [w.first, w.add("constant", [], { shape: [4, 1, 1], values: [1, 2, 3, 4], dtype: "float32" })], {})), 0],
  ["a choice", (w) => w.last(w.add("select", [w.add("compare", [w.first, w.add("constant", [], { shape: [], values: [0.5], dtype: "float32" })], { relation: "greater" }), w.first, w.add("constant", [], { shape: [], values: [0], dtype: "float32" })], {})), 0],
  ["concat", (w) => w.last(w.add("concat", [w.first, w.add("relu", [w.first], {})], { axis: 1 })), 0],
  ["concat, axis from the end, with a parameter", (w) => w.last(w.add("concat", [w.add("slice", [w.first], { begin: [0, 0, 0, 0], size: [1, -1, -1, -1] }), w.parameter("p", [1, 4, 2, 2])], { axis: -1 })), 0],
  ["slice", (w) => w.last(w.add("slice", [w.first], { begin: [0, 1, 0, 1], size: [-1, 2, -1, 2] })), 0],
  ["strided slice", (w) => w.last(w.add("stridedSlice", [w.first], { begin: [0, 1, 0, 0], end: [null, 4, null, null], strides: [1, 2, 1, 2] })), 0],
  ["pad", (w) => w.last(w.add("pad", [w.first], { paddings: [[0, 0], [1, 0], [0, 2], [3, 0]], value: 2 })), 0],
  ["reverse", (w) => w.last(w.add("reverse", [w.first], { axes: [1, -1] })), 0],
  ["tile", (w) => w.last(w.add("tile", [w.first], { repeats: [1, 2, 1, 3] })), 0],
  ["running sums", (w) => w.last(w.add("cumulativeSum", [w.first], { axis: 1, exclusive: false, reverse: true })), 0],
  ["mean of pixels", (w) => w.add("mean", [w.first], { axes: [2, 3], keepDims: false }), 0],
  ["mean of channels, which leaves an image", (w) => w.add("mean", [w.first], { axes: [-3], keepDims: false }), 0],
  ["mean of rows, whose other axes are still turned", (w) => w.add("mean", [w.first], { axes: [2], keepDims: false }), 1],
  ["largest channel", (w) => w.add("argMax", [w.first], { axis: 1, keepDims: false, of: "max" }), 0],
  ["mean of pixels, kept, then flattened", (w) => w.add("reshape", [w.add("mean", [w.first], { axes: [2, 3], keepDims: true })], { shape: [-1, 4] }), 0],
  ["flattened for a dense layer", (w) => w.add("matMul", [w.add("reshape", [w.first], { shape: [-1, 24] }), w.parameter("dense", [24, 5])], { transposeA: false, transposeB: false }), 0],
  ["flattened for nobody", (w) => w.add("reshape", [w.first], { shape: [-1, 24] }), 1],
  ["a product with the last axes swapped", (w) => w.add("matMul", [w.image, w.add("transpose", [w.image], { permutation: [0, 1, 3, 2] })], { transposeA: false, transposeB: false }), 0],
  ["softmax over the last axis, which was another", (w) => w.last(w.add("softmax", [w.first], {})), 2],
  ["softmax over an axis that stayed last", (w) => w.add("transpose", [w.add("softmax", [w.add("transpose", [w.image], { permutation: [0, 2, 1, 3] })], {})], { permutation: [0, 2, 1, 3] }), 0],
  ["the image itself", (w) => w.first, 1],
];

describe("transposes", () => {
  it.each(cases)("through %s", (_, write, left) => {
    const writer = new Writer();
    const model = writer.model(write(writer));
    const cancelled = cancelTransposes(model);
    inferShapes(cancelled.graph);
    expect(countTransposes(cancelled.graph)).toBe(left);
    const [got] = run(cancelled);
    expect(got).toBeAllClose(run(model)[0] as { shape: readonly number[]; values: readonly number[] }, { rtol: 1e-5 });
  });

  it("leave a parameter as it is that two read", () => {
    const writer = new Writer();
    const scale = writer.parameter("scale", [4, 1, 1]);
    const model = writer.model(writer.last(writer.add("multiply", [writer.first, scale], {})), scale);
    const cancelled = cancelTransposes(model);
    expect(cancelled.graph.parameters).toEqual(model.graph.parameters);
    expect(countTransposes(cancelled.graph)).toBe(0);
    run(cancelled).forEach((got, i) => expect(got).toBeAllClose(run(model)[i] as typeof got, { rtol: 1e-5 }));
  });

  it("turn an image input where that costs none, and no other", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, 3, 8, 6], "float32");
    builder.parameter("kernel", [1, 1, 3, 2]);
    builder.add("scaled", "relu", ["x"], {});
    builder.add("last", "transpose", ["scaled"], { permutation: toLast });
    builder.add("conv", "conv2d", ["last", "kernel"], { strides: [1, 1], dilations: [1, 1], padding: "valid" });
    const model: Model = { graph: builder.build(["conv"]), weights: new Map([["kernel", wave(6)]]) };
    const { graph } = cancelTransposes(model, { turnInputs: true });
    expect(graph.inputs).toEqual([{ name: "x", shape: [null, 8, 6, 3], dtype: "float32" }]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["relu", "conv2d"]);
    expect(cancelTransposes(model).graph.inputs).toEqual(model.graph.inputs);
  });
});
