/** What each op does with the order of axes when an image has its channels first, exhaustive over OpAttributes. */
import type { OpAttributes, OpName } from "../../graph/types.ts";

/** Where each axis of [batch, h, w, channels] is in [batch, channels, h, w]; as a permutation it turns the latter into the former. */
export const toLast: readonly number[] = [0, 2, 3, 1];
export const toFirst: readonly number[] = [0, 3, 1, 2];

/**
 * image: is computed with channels first. either: element by element, in the order that its inputs have. last: needs the graph's
 * own order. A function gives the attributes for channels first, or null where the op would then need another order of its result;
 * it is asked only where an input of four axes has its channels first already.
 */
export type LayoutRule<Op extends OpName> = "image" | "either" | "last" | ((attributes: OpAttributes[Op]) => OpAttributes[Op] | null);

function axisFirst(axis: number): number {
  return toLast[axis < 0 ? axis + 4 : axis] as number;
}

function listFirst<T>(values: readonly T[]): readonly T[] {
  return toFirst.map((axis) => values[axis] as T);
}

/** Axes that stay must come in the same order, or the result would be a transposed one. */
function reduction(attributes: OpAttributes["mean"]): OpAttributes["mean"] | null {
  const axes = attributes.axes.map(axisFirst);
  const staying = toLast.filter((axis) => !axes.includes(axis));
  const inOrder = staying.every((axis, i) => i === 0 || axis > (staying[i - 1] as number));
  return attributes.keepDims || inOrder ? { ...attributes, axes } : null;
}

export const layoutRules: { readonly [Op in OpName]: LayoutRule<Op> } = {
  constant: "last",

  conv2d: "image",
  depthwiseConv2d: "image",
  convTranspose2d: "image",
  matMul: "last",
  embedding: "last",
  attention: "last",
  rotaryEmbedding: "last",

  batchNorm: "image",
  layerNorm: "last",
  rmsNorm: "last",
  l2Normalize: "last",
  dropout: "either",

  add: "either",
  subtract: "either",
  multiply: "either",
  divide: "either",
  maximum: "either",
  minimum: "either",
  power: "either",
  modulo: "either",
  compare: "either",
  select: "either",

  relu: "either",
  relu6: "either",
  leakyRelu: "either",
  elu: "either",
  sigmoid: "either",
  hardSigmoid: "either",
  tanh: "either",
  silu: "either",
  gelu: "either",
  softmax: "last",
  softplus: "either",
  exp: "either",
  sqrt: "either",
  square: "either",
  negate: "either",
  abs: "either",
  sign: "either",
  log: "either",
  sin: "either",
  cos: "either",
  tan: "either",
  asin: "either",
  acos: "either",
  atan: "either",
  sinh: "either",
  cosh: "either",
  asinh: "either",
  acosh: "either",
  atanh: "either",
  erf: "either",
  floor: "either",
  ceil: "either",
  round: "either",
  fakeQuantize: "either",

  mean: reduction,
  sum: reduction,
  max: reduction,
  min: reduction,
  product: reduction,
  argMax: (attributes) => {
    const reduced = reduction({ axes: [attributes.axis], keepDims: attributes.keepDims });
    return reduced && { ...attributes, axis: reduced.axes[0] as number };
  },
  topKIndices: "last",
  cumulativeSum: (attributes) => ({ ...attributes, axis: axisFirst(attributes.axis) }),
  maxPool2d: "image",
  averagePool2d: "image",

  reshape: "last",
  transpose: "last",
  concat: ({ axis }) => ({ axis: axisFirst(axis) }),
  slice: ({ begin, size }) => ({ begin: listFirst(begin), size: listFirst(size) }),
  stridedSlice: ({ begin, end, strides }) => ({ begin: listFirst(begin), end: listFirst(end), strides: listFirst(strides) }),
  reverse: ({ axes }) => ({ axes: axes.map(axisFirst) }),
  tile: ({ repeats }) => ({ repeats: listFirst(repeats) }),
  broadcastTo: "last",
  broadcastLike: "last",
  pad: (attributes) => ({ ...attributes, paddings: listFirst(attributes.paddings) }),
  resize2d: "image",
  cast: "either",

  gather: "last",
  gatherElements: "last",
  gatherNd: "last",
  scatterElements: "last",
  scatterNd: "last",
  oneHot: "last",

  paddingMask: "last",
  positionIds: "last",
  addTimingSignal: "last",
  maskedMean: "last",
};
