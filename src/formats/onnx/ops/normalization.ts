/** Normalisations and matrix products with their parameters. What our batchNorm, layerNorm and rmsNorm do is theirs; the others are composed from moments. */
import type { Shape } from "../../../core/shape.ts";
import { permute } from "../host-tensor.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { moments, standardised } from "./reduce.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, axisOf, requireKnown, reshapeTo, scalar, toChannelsFirst, toChannelsLast } from "./types.ts";

function batchNorm(node: OnnxNode, r: Reading): string | void {
  const x = r.operand(node, 0);
  const epsilon = node.float("epsilon", 1e-5);
  const momentum = node.float("momentum", 0.9);
  if (node.integer("training_mode", 0) === 1) return trainedBatchNorm(node, r, x, epsilon, momentum);
  if (r.opset < 9 && node.integer("spatial", 1) === 0) throw node.refuse("it normalises every pixel for itself", "one mean and variance for each channel");
  // Copies of running statistics, which the first opsets returned, have no use here.
  const kinds = ["weight", "bias", "running_mean", "running_var"] as const;
  const same = <T>(tensor: T): T => tensor;
  const parameters = kinds.map((kind, i) => r.parameter(node, i + 1, kind, "batchNorm", same, i < 2 ? "weight" : "statistic") ?? r.operand(node, i + 1, kind));
  return toChannelsFirst(r, r.add("batchNorm", [toChannelsLast(r, x), ...parameters], { epsilon, momentum }));
}

/** Of the batch itself; the new running statistics are outputs. */
function trainedBatchNorm(node: OnnxNode, r: Reading, x: string, epsilon: number, momentum: number): void {
  const last = toChannelsLast(r, x);
  const axes = axesUpTo(r.rankOf(last) - 1);
  const { centred, mean, variance } = moments(r, last, axes);
  const normal = r.add("divide", [centred, r.add("sqrt", [scalar(r, "add", variance, epsilon)], {})], {});
  const scaled = r.add("add", [r.add("multiply", [normal, r.operand(node, 1)], {}), r.operand(node, 2, "bias")], {});
  r.bind(node, 0, toChannelsFirst(r, scaled));
  const running = (old: string, batch: string): string => {
    const flat = reshapeTo(node, r, batch, r.shapeOf(old));
    return r.add("add", [scalar(r, "multiply", old, momentum), scalar(r, "multiply", flat, 1 - momentum)], {});
  };
  r.bind(node, 1, running(r.operand(node, 3, "running_mean"), mean));
  r.bind(node, 2, running(r.operand(node, 4, "running_var"), variance));
}

/** [channels] as [channels, 1, 1, …], which is broadcast over an image. */
function overPixels(node: OnnxNode, r: Reading, vector: string, rank: number): string {
  return reshapeTo(node, r, vector, [...r.shapeOf(vector), ...axesUpTo(rank - 2).map(() => 1)]);
}

function scaleAndShift(node: OnnxNode, r: Reading, x: string): string {
  const rank = r.rankOf(x);
  return r.add("add", [r.add("multiply", [x, overPixels(node, r, r.operand(node, 1), rank)], {}), overPixels(node, r, r.operand(node, 2, "bias"), rank)], {});
}

function instanceNorm(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  return scaleAndShift(node, r, standardised(r, x, axesUpTo(r.rankOf(x)).slice(2), node.float("epsilon", 1e-5)));
}

/** Scale and bias are per group in opset 18, per channel since. */
function groupNorm(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const shape = r.shapeOf(x);
  const groups = node.integer("num_groups", 1);
  const rest = shape.slice(1).reduce<number>((product, dim) => product * requireKnown(node, dim, "the image's size"), 1);
  if (groups < 1 || rest % groups !== 0) throw node.refuse(`${rest} values do not go into ${groups} groups`);
  const grouped = standardised(r, reshapeTo(node, r, x, [shape[0] ?? null, groups, rest / groups]), [2], node.float("epsilon", 1e-5));
  const vectors = [r.operand(node, 1), r.operand(node, 2, "bias")] as const;
  if (r.shapeOf(vectors[0])[0] === groups && groups !== shape[1]) {
    const [scale, bias] = vectors.map((vector) => reshapeTo(node, r, vector, [groups, 1])) as [string, string];
    return reshapeTo(node, r, r.add("add", [r.add("multiply", [grouped, scale], {}), bias], {}), shape);
  }
  return scaleAndShift(node, r, reshapeTo(node, r, grouped, shape));
}

/** Over the last axes, which become one; where they are one already nothing is reshaped. */
function overLastAxes(node: OnnxNode, r: Reading, compute: (x: string, vector: (index: number, kind: string) => string) => string): string {
  const x = r.operand(node, 0);
  const shape = r.shapeOf(x);
  const axis = axisOf(node, "axis", -1, shape.length);
  const width = shape.slice(axis).reduce<number>((product, dim) => product * requireKnown(node, dim, "the normalised size"), 1);
  const flatShape: Shape = [...shape.slice(0, axis), width];
  const vector = (index: number, kind: string): string => {
    const value = r.operand(node, index, kind);
    return r.shapeOf(value).length === 1 ? value : reshapeTo(node, r, value, [width]);
  };
  return reshapeTo(node, r, compute(reshapeTo(node, r, x, flatShape), vector), shape);
}

