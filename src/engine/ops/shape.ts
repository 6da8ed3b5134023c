/** Ops that move values about without changing them, and resizing, which mixes neighbours. */
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable } from "./differentiable.ts";

export function constant({ shape, values, dtype }: OpAttributes["constant"]): Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

export const reshape = (x: Tensor, { shape }: OpAttributes["reshape"]): Tensor => tf.reshape(x, [...shape]);
export const transpose = (x: Tensor, { permutation }: OpAttributes["transpose"]): Tensor => tf.transpose(x, [...permutation]);
export const concat = (inputs: readonly Tensor[], { axis }: OpAttributes["concat"]): Tensor => tf.concat([...inputs], axis);
export const slice = (x: Tensor, { begin, size }: OpAttributes["slice"]): Tensor => tf.slice(x, [...begin], [...size]);
export const pad = (x: Tensor, { paddings }: OpAttributes["pad"]): Tensor => tf.pad(x, paddings.map(([before, after]) => [before, after]));
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
