/** Every op of the graph, written, loaded by plain TensorFlow.js, and compared with the same thing said in tf.*. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/builder.ts";
import { shapeRules } from "../../graph/shape-rules.ts";
import type { Graph, OpAttributes, OpName } from "../../graph/types.ts";
import { loadGraphModel, maxDifference, runWritten, wave, waveWeights } from "../testing/plain-tfjs.ts";
import { expansions } from "./expand.ts";
import { writeTfjsGraph } from "./write.ts";

beforeAll(() => tf.setBackend("cpu"));

interface OpCase<Op extends OpName> {
  readonly attributes: OpAttributes[Op];
  readonly inputs: readonly tf.Tensor[];
  /** From this input on, floats are parameters. */
  readonly parametersFrom?: number;
  readonly want: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const x = wave([2, 5, 6], { scale: 3 });
const image = wave([2, 7, 8, 3]);
const mask = tf.tensor2d([1, 1, 1, 0, 0, 1, 0, 1, 1, 0], [2, 5]);
const ids = tf.tensor2d([3, 0, 2, 0, 1, 5, 4, 4, 0, 0], [2, 5], "int32");
const unary = <Op extends OpName>(attributes: OpAttributes[Op], want: (x: tf.Tensor) => tf.Tensor, input: tf.Tensor = x): OpCase<Op> => ({ attributes, inputs: [input], want });
const binary = <Op extends "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum">(want: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): OpCase<Op> => ({
  attributes: {},
  inputs: [x, wave([2, 1, 6], { phase: 1 }).add(2)],
  want,
});
const norm = (value: tf.Tensor): tf.Tensor => value.sub(value.mean(-1, true)).div(value.sub(value.mean(-1, true)).square().mean(-1, true).add(0.01).sqrt());

function attended(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, sees: tf.Tensor = tf.ones([5, 5])): tf.Tensor {
  const heads = [0, 1, 2].map((head) => {
    const [q, k, v] = [query, key, value].map((each) => each.slice([0, 0, head * 2], [-1, -1, 2])) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const scores = tf.matMul(q, k, false, true).mul(0.7).add(mask.expandDims(1).sub(1).mul(1e9));
    return tf.matMul(tf.softmax(scores.add(sees.sub(1).mul(4e9))), v);
  });
  return tf.concat(heads, -1);
}

function timing(): tf.Tensor {
  const rows = Array.from({ length: 5 }, (_, t) => [t, t * 0.01, t * 0.0001].flatMap((angle) => [Math.sin(angle), Math.cos(angle)]));
  // Sines first, cosines after.
  return tf.tensor2d(rows).gather([0, 2, 4, 1, 3, 5], 1).expandDims(0).mul(mask.expandDims(-1));
}

const pooled = (pool: (padded: tf.Tensor4D) => tf.Tensor, value: number): ((image: tf.Tensor) => tf.Tensor) => (input) => pool(tf.pad(input as tf.Tensor4D, [[0, 0], [1, 0], [1, 1], [0, 0]], value));