function layerNorm(node: OnnxNode, r: Reading): void {
  const epsilon = node.float("epsilon", 1e-5);
  const result = overLastAxes(node, r, (x, vector) => {
    const width = r.shapeOf(x).at(-1) as number;
    const beta = node.hasInput(2) ? vector(2, "bias") : r.constant(new Array<number>(width).fill(0));
    return r.add("layerNorm", [x, vector(1, "weight"), beta], { epsilon });
  });
  r.bind(node, 0, result);
  if (!node.hasOutput(1) && !node.hasOutput(2)) return;
  const x = r.operand(node, 0);
  const rank = r.rankOf(x);
  const { mean, variance } = moments(r, x, axesUpTo(rank).slice(axisOf(node, "axis", -1, rank)));
  r.bind(node, 1, mean);
  r.bind(node, 2, r.add("divide", [r.constant(1), r.add("sqrt", [scalar(r, "add", variance, epsilon)], {})], {}));
}

/** x / (bias + alpha / size * sum of the squares of the channels around)^beta */
function lrn(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const size = node.integer("size", 1);
  const shape = r.shapeOf(x);
  const channels = requireKnown(node, shape[1], "the number of channels");
  if (size < 1 || size > 64) throw node.refuse(`it looks at ${size} channels`, "1 to 64");
  const before = Math.floor((size - 1) / 2);
  const padded = r.add("pad", [r.add("square", [x], {})], { paddings: shape.map((_, axis) => (axis === 1 ? ([before, size - 1 - before] as const) : ([0, 0] as const))) });
  const window = axesUpTo(size).map((offset) => r.add("slice", [padded], { begin: shape.map((_, axis) => (axis === 1 ? offset : 0)), size: shape.map((_, axis) => (axis === 1 ? channels : -1)) }));
  const sum = window.reduce((a, b) => r.add("add", [a, b], {}));
  const base = scalar(r, "add", scalar(r, "multiply", sum, node.float("alpha", 0.0001) / size), node.float("bias", 1));
  return r.add("divide", [x, scalar(r, "power", base, node.float("beta", 0.75))], {});
}

function lpNorm(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const axes = [axisOf(node, "axis", -1, r.rankOf(x))];
  if (node.integer("p", 2) === 1) return r.add("divide", [x, r.add("sum", [r.add("abs", [x], {})], { axes, keepDims: true })], {});
  return r.add("divide", [x, r.add("sqrt", [r.add("sum", [r.add("square", [x], {})], { axes, keepDims: true })], {})], {});
}

/** alpha * A' B' + beta * C; a dense layer where A is not turned. */
function gemm(node: OnnxNode, r: Reading): string {
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const transposeB = node.integer("transB", 0) === 1;
  // A weight is kept as [in, out], as every dense layer here has it; one that others read too stays one weight, as it is.
  const turned = transposeB && r.readersOf(node.inputs[1] ?? "") === 1 ? r.parameter(node, 1, "weight", "transposed", (tensor) => permute(tensor, [1, 0])) : undefined;
  const product = r.add("matMul", [r.operand(node, 0), turned ?? r.operand(node, 1)], { transposeA: node.integer("transA", 0) === 1, transposeB: transposeB && turned === undefined });
  const scaled = alpha === 1 ? product : scalar(r, "multiply", product, alpha);
  if (!node.hasInput(2) || beta === 0) return scaled;
  const bias = r.operand(node, 2, "bias");
  return r.add("add", [scaled, beta === 1 ? bias : scalar(r, "multiply", bias, beta)], {});
}

/** A vector on the left is a row, one on the right a column. */
function matMul(node: OnnxNode, r: Reading): string {
  const [a, b] = [r.operand(node, 0), r.operand(node, 1)];
  const [rankA, rankB] = [r.rankOf(a), r.rankOf(b)];
  const row = rankA === 1 ? reshapeTo(node, r, a, [1, ...r.shapeOf(a)]) : a;
  const column = rankB === 1 ? reshapeTo(node, r, b, [...r.shapeOf(b), 1]) : b;
  const result = r.add("matMul", [row, column], { transposeA: false, transposeB: false });
  if (rankA > 1 && rankB > 1) return result;
  const shape = r.shapeOf(result);
  return reshapeTo(node, r, result, shape.filter((_, axis) => !(rankA === 1 && axis === shape.length - 2) && !(rankB === 1 && axis === shape.length - 1)));
}

/** A lone dropout's mask, in inference, keeps everything. */
function dropout(node: OnnxNode, r: Reading): void {
  const x = r.operand(node, 0);
  const rate = node.has("ratio") ? node.float("ratio", 0.5) : node.hasInput(1) ? (r.numbers(node, 1)[0] ?? 0.5) : 0.5;
  const isTraining = node.hasInput(2) && r.numbers(node, 2)[0] === 1;
  if (isTraining && rate !== 0) throw node.refuse("it drops at random whenever the model runs", "a model exported for inference");
  if (!(rate >= 0 && rate < 1)) throw node.refuse(`its ratio is ${rate}`, "0 to 1");
  r.bind(node, 0, r.add("dropout", [x], { rate }));
  if (node.hasOutput(1)) r.bind(node, 1, r.add("compare", [x, x], { relation: "equal" }));
}

export const normalizations: Converters = {
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  GroupNormalization: groupNorm,
  LayerNormalization: layerNorm,
  RMSNormalization: (node, r) => overLastAxes(node, r, (x, vector) => r.add("rmsNorm", [x, vector(1, "weight")], { epsilon: node.float("epsilon", 1e-5) })),
  MeanVarianceNormalization: (node, r) => standardised(r, r.operand(node, 0), node.integers("axes") ?? [0, 2, 3], 1e-9),
  LRN: lrn,
  LpNormalization: lpNorm,
  Gemm: gemm,
  MatMul: matMul,
  Dropout: dropout,
};

