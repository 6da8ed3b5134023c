/** What TensorFlow's StridedSlice takes: begin, end and strides with their five masks, as one window per axis of the input. */
import { GraftError } from "../../core/errors.ts";
import type { Dim, Shape } from "../../core/shape.ts";

export interface AxisWindow {
  readonly begin: number;
  /** Exclusive; null takes everything, also where `stride` is below 0. */
  readonly end: number | null;
  /** Not 0 */
  readonly stride: number;
  /** How many it takes; null where the axis has an unknown size and that matters. */
  readonly count: Dim;
}

export interface SlicePlan {
  /** One per axis of the input. */
  readonly windows: readonly AxisWindow[];
  /** Shape of the result: axes that were shrunk are gone, new ones have size 1. */
  readonly shape: Shape;
}

export interface SliceMasks {
  readonly begin: number;
  readonly end: number;
  readonly ellipsis: number;
  readonly newAxis: number;
  readonly shrinkAxis: number;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Of tensorflow/core/util/strided_slice_op.cc. @throws GraftError (without `where`) if it does not fit the shape. */
export function planSlice(input: Shape, begin: readonly number[], end: readonly number[], strides: readonly number[], masks: SliceMasks): SlicePlan {
  if (end.length !== begin.length || strides.length !== begin.length) throw new GraftError({ what: `begin, end and strides have ${begin.length}, ${end.length} and ${strides.length} numbers`, wanted: "as many each" });
  const has = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;
  const windows: AxisWindow[] = [];
  const shape: Dim[] = [];
  const takeAll = (): void => {
    const dim = input[windows.length] ?? null;
    windows.push({ begin: 0, end: null, stride: 1, count: dim });
    shape.push(dim);
  };

  begin.forEach((from, i) => {
    if (has(masks.ellipsis, i)) {
      const rest = begin.filter((_, later) => later > i && !has(masks.newAxis, later)).length;
      while (windows.length < input.length - rest) takeAll();
    } else if (has(masks.newAxis, i)) {
      shape.push(1);
    } else {
      if (windows.length >= input.length) throw new GraftError({ what: `it slices more than ${input.length} axes` });
      const dim = input[windows.length] ?? null;
      if (has(masks.shrinkAxis, i)) {
        const place = from < 0 && dim !== null ? from + dim : from;
        if (place < 0 || (dim !== null && place >= dim)) throw new GraftError({ what: `it takes place ${from} of ${dim ?? "an unknown number"}` });
        windows.push({ begin: place, end: place + 1, stride: 1, count: 1 });
      } else {
        const window = windowOf(dim, has(masks.begin, i) ? null : from, has(masks.end, i) ? null : (end[i] as number), strides[i] as number);
        windows.push(window);
        shape.push(window.count);
      }
    }
  });
  while (windows.length < input.length) takeAll();
  return { windows, shape };
}

/** `from` and `to` are null where masked. */
function windowOf(dim: Dim, from: number | null, to: number | null, stride: number): AxisWindow {
  if (stride === 0) throw new GraftError({ what: "a stride is 0" });
  if (dim === null) {
    if ((from ?? 0) !== 0 || to !== null || Math.abs(stride) !== 1) throw new GraftError({ what: "it takes a part of an axis whose size depends on the input" });
    return { begin: 0, end: null, stride, count: null };
  }
  const [low, high] = stride > 0 ? [0, dim] : [-1, dim - 1];
  const place = (value: number): number => clamp(value < 0 ? value + dim : value, low, high);
  const first = from === null ? (stride > 0 ? low : high) : place(from);
  const last = to === null ? (stride > 0 ? high : low) : place(to);
  const count = Math.max(0, Math.ceil((last - first) / stride));
  return { begin: first, end: last < 0 ? null : last, stride, count };
}
