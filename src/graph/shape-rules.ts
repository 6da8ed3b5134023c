/** The shape of each op's result, one rule per op, exhaustive over OpAttributes. A rule throws what does not fit; shapes.ts adds where. */
import type { Dim, Shape } from "../core/shape.ts";
import { broadcastShapes, formatShape, sizeOf } from "../core/shape.ts";
import { broadcastLike, broadcastTo, gather, gatherElements, gatherNd, oneHot, pad, scatterElements, scatterNd, slice, stridedSlice, tile } from "./indexing-shapes.ts";
import { check, checkRank, fits, last, normalizeAxis, product } from "./shape-checks.ts";
import type { OpAttributes, OpName } from "./types.ts";
import { convolution, convTranspose, pool } from "./window-shapes.ts";

type ShapeRule<Op extends OpName> = (attributes: OpAttributes[Op], ...inputs: readonly Shape[]) => Shape;

function reduce({ axes, keepDims }: OpAttributes["mean"], x: Shape): Shape {
  const reduced = new Set(axes.map((axis) => normalizeAxis(axis, x.length)));
  return keepDims ? x.map((dim, i) => (reduced.has(i) ? 1 : dim)) : x.filter((_, i) => !reduced.has(i));
}

const same = (_attributes: unknown, x: Shape): Shape => x;

function elementwise(_attributes: unknown, a: Shape, b: Shape): Shape {
  const shape = broadcastShapes(a, b);
  check(shape !== null, "the two shapes cannot be broadcast to one");
  return shape;
}

/** Each of `vectors` has one number per channel of x. */
function normalization(x: Shape, ...vectors: readonly Shape[]): Shape {
  check(x.length > 0 && vectors.every((vector) => vector.length === 1 && fits(vector[0] as Dim, last(x))), `each parameter needs one number for each of ${last(x) ?? "?"} channels`);
  return x;
}

function matMul({ transposeA, transposeB }: OpAttributes["matMul"], a: Shape, b: Shape): Shape {
  check(a.length >= 2 && b.length >= 2, "a matrix product needs at least two dimensions on each side");
  const [m, k] = transposeA ? [last(a), a.at(-2) as Dim] : [a.at(-2) as Dim, last(a)];
  const [inner, n] = transposeB ? [last(b), b.at(-2) as Dim] : [b.at(-2) as Dim, last(b)];
  check(fits(k, inner), `the inner sizes ${k} and ${inner} differ`);
  const leading = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  check(leading !== null, "the leading dimensions differ");
  return [...leading, m, n];
}

function reshape({ shape }: OpAttributes["reshape"], x: Shape): Shape {
  check(shape.every((dim) => Number.isInteger(dim) && dim >= -1) && shape.filter((dim) => dim === -1).length <= 1, `the target ${formatShape(shape)} is not a shape with at most one -1`);
  const known = product(shape.filter((dim) => dim !== -1));
  const size = sizeOf(x);
  if (x.includes(null)) return shape.map((dim) => (dim === -1 ? null : dim));
  const free = shape.includes(-1);
  check(free ? known > 0 && size % known === 0 : known === size, `${size} elements do not fill ${formatShape(shape)}`);
  return shape.map((dim) => (dim === -1 ? size / known : dim));
}

function concat({ axis }: OpAttributes["concat"], ...inputs: readonly Shape[]): Shape {
  const first = inputs[0] as Shape;
  const along = normalizeAxis(axis, first.length);
  for (const shape of inputs) check(shape.length === first.length && shape.every((dim, i) => i === along || fits(dim, first[i] as Dim)), `shapes that differ elsewhere than on axis ${axis} cannot be joined`);
  return first.map((_, i) => {
    const dims = inputs.map((shape) => shape[i] as Dim);
    if (i !== along) return dims.find((dim) => dim !== null) ?? null;
    return dims.reduce<Dim>((sum, dim) => (sum === null || dim === null ? null : sum + dim), 0);
  });
}

function tokensAndMask(x: Shape, mask: Shape): void {
  checkRank("x", x, 3);
  checkRank("the mask", mask, 2);
  check(fits(x[0] as Dim, mask[0] as Dim) && fits(x[1] as Dim, mask[1] as Dim), "the mask needs one number per token");
}

