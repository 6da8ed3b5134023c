/** The shape of each op's result, one rule per op, exhaustive over OpAttributes. A rule throws what does not fit; shapes.ts adds where. */
import { GraftError } from "../core/errors.ts";
import type { Dim, Shape } from "../core/shape.ts";
import { broadcastShapes, formatShape, sizeOf } from "../core/shape.ts";
import type { OpAttributes, OpName, Padding } from "./types.ts";

type ShapeRule<Op extends OpName> = (attributes: OpAttributes[Op], ...inputs: readonly Shape[]) => Shape;

/** Whether two sizes can be the same. */
export function fits(a: Dim, b: Dim): boolean {
  return a === null || b === null || a === b;
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new GraftError({ what });
}

function checkRank(what: string, shape: Shape, ...ranks: readonly number[]): void {
  check(ranks.includes(shape.length), `${what} has ${shape.length} dimensions, not ${ranks.join(" or ")}`);
}

const last = (shape: Shape): Dim => shape.at(-1) ?? null;
const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  check(Number.isInteger(axis) && positive >= 0 && positive < rank, `axis ${axis} does not exist in ${rank} dimensions`);
  return positive;
}

/** One spatial size after a window of `size` has slid over it. */
function slide(dim: Dim, size: Dim, stride: number, dilation: number, padding: Padding, side: 0 | 1): Dim {
  if (dim === null || size === null) return null;
  if (padding === "same") return Math.ceil(dim / stride);
  const padded = padding === "valid" ? dim : dim + padding[side][0] + padding[side][1];
  const result = Math.floor((padded - (size - 1) * dilation - 1) / stride) + 1;
  check(result > 0, `a window of ${size} does not fit into ${padded}`);
  return result;
}

function convolution(x: Shape, kernel: Shape, channels: Dim, { strides, dilations, padding }: OpAttributes["conv2d"]): Shape {
  checkRank("the image", x, 4);
  checkRank("the kernel", kernel, 4);
  check(fits(last(x), kernel[2] as Dim), `the kernel takes ${kernel[2]} channels, the image has ${last(x)}`);
  const spatial = ([0, 1] as const).map((side) => slide(x[side + 1] as Dim, kernel[side] as Dim, strides[side], dilations[side], padding, side));
  return [x[0] as Dim, ...spatial, channels];
}

function pool({ poolSize, strides, padding }: OpAttributes["maxPool2d"], x: Shape): Shape {
  checkRank("the image", x, 4);
  const spatial = ([0, 1] as const).map((side) => slide(x[side + 1] as Dim, poolSize[side], strides[side], 1, padding, side));
  return [x[0] as Dim, ...spatial, last(x)];
}

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

function slice({ begin, size }: OpAttributes["slice"], x: Shape): Shape {
  check(begin.length === x.length && size.length === x.length, `begin and size need ${x.length} numbers each`);
  return x.map((dim, i) => {
    const from = begin[i] as number;
    const count = size[i] as number;
    check(from >= 0 && count >= -1 && (dim === null || from + Math.max(0, count) <= dim), `${count} from ${from} lies outside of axis ${i}`);
    if (count !== -1) return count;
    return dim === null ? null : dim - from;
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
  matMul,
  embedding: (_, table: Shape, ids: Shape) => {
    checkRank("the table", table, 2);
    return [...ids, last(table)];
  },
  attention: ({ heads }, query: Shape, key: Shape, value: Shape, mask: Shape) => {
    for (const shape of [query, key, value]) checkRank("query, key or value", shape, 3);
    tokensAndMask(key, mask);
    check(fits(key[1] as Dim, value[1] as Dim), "keys and values need the same number of tokens");
    check(fits(last(query), last(key)), "queries and keys need the same width");
    check([query, value].every((shape) => (last(shape) ?? heads) % heads === 0), `${heads} heads do not divide the width`);
    return [query[0] as Dim, query[1] as Dim, last(value)];
  },

  batchNorm: (_, x: Shape, gamma: Shape, beta: Shape, mean: Shape, variance: Shape) => normalization(x, gamma, beta, mean, variance),
  layerNorm: (_, x: Shape, gamma: Shape, beta: Shape) => normalization(x, gamma, beta),
  l2Normalize: same,
  dropout: same,

  add: elementwise,
  subtract: elementwise,
  multiply: elementwise,
  divide: elementwise,
  maximum: elementwise,
  minimum: elementwise,

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

  mean: reduce,
  sum: reduce,
  max: reduce,
  maxPool2d: pool,
  averagePool2d: pool,

  reshape,
  transpose: ({ permutation }, x: Shape) => {
    check(permutation.length === x.length && new Set(permutation).size === x.length, `the permutation (${permutation.join(", ")}) does not fit`);
    return permutation.map((axis) => x[normalizeAxis(axis, x.length)] as Dim);
  },
  concat,
  slice,
  pad: ({ paddings }, x: Shape) => {
    check(paddings.length === x.length, `${paddings.length} paddings do not fit`);
    return x.map((dim, i) => {
      const [before, after] = paddings[i] as readonly [number, number];
      return dim === null ? null : dim + before + after;
    });
  },
  resize2d: ({ height, width }, x: Shape) => {
    checkRank("the image", x, 4);
    return [x[0] as Dim, height, width, last(x)];
  },
  cast: same,

  paddingMask: (_, ids: Shape) => {
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
