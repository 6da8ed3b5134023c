/** Which elements an ONNX Slice takes from each axis. It computes no values. */
import type { Dim, Shape } from "../../core/shape.ts";
import type { OnnxNode } from "./node.ts";
import { normalizeAxis } from "./host-tensor.ts";

export interface SliceRange {
  /** First element, counted from the front. */
  readonly start: number;
  readonly step: number;
  /** null: to the end of an axis whose size is not known. */
  readonly count: Dim;
}

/** @param rest starts, ends, axes and steps where they are inputs. */
export function sliceRanges(node: OnnxNode, shape: Shape, rest: readonly (readonly number[] | undefined)[]): readonly SliceRange[] {
  const starts = node.integers("starts") ?? rest[0] ?? [];
  const ends = node.integers("ends") ?? rest[1] ?? [];
  const axes = node.integers("axes") ?? rest[2] ?? starts.map((_, i) => i);
  const steps = rest[3] ?? [];
  const ranges: SliceRange[] = shape.map((dim) => ({ start: 0, step: 1, count: dim }));
  axes.forEach((given, i) => {
    const axis = normalizeAxis(given, shape.length);
    ranges[axis] = rangeOf(node, shape[axis] as Dim, starts[i] ?? 0, ends[i] ?? Infinity, steps[i] ?? 1);
  });
  return ranges;
}

function rangeOf(node: OnnxNode, dim: Dim, start: number, end: number, step: number): SliceRange {
  if (!Number.isInteger(step) || step === 0) throw node.refuse(`its step is ${step}`, "a whole number other than 0");
  if (dim === null) {
    // NaN is the axis's own size, which is its end.
    if (start < 0 || step !== 1 || end < 0) throw node.refuse("it counts from the end of an axis whose size is not known", "an axis of a fixed size");
    const last = Number.isNaN(end) || end >= 2 ** 31 - 1 ? null : end;
    return { start, step, count: last === null ? null : Math.max(0, last - start) };
  }
  if (Number.isNaN(end)) throw node.refuse(`it takes as many of ${dim} as a size says that is known only when the model runs`, "a fixed size", "Export the model with fixed sizes, or give the sizes.");
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value < 0 ? value + dim : value, low), high);
  const [first, last] = step > 0 ? [clamp(start, 0, dim), clamp(end, 0, dim)] : [clamp(start, 0, dim - 1), clamp(end, -1, dim - 1)];
  return { start: first, step, count: Math.max(0, Math.ceil((last - first) / step)) };
}