const cases: { readonly [Op in OpName]: OpCase<Op> } = {
  constant: { attributes: { shape: [6], values: [1, 2, 3, 4, 5, 6.5], dtype: "float32" }, inputs: [], want: () => tf.tensor1d([1, 2, 3, 4, 5, 6.5]) },
  conv2d: {
    attributes: { strides: [2, 1], dilations: [1, 1], padding: [[1, 0], [2, 1]] },
    inputs: [image, wave([3, 2, 3, 4])],
    parametersFrom: 1,
    want: (a, kernel) => tf.conv2d(tf.pad(a as tf.Tensor4D, [[0, 0], [1, 0], [2, 1], [0, 0]]), kernel as tf.Tensor4D, [2, 1], "valid"),
  },
  depthwiseConv2d: {
    attributes: { strides: [1, 1], dilations: [2, 1], padding: "same" },
    inputs: [image, wave([3, 3, 3, 2])],
    parametersFrom: 1,
    want: (a, kernel) => tf.depthwiseConv2d(a as tf.Tensor4D, kernel as tf.Tensor4D, 1, "same", "NHWC", [2, 1]),
  },
  matMul: {
    attributes: { transposeA: false, transposeB: true },
    inputs: [x, wave([4, 6])],
    parametersFrom: 1,
    want: (a, b) => tf.matMul(a.reshape([10, 6]), b as tf.Tensor2D, false, true).reshape([2, 5, 4]),
  },
  embedding: { attributes: {}, inputs: [wave([6, 4]), ids], parametersFrom: 0, want: (table, indices) => tf.gather(table, indices) },
  attention: { attributes: { heads: 3, scale: 0.7 }, inputs: [x, wave([2, 5, 6], { phase: 1 }), wave([2, 5, 6], { phase: 2 }), mask], want: (query, key, value) => attended(query, key, value) },
  batchNorm: {
    attributes: { epsilon: 0.01, momentum: 0.9 },
    inputs: [image, wave([3]), wave([3], { phase: 1 }), wave([3], { phase: 2 }), wave([3]).square().add(1)],
    parametersFrom: 1,
    want: (a, gamma, beta, mean, variance) => a.sub(mean).div((variance).add(0.01).sqrt()).mul(gamma).add(beta),
  },
  layerNorm: { attributes: { epsilon: 0.01 }, inputs: [x, wave([6]), wave([6], { phase: 1 })], parametersFrom: 1, want: (a, gamma, beta) => norm(a).mul(gamma).add(beta) },
  l2Normalize: unary({ epsilon: 2 }, (a) => a.div(a.square().sum(-1, true).maximum(2).sqrt())),
  dropout: unary({ rate: 0.5 }, (a) => a),
  add: binary((a, b) => a.add(b)),
  subtract: binary((a, b) => a.sub(b)),
  multiply: binary((a, b) => a.mul(b)),
  divide: binary((a, b) => a.div(b)),
  maximum: binary((a, b) => a.maximum(b)),
  minimum: binary((a, b) => a.minimum(b)),
  relu: unary({}, (a) => a.maximum(0)),
  relu6: unary({}, (a) => a.maximum(0).minimum(6), x.mul(3)),
  leakyRelu: unary({ alpha: 0.3 }, (a) => a.maximum(a.mul(0.3))),
  elu: unary({}, (a) => tf.elu(a)),
  sigmoid: unary({}, (a) => tf.scalar(1).div(a.neg().exp().add(1))),
  hardSigmoid: unary({}, (a) => a.add(3).div(6).maximum(0).minimum(1), x.mul(2)),
  tanh: unary({}, (a) => tf.tanh(a)),
  silu: unary({}, (a) => a.mul(tf.sigmoid(a))),
  gelu: unary({ approximate: false }, (a) => a.mul(tf.erf(a.div(Math.SQRT2)).add(1)).mul(0.5)),
  softmax: unary({}, (a) => a.exp().div(a.exp().sum(-1, true))),
  softplus: unary({}, (a) => a.exp().add(1).log()),
  exp: unary({}, (a) => a.exp()),
  sqrt: unary({}, (a) => a.sqrt(), x.abs()),
  square: unary({}, (a) => a.mul(a)),
  negate: unary({}, (a) => tf.scalar(0).sub(a)),
  mean: unary({ axes: [1], keepDims: true }, (a) => a.mean(1, true)),
  sum: unary({ axes: [-1], keepDims: false }, (a) => a.sum(2)),
  max: unary({ axes: [1, 2], keepDims: false }, (a) => a.max([1, 2])),
  maxPool2d: unary({ poolSize: [3, 2], strides: [2, 2], padding: [[1, 0], [1, 1]] }, pooled((a) => tf.maxPool(a, [3, 2], 2, "valid"), -100), image.sub(5)),
  averagePool2d: unary({ poolSize: [2, 3], strides: [2, 1], padding: "same" }, (a) => tf.avgPool(a as tf.Tensor4D, [2, 3], [2, 1], "same"), image),
  reshape: unary({ shape: [-1, 3, 10] }, (a) => a.reshape([2, 3, 10])),
  transpose: unary({ permutation: [0, 2, 1] }, (a) => tf.transpose(a, [0, 2, 1])),
  concat: { attributes: { axis: -1 }, inputs: [x, wave([2, 5, 2]), x], want: (...all) => tf.concat(all, 2) },
  slice: unary({ begin: [0, 1, 2], size: [-1, 3, -1] }, (a) => a.slice([0, 1, 2], [2, 3, 4])),
  pad: unary({ paddings: [[0, 0], [1, 2], [0, 3]] }, (a) => tf.pad(a, [[0, 0], [1, 2], [0, 3]])),
  resize2d: unary({ height: 5, width: 9, method: "bilinear", alignCorners: false, halfPixelCenters: true }, (a) => tf.image.resizeBilinear(a as tf.Tensor4D, [5, 9], false, true), image),
  cast: unary({ dtype: "int32" }, (a) => tf.cast(a, "int32")),
  paddingMask: unary({ paddingId: 0 }, (a) => tf.cast(tf.greater(a, 0), "float32"), ids),
  addTimingSignal: { attributes: { minTimescale: 1, maxTimescale: 10000 }, inputs: [x, mask], want: (a) => a.add(timing()) },
  maskedMean: { attributes: {}, inputs: [x, mask], want: (a) => a.mul(mask.expandDims(-1)).sum(1).div(mask.sum(1, true)) },
};

