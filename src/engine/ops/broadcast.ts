/** Spreading a reduced tensor out again and summing a spread one up: what the gradients of reductions and broadcasts are made of. */
import { columnTotals } from "../kernels/webgpu/column-totals.ts";
import { tf, type Tensor } from "../tf.ts";

export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
}

/** The shape of a reduction's result with the reduced axes kept as 1. */
export function keptShape(shape: readonly number[], axes: readonly number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Undoes a reduction's dropping of axes and repeats its values over them, on the device. */
export function spread(reduced: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
  return tf.broadcastTo(tf.reshape(reduced, keptShape(shape, axes)), [...shape]);
}

/** Sums `x` over the axes along which a tensor of `shape` was broadcast to it. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], x.shape);
  // A bias, a table of positions: the leading axes go, and TensorFlow.js would transpose before it sums.
  if (tf.getBackend() === "webgpu" && axes.length > 0 && axes.every((axis, i) => axis === i) && axes.length < x.rank) return tf.reshape(columnTotals(x, tf.util.sizeFromShape(x.shape.slice(axes.length))), [...shape]);
  return tf.reshape(axes.length === 0 ? x : tf.sum(x, axes), [...shape]);
}

/** Sums over all axes but the last: [..., channels] -> [channels]. */
export function sumToChannels(x: Tensor): Tensor {
  const channels = x.shape[x.rank - 1] as number;
  return tf.sum(tf.reshape(x, [-1, channels]), 0);
}
