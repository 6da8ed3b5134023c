/** The shapes of what picks, repeats or scatters values by place. */
import type { Dim, Shape } from "../core/shape.ts";
import { broadcastShapes, formatShape } from "../core/shape.ts";
import { check, checkRank, fits, normalizeAxis } from "./shape-checks.ts";
import type { OpAttributes } from "./types.ts";

export function slice({ begin, size }: OpAttributes["slice"], x: Shape): Shape {
  check(begin.length === x.length && size.length === x.length, `begin and size need ${x.length} numbers each`);
  return x.map((dim, i) => {
    const from = begin[i] as number;
    const count = size[i] as number;
    check(from >= 0 && count >= -1 && (dim === null || from + Math.max(0, count) <= dim), `${count} from ${from} lies outside of axis ${i}`);
    if (count !== -1) return count;
    return dim === null ? null : dim - from;
  });
}

/** A place counted from the end, or beyond one, or none for the end itself, as the place it means. */
export function placeIn(dim: number, place: number | null): number {
  if (place === null) return dim;
  return Math.min(Math.max(place < 0 ? place + dim : place, 0), dim);
}

export function stridedSlice({ begin, end, strides }: OpAttributes["stridedSlice"], x: Shape): Shape {
  check([begin, end, strides].every((list) => list.length === x.length), `begin, end and strides need ${x.length} numbers each`);
  return x.map((dim, i) => {
    const [from, to, stride] = [begin[i] as number, end[i] as number | null, strides[i] as number];
    check(Number.isInteger(stride) && stride > 0, `the stride ${stride} is not a whole number above 0`);
    if (dim === null) {
      const length = to === null ? (from < 0 ? -from : null) : (to < 0) === (from < 0) ? to - from : null;
      return length === null ? null : Math.max(0, Math.ceil(length / stride));
    }
    return Math.max(0, Math.ceil((placeIn(dim, to) - placeIn(dim, from)) / stride));
  });
}

export function tile({ repeats }: OpAttributes["tile"], x: Shape): Shape {
  check(repeats.length === x.length && repeats.every((count) => Number.isInteger(count) && count > 0), `the repeats (${repeats.join(", ")}) do not fit`);
  return x.map((dim, i) => (dim === null ? null : dim * (repeats[i] as number)));
}

export function broadcastTo({ shape }: OpAttributes["broadcastTo"], x: Shape): Shape {
  const lead = shape.length - x.length;
  check(lead >= 0 && shape.every((dim, i) => Number.isInteger(dim) && (dim > 0 || (dim === -1 && i >= lead))), `${formatShape(x)} cannot be spread over (${shape.join(", ")})`);
  const wanted = shape.map((dim, i): Dim => (dim === -1 ? (x[i - lead] as Dim) : dim));
  const spread = broadcastShapes(x, wanted);
  check(spread !== null && spread.every((dim, i) => fits(dim, wanted[i] as Dim)), `${formatShape(x)} cannot be spread over (${shape.join(", ")})`);
  return wanted;
}

export function broadcastLike({ axes }: OpAttributes["broadcastLike"], x: Shape, like: Shape): Shape {
  const result = [...x];
  for (const axis of axes) {
    check(axis >= 0 && axis < x.length && axis < like.length, `axis ${axis} does not exist in both`);
    check(x[axis] === 1, `axis ${axis} has the size ${x[axis] ?? "?"}, not 1`);
    result[axis] = like[axis] as Dim;
  }
  return result;
}

export function pad({ paddings, mode = "constant" }: OpAttributes["pad"], x: Shape): Shape {
  check(paddings.length === x.length, `${paddings.length} paddings do not fit`);
  return x.map((dim, i) => {
    const [before, after] = paddings[i] as readonly [number, number];
    check(before >= 0 && after >= 0, `a padding of ${Math.min(before, after)} is not one`);
    if (dim === null) return null;
    check(mode !== "reflect" || Math.max(before, after) < dim, `${dim} values cannot be mirrored by ${Math.max(before, after)}`);
    return dim + before + after;
  });
}

export function gather({ axis }: OpAttributes["gather"], x: Shape, indices: Shape): Shape {
  const along = normalizeAxis(axis, x.length);
  return [...x.slice(0, along), ...indices, ...x.slice(along + 1)];
}

export function gatherElements({ axis }: OpAttributes["gatherElements"], x: Shape, indices: Shape): Shape {
  const along = normalizeAxis(axis, x.length);
  checkRank("the indices", indices, x.length);
  check(x.every((dim, i) => i === along || dim === null || indices[i] === null || (indices[i] as number) <= dim), "the indices name more places than there are");
  return indices;
}

export function gatherNd({ batchDims }: OpAttributes["gatherNd"], x: Shape, indices: Shape): Shape {
  const named = indices.at(-1) ?? null;
  check(named !== null && indices.length > batchDims, "the last axis of the indices needs a fixed size");
  check(batchDims >= 0 && batchDims + named <= x.length, `${named} indices after ${batchDims} axes are more than the ${x.length} axes there are`);
  check(x.slice(0, batchDims).every((dim, i) => fits(dim, indices[i] as Dim)), `the first ${batchDims} axes differ`);
  return [...indices.slice(0, -1), ...x.slice(batchDims + named)];
}

export function scatterElements({ axis }: OpAttributes["scatterElements"], x: Shape, indices: Shape, updates: Shape): Shape {
  gatherElements({ axis }, x, indices);
  check(updates.length === indices.length && updates.every((dim, i) => fits(dim, indices[i] as Dim)), "updates and indices need the same shape");
  return x;
}

export function scatterNd(_: OpAttributes["scatterNd"], x: Shape, indices: Shape, updates: Shape): Shape {
  const wanted = gatherNd({ batchDims: 0 }, x, indices);
  check(updates.length === wanted.length && updates.every((dim, i) => fits(dim, wanted[i] as Dim)), `the updates need the shape ${formatShape(wanted)}`);
  return x;
}

export function oneHot({ depth, axis = -1 }: OpAttributes["oneHot"], indices: Shape): Shape {
  check(Number.isInteger(depth) && depth > 0, `a depth of ${depth} is not one`);
  const place = normalizeAxis(axis, indices.length + 1);
  return [...indices.slice(0, place), depth, ...indices.slice(place)];
}
