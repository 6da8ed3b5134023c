/**
 * Picking values by place and putting them back. All of it is rows of a table picked by number, and the gradient of picking
 * is adding up by number, which embedding.ts has with the same bits every time. What an index outside gives is left open:
 * only the cpu backend throws, since reading indices back from a device just to check them would wait for it.
 */
import { sizeOf } from "../../core/shape.ts";
import type { OpAttributes, ScatterReduction } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import { normalizeAxes } from "./broadcast.ts";
import { differentiable, savedAt, withoutGradient } from "./differentiable.ts";
import { multiply, select } from "./elementwise.ts";
import { sumRowsById } from "./embedding.ts";
import { max, min, product } from "./reduce.ts";

function axisOf(axis: number, rank: number): number {
  return normalizeAxes([axis], rank)[0] as number;
}

/** The places that negative indices mean. */
function fromStart(indices: Tensor, size: number | Tensor): Tensor {
  return tf.add(indices, tf.mul(tf.cast(tf.less(indices, tf.scalar(0, "int32")), "int32"), typeof size === "number" ? tf.scalar(size, "int32") : size));
}

/** table [rows, width], ids int32 [n] -> [n, width] */
function pickRows(table: Tensor, ids: Tensor): Tensor {
  const [rows] = table.shape as [number, number];
  return differentiable(
    { table },
    (save) => {
      save([ids]);
      return tf.gather(table, ids);
    },
    (dy, saved) => ({ table: () => sumRowsById(dy, savedAt(saved, 0), rows) }),
  );
}

