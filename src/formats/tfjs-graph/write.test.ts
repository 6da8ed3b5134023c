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
const binary = <Op extends "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum" | "power">(want: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): OpCase<Op> => ({
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

const near1 = x.mul(0.2);
const places = (values: readonly number[], shape: number[]): tf.Tensor => tf.tensor([...values], shape, "int32");

/** x [2, 5, 6] in two heads, turned as complex numbers are, by positions 0 .. 9. */
function turned(input: tf.Tensor): tf.Tensor {
  const angles = tf.range(0, 10).reshape([10, 1]).mul(tf.tensor2d([[1, 0.5, 0.1]])).reshape([2, 5, 1, 3]);
  const halves = input.reshape([2, 5, 1, 2, 3]);
  const [re, im] = [halves.gather([0], 3).reshape([2, 5, 1, 3]), halves.gather([1], 3).reshape([2, 5, 1, 3])];
  const [c, s] = [tf.cos(angles), tf.sin(angles)];
  return tf.concat([re.mul(c).sub(im.mul(s)), re.mul(s).add(im.mul(c))], 3).reshape([2, 5, 6]);
}

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
  convTranspose2d: {
    attributes: { strides: [2, 3], dilations: [1, 1], padding: [[1, 0], [1, 1]], outputPadding: [1, 2] },
    inputs: [image, wave([3, 4, 2, 3])],
    parametersFrom: 1,
    // (7 - 1) * 2 + 3 and (8 - 1) * 3 + 4, with what the output padding adds, less the padding.
    want: (a, kernel) => tf.conv2dTranspose(tf.pad(a as tf.Tensor4D, [[0, 0], [0, 1], [0, 1], [0, 0]]), kernel as tf.Tensor4D, [2, 17, 28, 2], [2, 3], "valid").slice([0, 1, 1, 0], [2, 15, 25, 2]),
  },
  matMul: {
    attributes: { transposeA: false, transposeB: true },
    inputs: [x, wave([4, 6])],
    parametersFrom: 1,
    want: (a, b) => tf.matMul(a.reshape([10, 6]), b as tf.Tensor2D, false, true).reshape([2, 5, 4]),
  },
  embedding: { attributes: {}, inputs: [wave([6, 4]), ids], parametersFrom: 0, want: (table, indices) => tf.gather(table, indices) },
  attention: { attributes: { heads: 3, scale: 0.7 }, inputs: [x, wave([2, 5, 6], { phase: 1 }), wave([2, 5, 6], { phase: 2 }), mask], want: (query, key, value) => attended(query, key, value) },
  rotaryEmbedding: { attributes: { heads: 1, frequencies: [1, 0.5, 0.1] }, inputs: [x, places([...Array(10).keys()], [2, 5])], want: turned },
  batchNorm: {
    attributes: { epsilon: 0.01, momentum: 0.9 },
    inputs: [image, wave([3]), wave([3], { phase: 1 }), wave([3], { phase: 2 }), wave([3]).square().add(1)],
    parametersFrom: 1,
    want: (a, gamma, beta, mean, variance) => a.sub(mean).div((variance).add(0.01).sqrt()).mul(gamma).add(beta),
  },
  layerNorm: { attributes: { epsilon: 0.01 }, inputs: [x, wave([6]), wave([6], { phase: 1 })], parametersFrom: 1, want: (a, gamma, beta) => norm(a).mul(gamma).add(beta) },
  rmsNorm: { attributes: { epsilon: 0.01 }, inputs: [x, wave([6])], parametersFrom: 1, want: (a, gamma) => a.div(a.square().mean(-1, true).add(0.01).sqrt()).mul(gamma) },
  l2Normalize: unary({ epsilon: 2 }, (a) => a.div(a.square().sum(-1, true).maximum(2).sqrt())),
  dropout: unary({ rate: 0.5 }, (a) => a),
  add: binary((a, b) => a.add(b)),
  subtract: binary((a, b) => a.sub(b)),
  multiply: binary((a, b) => a.mul(b)),
  divide: binary((a, b) => a.div(b)),
  maximum: binary((a, b) => a.maximum(b)),
  minimum: binary((a, b) => a.minimum(b)),
  power: { ...binary<"power">((a, b) => tf.exp(tf.log(a).mul(b))), inputs: [x.abs(), wave([2, 1, 6], { phase: 1 })] },
  modulo: { attributes: { truncated: true }, inputs: [x, wave([2, 1, 6], { phase: 1 }).mul(0.3)], want: (a, b) => a.sub(tf.sign(a.div(b)).mul(tf.floor(tf.abs(a.div(b)))).mul(b)) },
  compare: { attributes: { relation: "lessEqual" }, inputs: [x.round(), wave([2, 1, 6]).round()], want: (a, b) => tf.step(b.sub(a).add(0.5)).toInt() },
  select: { attributes: {}, inputs: [ids.expandDims(2), x, wave([1, 5, 1])], want: (condition, a, b) => condition.minimum(1).toFloat().mul(a.sub(b)).add(b) },
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
  abs: unary({}, (a) => a.maximum(a.neg())),
  sign: unary({}, (a) => tf.step(a).sub(tf.step(a.neg()))),
  log: unary({}, (a) => tf.log1p(a.sub(1)), x.abs().add(0.1)),
  sin: unary({}, (a) => tf.cos(a.sub(Math.PI / 2))),
  cos: unary({}, (a) => tf.sin(a.add(Math.PI / 2))),
  tan: unary({}, (a) => tf.sin(a).div(tf.cos(a)), near1),
  asin: unary({}, (a) => tf.atan(a.div(tf.sqrt(tf.scalar(1).sub(a.square())))), near1),
  acos: unary({}, (a) => tf.scalar(Math.PI / 2).sub(tf.atan(a.div(tf.sqrt(tf.scalar(1).sub(a.square()))))), near1),
  atan: unary({}, (a) => tf.atan2(a, tf.onesLike(a))),
  sinh: unary({}, (a) => a.exp().sub(a.neg().exp()).div(2)),
  cosh: unary({}, (a) => a.exp().add(a.neg().exp()).div(2)),
  asinh: unary({}, (a) => a.add(a.square().add(1).sqrt()).log()),
  acosh: unary({}, (a) => a.add(a.square().sub(1).sqrt()).log(), x.abs().add(1.1)),
  atanh: unary({}, (a) => a.add(1).div(tf.scalar(1).sub(a)).log().div(2), near1),
  erf: unary({}, (a) => tf.erf(a)),
  floor: unary({}, (a) => a.sub(tf.mod(a, 1))),
  ceil: unary({}, (a) => a.add(tf.mod(a.neg(), 1))),
  round: unary({}, (a) => tf.floor(a.add(0.5))),
  fakeQuantize: unary({ scale: 0.25, zeroPoint: 3, min: -5, max: 8 }, (a) => tf.round(a.mul(4)).clipByValue(-8, 5).div(4)),
  mean: unary({ axes: [1], keepDims: true }, (a) => a.mean(1, true)),
  sum: unary({ axes: [-1], keepDims: false }, (a) => a.sum(2)),
  max: unary({ axes: [1, 2], keepDims: false }, (a) => a.max([1, 2])),
  min: unary({ axes: [1], keepDims: true }, (a) => a.neg().max(1, true).neg()),
  product: unary({ axes: [2], keepDims: false }, (a) => a.log().sum(2).exp(), x.abs().mul(0.3).add(0.5)),
  argMax: unary({ axis: -1, keepDims: true, of: "min" }, (a) => tf.argMax(a.neg(), 2).expandDims(2)),
  topKIndices: unary({ k: 2, largest: false }, (a) => tf.stack([tf.argMin(a, 2), tf.argMin(a.add(tf.oneHot(tf.argMin(a, 2), 6).toFloat().mul(1e6)), 2)], 2)),
  cumulativeSum: unary({ axis: -1, exclusive: true, reverse: false }, (a) => tf.matMul<tf.Tensor>(a.reshape([10, 6]), tf.linalg.bandPart(tf.ones([6, 6]), 0, -1).sub(tf.eye(6))).reshape([2, 5, 6])),
  maxPool2d: unary({ poolSize: [3, 2], strides: [2, 2], padding: [[1, 0], [1, 1]] }, pooled((a) => tf.maxPool(a, [3, 2], 2, "valid"), -100), image.sub(5)),
  averagePool2d: unary({ poolSize: [2, 3], strides: [2, 1], padding: "same" }, (a) => tf.avgPool(a as tf.Tensor4D, [2, 3], [2, 1], "same"), image),
  reshape: unary({ shape: [-1, 3, 10] }, (a) => a.reshape([2, 3, 10])),
  transpose: unary({ permutation: [0, 2, 1] }, (a) => tf.transpose(a, [0, 2, 1])),
  concat: { attributes: { axis: -1 }, inputs: [x, wave([2, 5, 2]), x], want: (...all) => tf.concat(all, 2) },
  slice: unary({ begin: [0, 1, 2], size: [-1, 3, -1] }, (a) => a.slice([0, 1, 2], [2, 3, 4])),
  stridedSlice: unary({ begin: [0, -4, 1], end: [null, null, 6], strides: [1, 2, 3] }, (a) => a.gather([1, 3], 1).gather([1, 4], 2)),
  reverse: unary({ axes: [1] }, (a) => a.gather([4, 3, 2, 1, 0], 1)),
  tile: unary({ repeats: [1, 2, 1] }, (a) => tf.concat([a, a], 1)),
  broadcastTo: unary({ shape: [3, -1, 5, -1] }, (a) => tf.stack(Array<tf.Tensor>(3).fill(tf.concat([a, a, a, a, a], 1))), wave([2, 1, 6])),
  broadcastLike: { attributes: { axes: [0] }, inputs: [wave([1, 1, 6]), ids], parametersFrom: 0, want: (a) => tf.concat([a, a], 0) },
  pad: unary({ paddings: [[0, 0], [1, 2], [0, 3]] }, (a) => tf.pad(a, [[0, 0], [1, 2], [0, 3]])),
  resize2d: unary({ height: 5, width: 9, method: "bilinear", alignCorners: false, halfPixelCenters: true }, (a) => tf.image.resizeBilinear(a as tf.Tensor4D, [5, 9], false, true), image),
  cast: unary({ dtype: "int32" }, (a) => tf.cast(a, "int32")),
  gather: { attributes: { axis: -1 }, inputs: [x, places([5, -1, 0, -6], [2, 2])], want: (a) => a.gather(tf.tensor2d([[5, 5], [0, 0]], [2, 2], "int32"), 2) },
  gatherElements: { attributes: { axis: 1 }, inputs: [wave([2, 3, 2]), places([0, -1, 2, 1, 1, 1, -3, 2], [2, 2, 2])], want: (a) => a.flatten().gather([0, 5, 4, 3, 8, 9, 6, 11]).reshape([2, 2, 2]) },
  gatherNd: { attributes: { batchDims: 1 }, inputs: [x, places([4, -1, 0, 2, -5, 0], [2, 3, 1])], want: (a) => a.reshape([10, 6]).gather([4, 4, 0, 7, 5, 5]).reshape([2, 3, 6]) },
  scatterElements: {
    attributes: { axis: -1, reduction: "add" },
    inputs: [wave([2, 4]), places([0, -1, 0, 2, 2, 1], [2, 3]), wave([2, 3], { phase: 2 })],
    want: (a, _, updates) => a.add(tf.oneHot(tf.tensor1d([0, 3, 0, 6, 6, 5], "int32"), 8).toFloat().mul(updates.reshape([6, 1])).sum(0).reshape([2, 4])),
  },
  scatterNd: {
    attributes: { reduction: "none" },
    inputs: [wave([4, 3]), places([2, -4], [2, 1]), wave([2, 3], { phase: 2 })],
    parametersFrom: 0,
    want: (a, _, updates) => tf.concat([updates.slice([1, 0], [1, 3]), a.slice([1, 0], [1, 3]), updates.slice([0, 0], [1, 3]), a.slice([3, 0], [1, 3])]),
  },
  oneHot: unary({ depth: 4, axis: 1 }, (a) => tf.stack([0, 1, 2, 3].map((each) => tf.equal(a, each).toFloat()), 1), ids),
  paddingMask: unary({ paddingId: 0 }, (a) => tf.cast(tf.greater(a, 0), "float32"), ids),
  positionIds: unary({ offset: 7, paddingId: 0 }, () => places([1, 0, 2, 0, 3, 1, 2, 3, 0, 0], [2, 5]), ids),
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

/** One more case of an op, with its own types. */
function variant<Op extends OpName>(op: Op, opCase: OpCase<Op>): { readonly what: string; readonly computed: () => ReturnType<typeof run> } {
  return { what: `${op} ${JSON.stringify(opCase.attributes)}`, computed: () => run(op, opCase) };
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

  it("writes what attributes choose", async () => {
    const chosen = [
      variant("positionIds", unary({ offset: 7 }, () => places([7, 8, 9, 10, 11, 7, 8, 9, 10, 11], [2, 5]), ids)),
      variant("pad", unary({ paddings: [[0, 0], [1, 0], [0, 2]], mode: "reflect" }, (a) => a.gather([1, 0, 1, 2, 3, 4], 1).gather([0, 1, 2, 3, 4, 5, 4, 3], 2))),
      variant("pad", unary({ paddings: [[0, 0], [1, 0], [1, 2]], mode: "edge" }, (a) => a.gather([0, 0, 1, 2, 3, 4], 1).gather([0, 0, 1, 2, 3, 4, 5, 5, 5], 2))),
      variant("pad", unary({ paddings: [[0, 0], [1, 0], [0, 2]], value: 3 }, (a) => tf.pad(a, [[0, 0], [1, 0], [0, 2]], 3))),
      variant("modulo", { attributes: { truncated: false }, inputs: [x, tf.tensor1d([-0.7])], want: (a) => a.sub(tf.floor(a.div(-0.7)).mul(-0.7)) }),
      variant("argMax", unary({ axis: 1, keepDims: false, of: "max" }, (a) => tf.argMax(a, 1))),
      variant("topKIndices", unary({ k: 1, largest: true }, (a) => tf.argMax(a, 2).expandDims(2))),
      variant("gatherNd", { attributes: { batchDims: 0 }, inputs: [wave([4, 3]), places([1, 2, -1, 0], [2, 2])], parametersFrom: 0, want: (a) => a.flatten().gather([5, 9]) }),
      variant("scatterNd", { attributes: { reduction: "add" }, inputs: [wave([4, 3]), places([2, 2], [2, 1]), wave([2, 3], { phase: 2 })], parametersFrom: 0, want: (a, _, updates) => a.add(tf.pad(updates.sum(0, true), [[2, 1], [0, 0]])) }),
      variant("oneHot", unary({ depth: 4 }, (a) => tf.oneHot(a as tf.Tensor2D, 4), ids)),
      variant("broadcastTo", { ...unary({ shape: [4, 5, 6] }, (a) => tf.tile(a, [4, 1, 1]), wave([1, 5, 6])), parametersFrom: 0 }),
      variant("averagePool2d", unary({ poolSize: [3, 3], strides: [2, 2], padding: "same", countPadding: true }, (a) => tf.avgPool(tf.pad(a as tf.Tensor4D, [[0, 0], [1, 1], [0, 1], [0, 0]]), 3, 2, "valid"), image)),
      variant("conv2d", {
        attributes: { strides: [1, 1], dilations: [1, 1], padding: "same", groups: 2 },
        inputs: [wave([2, 4, 5, 4]), wave([3, 3, 2, 6])],
        parametersFrom: 1,
        want: (a, kernel) => tf.concat([0, 1].map((group) => tf.conv2d(a.slice([0, 0, 0, group * 2], [-1, -1, -1, 2]) as tf.Tensor4D, kernel.slice([0, 0, 0, group * 3], [-1, -1, -1, 3]) as tf.Tensor4D, 1, "same")), 3),
      }),
      variant("conv2d", {
        attributes: { strides: [1, 1], dilations: [1, 1], padding: "same", groups: 3 },
        inputs: [image, wave([3, 3, 1, 6])],
        parametersFrom: 1,
        want: (a, kernel) => tf.depthwiseConv2d(a as tf.Tensor4D, kernel.as4D(3, 3, 3, 2), 1, "same"),
      }),
      variant("convTranspose2d", {
        attributes: { strides: [2, 2], dilations: [1, 1], padding: "same", outputPadding: [0, 0] },
        inputs: [image, wave([3, 3, 2, 3])],
        parametersFrom: 1,
        want: (a, kernel) => tf.conv2dTranspose(a as tf.Tensor4D, kernel as tf.Tensor4D, [2, 14, 16, 2], 2, "same"),
      }),
      variant("attention", {
        attributes: { heads: 3, keyValueHeads: 1, scale: 0.7 },
        inputs: [x, wave([2, 5, 2], { phase: 1 }), wave([2, 5, 2], { phase: 2 }), mask],
        want: (query, key, value) => attended(query, tf.concat([key, key, key], 2), tf.concat([value, value, value], 2)),
      }),
    ];
    for (const { what, computed } of chosen) {
      const { got, want } = await computed();
      expect(maxDifference(got, want), what).toBeLessThan(2e-5);
    }
  });

  it("says what TensorFlow.js has no words for", () => {
    const builder = new GraphBuilder();
    builder.input("x", [4], "float32");
    builder.input("at", [2], "int32");
    builder.input("by", [2], "float32");
    builder.add("block/scatter", "scatterElements", ["x", "at", "by"], { axis: 0, reduction: "max" });
    expect(() => writeTfjsGraph({ graph: builder.build(["block/scatter"]), weights: new Map() })).toThrow(/exporting node "block\/scatter": it scatters by max/);
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