/** A graph of one node, its feeds and what it should give. */
async function run<Op extends OpName>(op: Op, { attributes, inputs, parametersFrom = Infinity, want }: OpCase<Op>): Promise<{ readonly got: tf.Tensor; readonly want: tf.Tensor }> {
  const builder = new GraphBuilder();
  const weights = new Map<string, Float32Array>();
  const feeds: Record<string, tf.Tensor> = {};
  const names = inputs.map((tensor, i) => {
    const name = `in${i}`;
    if (i >= parametersFrom && tensor.dtype === "float32") {
      weights.set(name, tensor.dataSync().slice() as Float32Array);
      return builder.parameter(name, tensor.shape);
    }
    feeds[name] = tensor;
    return builder.input(name, [null, ...tensor.shape.slice(1)], tensor.dtype === "int32" ? "int32" : "float32");
  });
  builder.add(`block/${op}`, op, names, attributes);
  const got = await runWritten({ graph: builder.build([`block/${op}`]), weights }, feeds);
  return { got, want: want(...inputs) };
}

describe("a written graph model", () => {
  it.each(Object.keys(shapeRules) as OpName[])("computes %s as plain TensorFlow.js does", async (op) => {
    const { got, want } = await run(op, cases[op] as never);
    expect(maxDifference(got, want)).toBeLessThan(2e-5);
  });

  it("covers every op", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(expansions).sort());
  });

  it("leaves the padding of an average out of the average", async () => {
    const { got } = await run("averagePool2d", { attributes: { poolSize: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 1]] }, inputs: [tf.ones([1, 5, 5, 2])], want: (a) => a });
    expect(maxDifference(got, tf.ones([1, 3, 3, 2]))).toBeLessThan(1e-6);
  });

  it("approximates gelu by tanh where asked", async () => {
    const { got, want } = await run("gelu", unary({ approximate: true }, (a) => a.mul(0.5).mul(a.add(a.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh().add(1))));
    expect(maxDifference(got, want)).toBeLessThan(1e-5);
  });

  it("keeps a causal token from those after it", async () => {
    const { attributes, inputs } = cases.attention;
    const { got, want } = await run("attention", { attributes: { ...attributes, causal: true }, inputs, want: (query, key, value) => attended(query, key, value, tf.linalg.bandPart(tf.ones([5, 5]), -1, 0)) });
    expect(maxDifference(got, want)).toBeLessThan(2e-5);
  });

  it("takes any batch size, names its inputs and outputs, and keeps the metadata", async () => {
    const graph = denseGraph();
    const written = writeTfjsGraph({ graph, weights: waveWeights(graph) }, { userDefinedMetadata: { classes: ["a", "b"] } });
    const model = await loadGraphModel(written);
    for (const batch of [1, 3]) expect((model.predict(wave([batch, 4])) as tf.Tensor).shape).toEqual([batch, 2]);
    expect(model.inputs.map(({ name, shape }) => ({ name, shape }))).toEqual([{ name: "features", shape: [-1, 4] }]);
    expect(model.outputNodes).toEqual(["head/logits"]);
    expect(written.modelJson.userDefinedMetadata).toEqual({ classes: ["a", "b"] });
  });

  it("survives names that TensorFlow reads in its own way", async () => {
    const builder = new GraphBuilder();
    builder.input("^in:0", [null, 2], "float32");
    builder.add("a:1", "relu", ["^in:0"], {});
    builder.add("a_1", "negate", ["a:1"], {});
    const got = await runWritten({ graph: builder.build(["a_1"]), weights: new Map() }, { _in_0: tf.tensor2d([[1, -2]]) });
    expect([...got.dataSync()].map((value) => value + 0)).toEqual([-1, 0]);
  });

  it("says which input needs a fixed size", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, null, 6], "float32");
    builder.input("mask", [null, null], "float32");
    builder.add("encoder/timing", "addTimingSignal", ["x", "mask"], { minTimescale: 1, maxTimescale: 1e4 });
    const model = { graph: builder.build(["encoder/timing"]), weights: new Map() };
    expect(() => writeTfjsGraph(model)).toThrow(/exporting node "encoder\/timing": its input has the shape \[\?, \?, 6\]/);
    expect(() => writeTfjsGraph(model, { inputShapes: { x: [null, 5, 6], mask: [null, 5] } })).not.toThrow();
  });
});

function denseGraph(): Graph {
  const builder = new GraphBuilder();
  builder.input("features", [null, 4], "float32");
  builder.parameter("head/kernel", [4, 2]);
  builder.parameter("head/bias", [2]);
  builder.add("head/matmul", "matMul", ["features", "head/kernel"], { transposeA: false, transposeB: false });
  builder.add("head/logits", "add", ["head/matmul", "head/bias"], {});
  return builder.build(["head/logits"]);
}
