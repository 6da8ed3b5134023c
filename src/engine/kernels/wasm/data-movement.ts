/** Kernels that move or gather values: what the wasm backend lacks, gets wrong, copies needlessly, or does element by element. */
import { tf, type Tensor } from "../../tf.ts";
import { onHeap, required } from "./define.ts";
import { allocate, asWasmBackend, floats, ints, share } from "./heap.ts";

/** A clone shares its memory, as on the other backends; whoever writes in place asks first (heap.ts, exclusiveFloats). */
export const identity = onHeap(tf.Identity, (backend, inputs) => share(backend, required(inputs, "x")));

/** To a boolean, every number but 0 is true: the backend's own keeps the low byte. Fractions are cut towards 0. */
export const cast = onHeap<{ readonly dtype: "float32" | "int32" | "bool" }>(tf.Cast, (backend, inputs, { dtype }) => {
  const x = required(inputs, "x");
  if (dtype === x.dtype) return share(backend, x);
  const result = backend.makeOutput(x.shape, dtype);
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(result);
  if (dtype !== "bool") to.set(from);
  else for (let i = 0; i < from.length; i++) to[i] = from[i] === 0 ? 0 : 1;
  return result;
});

/** Rows of x summed by segment id, in order. Ids outside of 0 .. numSegments - 1 are dropped. */
export const unsortedSegmentSum = onHeap<{ readonly numSegments: number }>(tf.UnsortedSegmentSum, (backend, inputs, { numSegments }) => {
  const x = required(inputs, "x");
  const segmentIds = required(inputs, "segmentIds");
  const rowShape = x.shape.slice(1);
  const result = allocate(backend, [numSegments, ...rowShape]);
  const width = tf.util.sizeFromShape(rowShape);
  const values = floats(backend, x);
  const ids = ints(backend, segmentIds);
  const sums = floats(backend, result).fill(0);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    for (let i = 0; i < width; i++) sums[id * width + i]! += values[row * width + i]!;
  }
  return result;
});

/** table [vocabulary, width] and ids int32 [...] -> [..., width]. The backend's own gather works out the place of each value. */
export function copyRows(table: Tensor, ids: Tensor): Tensor {
  const backend = asWasmBackend(tf.backend());
  const [vocabulary, width] = table.shape as [number, number];
  const result = allocate(backend, [...ids.shape, width]);
  const [from, to] = [floats(backend, table), floats(backend, result)];
  ints(backend, ids).forEach((id, row) => {
    if (id < 0 || id >= vocabulary) throw new Error(`Row ${id} of a table of ${vocabulary} rows.`);
    to.set(from.subarray(id * width, (id + 1) * width), row * width);
  });
  return tf.engine().makeTensorFromDataId(result.dataId, result.shape, result.dtype);
}

interface OneHotAttributes {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
  readonly dtype: "float32" | "int32" | "bool";
}

/** The backend's own writes the bytes of whole numbers whatever the type. An index outside of 0 .. depth - 1 gets no `onValue`. */
export const oneHot = onHeap<OneHotAttributes>(tf.OneHot, (backend, inputs, { depth, onValue, offValue, dtype }) => {
  const indices = required(inputs, "indices");
  const result = backend.makeOutput([...indices.shape, depth], dtype);
  const from = ints(backend, indices);
  const to = backend.typedArrayFromHeap(result).fill(offValue);
  from.forEach((index, row) => {
    if (index >= 0 && index < depth) to[row * depth + index] = onValue;
  });
  return result;
});

/** Repeats along each axis by copying blocks, from the innermost axis outwards. */
export const tile = onHeap<{ readonly reps: readonly number[] }>(tf.Tile, (backend, inputs, { reps }) => {
  const x = required(inputs, "x");
  const outShape = x.shape.map((size, axis) => size * reps[axis]!);
  const result = backend.makeOutput(outShape, x.dtype);
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(result);
  const size = (shape: readonly number[], axis: number): number => tf.util.sizeFromShape(shape.slice(axis));
  const fill = (axis: number, source: number, target: number): void => {
    const innerFrom = size(x.shape, axis + 1);
    const innerTo = size(outShape, axis + 1);
    const block = x.shape[axis]! * innerTo;
    const isCopy = reps.slice(axis + 1).every((count) => count === 1);
    if (isCopy) to.set(from.subarray(source, source + block), target);
    else for (let i = 0; i < x.shape[axis]!; i++) fill(axis + 1, source + i * innerFrom, target + i * innerTo);
    if (block === 1) to.fill(to[target]!, target, target + reps[axis]!);
    else for (let copy = 1; copy < reps[axis]!; copy++) to.copyWithin(target + copy * block, target, target + block);
  };
  if (x.shape.length === 0) to.set(from);
  else fill(0, 0, 0);
  return result;
});
