/** Ops that move values about without changing them, and resizing, which mixes neighbours. */
import { sizeOf } from "../../core/shape.ts";
import { placeIn } from "../../graph/indexing-shapes.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import { normalizeAxes, sumTo } from "./broadcast.ts";
import { differentiable } from "./differentiable.ts";
import { throughFloats } from "./integers.ts";

export function constant({ shape, values, dtype }: OpAttributes["constant"]): Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

export const reshape = (x: Tensor, { shape }: OpAttributes["reshape"]): Tensor => tf.reshape(x, [...shape]);
export const transpose = (x: Tensor, { permutation }: OpAttributes["transpose"]): Tensor => throughFloats(x, (values) => tf.transpose(values, [...permutation]));
export const concat = (inputs: readonly Tensor[], { axis }: OpAttributes["concat"]): Tensor => tf.concat([...inputs], axis);
export const slice = (x: Tensor, { begin, size }: OpAttributes["slice"]): Tensor => tf.slice(x, [...begin], [...size]);
export const reverse = (x: Tensor, { axes }: OpAttributes["reverse"]): Tensor => tf.reverse(x, normalizeAxes(axes, x.rank));

/** Every `stride`-th of the middle axis, from the first on. TensorFlow.js has no gradient of it: zeros go in between. */
function strideOver(x: Tensor, stride: number): Tensor {
  const [outer, size, inner] = x.shape as [number, number, number];
  const count = Math.ceil(size / stride);
  return differentiable(
    { x },
    () => throughFloats(x, (values) => tf.stridedSlice(values, [0, 0, 0], [outer, size, inner], [1, stride, 1])),
    (dy) => ({
      x: () => {
        const apart = tf.pad(tf.reshape(dy, [outer * count, 1, inner]), [[0, 0], [0, stride - 1], [0, 0]]);
        const long = tf.reshape(apart, [outer, count * stride, inner]);
        return tf.slice(long, [0, 0, 0], [outer, size, inner]);
      },
    }),
  );
}

/** x with one axis between those before and those after it. */
export function aroundAxis(x: Tensor, axis: number): Tensor {
  return tf.reshape(x, [sizeOf(x.shape.slice(0, axis)), x.shape[axis] as number, sizeOf(x.shape.slice(axis + 1))]);
}

export function stridedSlice(x: Tensor, { begin, end, strides }: OpAttributes["stridedSlice"]): Tensor {
  const from = x.shape.map((size, axis) => placeIn(size, begin[axis] as number));
  const size = x.shape.map((whole, axis) => Math.max(0, placeIn(whole, end[axis] ?? null) - (from[axis] as number)));
  let result = tf.slice(x, from, size);
  for (const [axis, stride] of strides.entries()) {
    if (stride === 1) continue;
    const shape = result.shape.map((whole, i) => (i === axis ? Math.ceil(whole / stride) : whole));
    result = tf.reshape(strideOver(aroundAxis(result, axis), stride), shape);
  }
  return result;
}

/** TensorFlow.js's gradient slices every copy; this sums over each repeated axis at once. */
export function tile(x: Tensor, { repeats }: OpAttributes["tile"]): Tensor {
  return differentiable(
    { x },
    () => tf.tile(x, [...repeats]),
    (dy) => ({
      x: () =>
        repeats.reduce<Tensor>((whole, count, axis) => {
          if (count === 1) return whole;
          const [outer, , inner] = aroundAxis(whole, axis).shape as [number, number, number];
          const size = x.shape[axis] as number;
          return tf.reshape(tf.sum(tf.reshape(whole, [outer, count, size * inner]), 1), whole.shape.map((each, i) => (i === axis ? size : each)));
        }, dy),
    }),
  );
}

export function broadcastTo(x: Tensor, { shape }: OpAttributes["broadcastTo"]): Tensor {
  const lead = shape.length - x.rank;
  const target = shape.map((size, axis) => (size === -1 ? (x.shape[axis - lead] as number) : size));
  return differentiable({ x }, () => tf.broadcastTo(x, target), (dy) => ({ x: () => sumTo(dy, x.shape) }));
}

