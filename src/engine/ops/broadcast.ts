/** Spreading a reduced tensor out again and summing a spread one up: what the gradients of reductions and broadcasts are made of. */
import { columnSum as columnSumOnWasm } from "../kernels/wasm/column-sum.ts";
import { currentSimdKernels } from "../kernels/wasm/simd.ts";
import { columnSum } from "../kernels/webgpu/column-sum.ts";
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
  if (axes.length === 0) return tf.reshape(x, [...shape]);
  const areLeading = axes.every((axis, i) => axis === i);
  const columns = x.shape.slice(axes.length).reduce((product, size) => product * size, 1);
  return tf.reshape(areLeading ? sumRows(x, columns) : tf.sum(x, axes), [...shape]);
}

/** Sums over all axes but the last: [..., channels] -> [channels]. */
export function sumToChannels(x: Tensor): Tensor {
  return sumRows(x, x.shape[x.rank - 1] as number);
}

/** [..., columns in all] -> [columns] */
function sumRows(x: Tensor, columns: number): Tensor {
  const rows = tf.reshape(x, [x.size / columns, columns]);
  if (tf.getBackend() === "webgpu") return columnSum(rows);
  const onWasm = currentSimdKernels();
  return onWasm ? columnSumOnWasm(onWasm, rows) : tf.sum(rows, 0);
}
