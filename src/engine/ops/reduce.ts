/**
 * Reductions and pools. TensorFlow.js's gradients of mean and sum upload a tensor of ones at every step; these spread
 * the incoming gradient on the device.
 */
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import { keptShape, normalizeAxes, spread } from "./broadcast.ts";
import { toTfPadding } from "./conv.ts";
import { differentiable, savedAt, withoutGradient } from "./differentiable.ts";
import { throughFloats } from "./integers.ts";
import { aroundAxis } from "./shape.ts";

export function sum(x: Tensor, { axes, keepDims }: OpAttributes["sum"]): Tensor {
  const reduced = normalizeAxes(axes, x.rank);
  return differentiable({ x }, () => throughFloats(x, (values) => tf.sum(values, reduced, keepDims)), (dy) => ({ x: () => spread(dy, x.shape, reduced) }));
}

export function mean(x: Tensor, { axes, keepDims }: OpAttributes["mean"]): Tensor {
  const reduced = normalizeAxes(axes, x.rank);
  const count = reduced.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return differentiable({ x }, () => tf.mean(x, reduced, keepDims), (dy) => ({ x: () => spread(tf.div(dy, count), x.shape, reduced) }));
}

/** Elements that share the extreme share its gradient, as in TensorFlow and PyTorch's amax. */
function extreme(x: Tensor, { axes, keepDims }: OpAttributes["max"], pick: (x: Tensor, axes: number[], keepDims: boolean) => Tensor): Tensor {
  const reduced = normalizeAxes(axes, x.rank);
  return differentiable(
    { x },
    (save) => {
      const y = throughFloats(x, (values) => pick(values, reduced, keepDims));
      save([x, y]);
      return y;
    },
    (dy, saved) => ({
      x: () => {
        const kept = keptShape(x.shape, reduced);
        const winners = tf.cast(tf.equal(savedAt(saved, 0), tf.reshape(savedAt(saved, 1), kept)), "float32");
        return tf.mul(winners, tf.div(tf.reshape(dy, kept), tf.sum(winners, reduced, true)));
      },
    }),
  );
}

export const max = (x: Tensor, attributes: OpAttributes["max"]): Tensor => extreme(x, attributes, tf.max);
export const min = (x: Tensor, attributes: OpAttributes["min"]): Tensor => extreme(x, attributes, tf.min);

/** The gradient is the product of the others, of those before times those after: right where some are 0. */
export function product(x: Tensor, { axes, keepDims }: OpAttributes["product"]): Tensor {
  const reduced = normalizeAxes(axes, x.rank);
  const others = [...x.shape.keys()].filter((axis) => !reduced.includes(axis));
  const order = [...others, ...reduced];
  return differentiable(
    { x },
    (save) => {
      save([x]);
      return throughFloats(x, (values) => tf.prod(values, reduced, keepDims));
    },
    (dy, saved) => ({
      x: () => {
        const ordered = tf.transpose(savedAt(saved, 0), order);
        const rows = tf.reshape(ordered, [others.reduce((all, axis) => all * (x.shape[axis] as number), 1), -1]);
        const slope = tf.mul(cumulate(tf.cumprod, rows, 1, true, false), cumulate(tf.cumprod, rows, 1, true, true));
        const back = tf.transpose(tf.reshape(slope, ordered.shape), order.map((_, axis) => order.indexOf(axis)));
        return tf.mul(back, tf.reshape(dy, keptShape(x.shape, reduced)));
      },
    }),
  );
}

export function argMax(x: Tensor, { axis, keepDims, of }: OpAttributes["argMax"]): Tensor {
  const [along] = normalizeAxes([axis], x.rank) as [number];
  return withoutGradient(() => {
    const places = tf.getBackend() === "webgpu" ? firstBest(x, along, of) : of === "max" ? tf.argMax(x, along) : tf.argMin(x, along);
    return keepDims ? tf.expandDims(places, along) : places;
  });
}