export const shapeRules: { readonly [Op in OpName]: ShapeRule<Op> } = {
  constant: ({ shape, values }) => {
    check(product(shape) === values.length, `${values.length} values do not fill ${formatShape(shape)}`);
    return shape;
  },

  conv2d: (attributes, x: Shape, kernel: Shape) => convolution(x, kernel, last(kernel), attributes),

  depthwiseConv2d: (attributes, x: Shape, kernel: Shape) => convolution(x, kernel, (kernel[2] as number) * (kernel[3] as number), attributes),
  convTranspose2d: convTranspose,
  matMul,
  embedding: (_, table: Shape, ids: Shape) => {
    checkRank("the table", table, 2);
    return [...ids, last(table)];
  },
  attention: ({ heads, keyValueHeads = heads }, query: Shape, key: Shape, value: Shape, mask: Shape) => {
    for (const shape of [query, key, value]) checkRank("query, key or value", shape, 3);
    tokensAndMask(key, mask);
    check(fits(key[1] as Dim, value[1] as Dim), "keys and values need the same number of tokens");
    check(heads % keyValueHeads === 0, `${keyValueHeads} heads of keys and values do not divide ${heads} heads of queries`);
    check((last(query) ?? heads) % heads === 0, `${heads} heads do not divide the width`);
    check([key, value].every((shape) => (last(shape) ?? keyValueHeads) % keyValueHeads === 0), `${keyValueHeads} heads of keys and values do not divide the width`);
    const widened = (shape: Shape): Dim => (last(shape) === null ? null : ((last(shape) as number) / keyValueHeads) * heads);
    check(fits(last(query), widened(key)), "queries and keys need the same width");
    return [query[0] as Dim, query[1] as Dim, widened(value)];
  },
  rotaryEmbedding: ({ heads, frequencies }, x: Shape, positions: Shape) => {
    checkRank("x", x, 3);
    checkRank("the positions", positions, 2);
    check(fits(x[0] as Dim, positions[0] as Dim) && fits(x[1] as Dim, positions[1] as Dim), "the positions need one number per token");
    check(fits(last(x), heads * frequencies.length * 2), `${heads} heads of ${frequencies.length} frequencies make a width of ${heads * frequencies.length * 2}`);
    return x;
  },

  batchNorm: (_, x: Shape, gamma: Shape, beta: Shape, mean: Shape, variance: Shape) => normalization(x, gamma, beta, mean, variance),
  layerNorm: (_, x: Shape, gamma: Shape, beta: Shape) => normalization(x, gamma, beta),
  rmsNorm: (_, x: Shape, gamma: Shape) => normalization(x, gamma),
  l2Normalize: same,
  dropout: same,

  add: elementwise,
  subtract: elementwise,
  multiply: elementwise,
  divide: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  power: elementwise,
  modulo: elementwise,
  compare: elementwise,
  select: (_, condition: Shape, a: Shape, b: Shape) => elementwise(_, condition, elementwise(_, a, b)),

  relu: same,
  relu6: same,
  leakyRelu: same,
  elu: same,
  sigmoid: same,
  hardSigmoid: same,
  tanh: same,
  silu: same,
  gelu: same,
  softmax: same,
  softplus: same,
  exp: same,
  sqrt: same,
  square: same,
  negate: same,
  abs: same,
  sign: same,
  log: same,
  sin: same,
  cos: same,
  tan: same,
  asin: same,
  acos: same,
  atan: same,
  sinh: same,
  cosh: same,
  asinh: same,
  acosh: same,
  atanh: same,
  erf: same,
  floor: same,
  ceil: same,
  round: same,
  fakeQuantize: same,

  mean: reduce,
  sum: reduce,
  max: reduce,
  min: reduce,
  product: reduce,
  argMax: ({ axis, keepDims }, x: Shape) => reduce({ axes: [axis], keepDims }, x),
  topKIndices: ({ k }, x: Shape) => {
    check(x.length > 0 && k > 0 && k <= (last(x) ?? k), `there are no ${k} best of ${last(x)}`);
    return [...x.slice(0, -1), k];
  },
  cumulativeSum: ({ axis }, x: Shape) => {
    normalizeAxis(axis, x.length);
    return x;
  },
  maxPool2d: pool,
  averagePool2d: pool,

  reshape,
  transpose: ({ permutation }, x: Shape) => {
    check(permutation.length === x.length && new Set(permutation).size === x.length, `the permutation (${permutation.join(", ")}) does not fit`);
    return permutation.map((axis) => x[normalizeAxis(axis, x.length)] as Dim);
  },
  concat,
  slice,
  stridedSlice,
  reverse: ({ axes }, x: Shape) => {
    for (const axis of axes) normalizeAxis(axis, x.length);
    return x;
  },
  tile,
  broadcastTo,
  broadcastLike,
  pad,
  resize2d: ({ height, width }, x: Shape) => {
    checkRank("the image", x, 4);
    return [x[0] as Dim, height, width, last(x)];
  },
  cast: same,

  gather,
  gatherElements,
  gatherNd,
  scatterElements,
  scatterNd,
  oneHot,

  paddingMask: (_, ids: Shape) => {
    checkRank("the ids", ids, 2);
    return ids;
  },
  positionIds: (_, ids: Shape) => {
    checkRank("the ids", ids, 2);
    return ids;
  },
  addTimingSignal: (_, x: Shape, mask: Shape) => {
    tokensAndMask(x, mask);
    return x;
  },
  maskedMean: (_, x: Shape, mask: Shape) => {
    tokensAndMask(x, mask);
    return [x[0] as Dim, last(x)];
  },
};