export function gather(x: Tensor, indices: Tensor, { axis }: OpAttributes["gather"]): Tensor {
  const along = axisOf(axis, x.rank);
  const [before, size, after] = [x.shape.slice(0, along), x.shape[along] as number, x.shape.slice(along + 1)];
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  const count = indices.size;
  return differentiable(
    { x },
    (save) => {
      const places = tf.reshape(fromStart(indices, size), [count]);
      save([places]);
      return tf.reshape(tf.gather(tf.reshape(x, [outer, size, inner]), places, 1), [...before, ...indices.shape, ...after]);
    },
    (dy, saved) => ({
      x: () => {
        const columns = tf.transpose(tf.reshape(dy, [outer, count, inner]), [1, 0, 2]);
        const sums = sumRowsById(tf.reshape(columns, [count, outer * inner]), savedAt(saved, 0), size);
        return tf.reshape(tf.transpose(tf.reshape(sums, [size, outer, inner]), [1, 0, 2]), x.shape);
      },
    }),
  );
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** For each entry of `shape`, the row-major place in `within` that its own coordinates name, those of `leftOut` aside: int32. */
function ownPlaces(shape: readonly number[], within: readonly number[], leftOut: number): Tensor {
  const strides = stridesOf(within);
  return shape.reduce<Tensor>((places, size, axis) => {
    if (axis === leftOut || size === 1) return places;
    const stride = strides[axis] as number;
    const column = tf.reshape(tf.range(0, size * stride, stride, "int32"), shape.map((_, i) => (i === axis ? size : 1)));
    return tf.add(places, column);
  }, tf.scalar(0, "int32"));
}

/** Where in x, flat, each of `indices` along the axis lies: int32 [n]. */
function flatElements(indices: Tensor, shape: readonly number[], axis: number): Tensor {
  const along = tf.mul(fromStart(indices, shape[axis] as number), tf.scalar(stridesOf(shape)[axis] as number, "int32"));
  return tf.reshape(tf.add(along, ownPlaces(indices.shape, shape, axis)), [-1]);
}

/** Which of x's rows, flat after the named axes, each row of `indices` names: int32 [n]. */
function flatRows(indices: Tensor, shape: readonly number[], batchDims: number): Tensor {
  const named = indices.shape[indices.rank - 1] as number;
  const outer = shape.slice(0, batchDims + named);
  const sizes = tf.tensor1d(outer.slice(batchDims), "int32");
  const strides = tf.tensor1d(stridesOf(outer).slice(batchDims), "int32");
  const inBatch = tf.sum(tf.mul(fromStart(indices, sizes), strides), -1);
  const [batch, rest] = [indices.shape.slice(0, batchDims), indices.shape.slice(batchDims, -1)];
  if (batchDims === 0) return tf.reshape(inBatch, [-1]);
  const stride = sizeOf(outer.slice(batchDims));
  const starts = tf.range(0, sizeOf(batch) * stride, stride, "int32");
  return tf.reshape(tf.add(tf.reshape(inBatch, [sizeOf(batch), sizeOf(rest)]), tf.reshape(starts, [-1, 1])), [-1]);
}

export function gatherElements(x: Tensor, indices: Tensor, { axis }: OpAttributes["gatherElements"]): Tensor {
  const places = flatElements(indices, x.shape, axisOf(axis, x.rank));
  return tf.reshape(pickRows(tf.reshape(x, [-1, 1]), places), indices.shape);
}

export function gatherNd(x: Tensor, indices: Tensor, { batchDims }: OpAttributes["gatherNd"]): Tensor {
  const named = indices.shape[indices.rank - 1] as number;
  const inner = x.shape.slice(batchDims + named);
  const table = tf.reshape(x, [-1, sizeOf(inner)]);
  return tf.reshape(pickRows(table, flatRows(indices, x.shape, batchDims)), [...indices.shape.slice(0, -1), ...inner]);
}

export function scatterElements(x: Tensor, indices: Tensor, updates: Tensor, { axis, reduction }: OpAttributes["scatterElements"]): Tensor {
  const places = flatElements(indices, x.shape, axisOf(axis, x.rank));
  return tf.reshape(scatterRows(tf.reshape(x, [-1, 1]), places, tf.reshape(updates, [-1, 1]), reduction), x.shape);
}

export function scatterNd(x: Tensor, indices: Tensor, updates: Tensor, { reduction }: OpAttributes["scatterNd"]): Tensor {
  const named = indices.shape[indices.rank - 1] as number;
  const width = sizeOf(x.shape.slice(named));
  return tf.reshape(scatterRows(tf.reshape(x, [-1, width]), flatRows(indices, x.shape, 0), tf.reshape(updates, [-1, width]), reduction), x.shape);
}

/** x [rows, width], ids int32 [n], updates [n, width] -> [rows, width] */
function scatterRows(x: Tensor, ids: Tensor, updates: Tensor, reduction: ScatterReduction): Tensor {
  if (reduction === "add") return addRows(x, ids, updates);
  if (reduction === "none") return replaceRows(x, ids, updates);
  // As with sums, in floats.
  if (x.dtype === "int32") return tf.cast(combineRows(tf.cast(x, "float32"), ids, tf.cast(updates, "float32"), reduction), "int32");
  return combineRows(x, ids, updates, reduction);
}

/** Sums are made of floats; whole numbers below 2^24 come through them unchanged. */
function spreadRows(updates: Tensor, ids: Tensor, rows: number): Tensor {
  return tf.cast(sumRowsById(tf.cast(updates, "float32"), ids, rows), updates.dtype);
}

function addRows(x: Tensor, ids: Tensor, updates: Tensor): Tensor {
  return differentiable(
    { x, updates },
    (save) => {
      save([ids]);
      return tf.add(x, spreadRows(updates, ids, x.shape[0]));
    },
    (dy, saved) => ({ x: () => tf.clone(dy), updates: () => tf.gather(dy, savedAt(saved, 0)) }),
  );
}

function replaceRows(x: Tensor, ids: Tensor, updates: Tensor): Tensor {
  const rows = x.shape[0];
  const isMet = (places: Tensor): Tensor => tf.cast(sumRowsById(tf.ones([places.size, 1]), places, rows), "bool");
  return differentiable(
    { x, updates },
    (save) => {
      save([ids]);
      return tf.where(isMet(ids), spreadRows(updates, ids, rows), x);
    },
    (dy, saved) => ({
      x: () => tf.where(isMet(savedAt(saved, 0)), tf.zerosLike(dy), dy),
      updates: () => tf.gather(dy, savedAt(saved, 0)),
    }),
  );
}

/** Every row sees every update: those that are not its own are made neutral. */
function combineRows(x: Tensor, ids: Tensor, updates: Tensor, reduction: "multiply" | "max" | "min"): Tensor {
  const [rows, width] = x.shape as [number, number];
  const count = ids.size;
  const isOwn = withoutGradient(() => tf.cast(tf.equal(tf.reshape(tf.range(0, rows, 1, "int32"), [rows, 1, 1]), tf.reshape(ids, [1, count, 1])), "int32"));
  const neutral = tf.scalar(reduction === "multiply" ? 1 : reduction === "max" ? -Infinity : Infinity);
  const own = select(isOwn, tf.reshape(updates, [1, count, width]), neutral);
  const all = { axes: [1], keepDims: false };
  if (reduction === "multiply") return multiply(x, product(own, all));
  const joined = tf.concat([tf.reshape(x, [rows, 1, width]), own], 1);
  return reduction === "max" ? max(joined, all) : min(joined, all);
}

/** TensorFlow.js puts the new axis last. */
export function oneHot(indices: Tensor, { depth, axis = -1 }: OpAttributes["oneHot"]): Tensor {
  const last = tf.oneHot(indices, depth, 1, 0, "float32");
  const place = axisOf(axis, last.rank);
  const axes = [...indices.shape.keys()];
  return place === indices.rank ? last : tf.transpose(last, [...axes.slice(0, place), indices.rank, ...axes.slice(place)]);
}

export function topKIndices(x: Tensor, { k, largest }: OpAttributes["topKIndices"]): Tensor {
  return withoutGradient(() => tf.topk(largest ? x : tf.neg(x), k, true).indices);
}