/** WebGPU's own finds any of several equal ones where the axis is long. */
function firstBest(x: Tensor, axis: number, of: "max" | "min"): Tensor {
  const size = x.shape[axis] as number;
  const values = tf.cast(x, "float32");
  const best = of === "max" ? tf.max(values, axis, true) : tf.min(values, axis, true);
  const places = tf.reshape(tf.range(0, size, 1, "float32"), x.shape.map((_, i) => (i === axis ? size : 1)));
  return tf.cast(tf.min(tf.where(tf.equal(values, best), tf.broadcastTo(places, x.shape), tf.fill(x.shape, size)), axis), "int32");
}

/**
 * One rank and one direction: TensorFlow.js on WebGPU takes no more than four axes, and backwards it takes an axis to be as long
 * as that of the first tensor it met.
 */
function cumulate(run: typeof tf.cumsum, x: Tensor, axis: number, exclusive: boolean, reverse: boolean): Tensor {
  const sums = throughFloats(aroundAxis(x, axis), (rows) => (reverse ? tf.reverse(run(tf.reverse(rows, 1), 1, exclusive), 1) : run(rows, 1, exclusive)));
  return tf.reshape(sums, x.shape);
}

/** The gradient runs the other way. */
export function cumulativeSum(x: Tensor, { axis, exclusive, reverse }: OpAttributes["cumulativeSum"]): Tensor {
  const [along] = normalizeAxes([axis], x.rank) as [number];
  return differentiable({ x }, () => cumulate(tf.cumsum, x, along, exclusive, reverse), (dy) => ({ x: () => cumulate(tf.cumsum, dy, along, exclusive, !reverse) }));
}

/** Padding never wins. */
export function maxPool2d(x: Tensor, { poolSize, strides, padding }: OpAttributes["maxPool2d"]): Tensor {
  return tf.maxPool(x as tf.Tensor4D, [...poolSize] as [number, number], [...strides] as [number, number], toTfPadding(padding));
}

/** How many positions of an axis each window covers, over those that it covers where there is no padding. */
function coverage(inSize: number, outSize: number, window: number, stride: number, before: number): number[] {
  return Array.from({ length: outSize }, (_, index) => {
    const begin = index * stride - before;
    return (Math.min(begin + window, inSize) - Math.max(begin, 0)) / window;
  });
}

/**
 * Padding is not counted, as in TensorFlow, unless asked for (PyTorch's count_include_pad). TensorFlow.js's gradient counts it:
 * each window's share is set right first.
 */
export function averagePool2d(x: Tensor, { poolSize, strides, padding, countPadding = false }: OpAttributes["averagePool2d"]): Tensor {
  const pool = { filterSize: [...poolSize] as [number, number], strides: [...strides] as [number, number], pad: toTfPadding(padding) };
  const info = tf.backend_util.computePool2DInfo(x.shape as [number, number, number, number], pool.filterSize, pool.strides, 1, pool.pad);
  if (countPadding) {
    const { top, bottom, left, right } = info.padInfo;
    return averagePool2d(tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]), { poolSize, strides, padding: "valid" });
  }
  return differentiable(
    { x },
    (save) => {
      save([x]);
      return tf.avgPool(x as tf.Tensor4D, pool.filterSize, pool.strides, pool.pad);
    },
    (dy, saved) => ({
      x: () => {
        const rows = coverage(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top);
        const columns = coverage(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left);
        const isWhole = [...rows, ...columns].every((part) => part === 1);
        const shares = rows.flatMap((row) => columns.map((column) => row * column));
        const whole = isWhole ? dy : tf.div(dy, tf.tensor(shares, [1, info.outHeight, info.outWidth, 1]));
        return tf.engine().runKernel(tf.AvgPoolGrad, { dy: whole, input: savedAt(saved, 0) }, pool);
      },
    }),
  );
}