export function broadcastLike(x: Tensor, like: Tensor, { axes }: OpAttributes["broadcastLike"]): Tensor {
  return broadcastTo(x, { shape: x.shape.map((size, axis) => (axes.includes(axis) ? (like.shape[axis] as number) : size)) });
}

/** Mirrored and repeated edges are joined from parts of x: TensorFlow.js's gradient of mirroring forgets the mirrored. */
export function pad(x: Tensor, { paddings, value = 0, mode = "constant" }: OpAttributes["pad"]): Tensor {
  if (mode === "constant") return tf.pad(x, paddings.map(([before, after]) => [before, after]), value);
  return paddings.reduce((result, [before, after], axis) => {
    const size = result.shape[axis] as number;
    const part = (from: number, count: number): Tensor => tf.slice(result, result.shape.map((_, i) => (i === axis ? from : 0)), result.shape.map((whole, i) => (i === axis ? count : whole)));
    const mirrored = (from: number, count: number): Tensor => tf.reverse(part(from, count), axis);
    const repeated = (place: number, count: number): Tensor => tile(part(place, 1), { repeats: result.shape.map((_, i) => (i === axis ? count : 1)) });
    const parts = [result];
    if (before > 0) parts.unshift(mode === "reflect" ? mirrored(1, before) : repeated(0, before));
    if (after > 0) parts.push(mode === "reflect" ? mirrored(size - 1 - after, after) : repeated(size - 1, after));
    return parts.length === 1 ? result : tf.concat(parts, axis);
  }, x.clone());
}

export const cast = (x: Tensor, { dtype }: OpAttributes["cast"]): Tensor => tf.cast(x, dtype);

/**
 * How much each source position counts for each target position along one axis: [target, source], row-major.
 * The coordinates are those of TensorFlow's ResizeBilinear and ResizeNearestNeighbor.
 */
function resizeMatrix(source: number, target: number, { method, alignCorners, halfPixelCenters }: OpAttributes["resize2d"]): Float32Array {
  const scale = alignCorners && target > 1 ? (source - 1) / (target - 1) : source / target;
  const matrix = new Float32Array(target * source);
  const count = (row: number, column: number, share: number): void => {
    const index = row * source + Math.min(Math.max(column, 0), source - 1);
    matrix[index] = (matrix[index] as number) + share;
  };
  for (let row = 0; row < target; row++) {
    if (method === "nearest") {
      const position = halfPixelCenters ? (row + 0.5) * scale : row * scale;
      count(row, alignCorners ? Math.round(position) : Math.floor(position), 1);
      continue;
    }
    const position = halfPixelCenters ? (row + 0.5) * scale - 0.5 : row * scale;
    const below = Math.floor(position);
    count(row, below, 1 - (position - below));
    count(row, below + 1, position - below);
  }
  return matrix;
}

/**
 * x [batch, h, w, channels] -> [batch, height, width, channels]. The gradient is the transposed interpolation, as two
 * matrix products: TensorFlow.js's own ignores half-pixel centres.
 */
export function resize2d(x: Tensor, attributes: OpAttributes["resize2d"]): Tensor {
  const { height, width, method, alignCorners, halfPixelCenters } = attributes;
  const [batch, sourceHeight, sourceWidth, channels] = x.shape as [number, number, number, number];
  const resize = method === "bilinear" ? tf.image.resizeBilinear : tf.image.resizeNearestNeighbor;
  return differentiable(
    { x },
    () => resize(x as tf.Tensor4D, [height, width], alignCorners, halfPixelCenters),
    (dy) => ({
      x: () => {
        const rows = tf.tensor(resizeMatrix(sourceHeight, height, attributes), [1, height, sourceHeight]);
        const columns = tf.tensor(resizeMatrix(sourceWidth, width, attributes), [1, width, sourceWidth]);
        const overRows = tf.matMul(rows, tf.reshape(dy, [batch, height, width * channels]), true, false);
        const overColumns = tf.matMul(columns, tf.reshape(overRows, [batch * sourceHeight, width, channels]), true, false);
        return tf.reshape(overColumns, x.shape);
      },
    }),
  );
}
