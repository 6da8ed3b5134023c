/** Orders of axes: `transpose(x, p)` has x's axis p[i] as its axis i. No graph here. */
import type { Shape } from "../../core/shape.ts";

export type Permutation = readonly number[];

export const identity = (rank: number): Permutation => Array.from({ length: rank }, (_, axis) => axis);
export const isIdentity = (order: Permutation): boolean => order.every((axis, i) => axis === i);

/** First `first`, then `second`. */
export const compose = (first: Permutation, second: Permutation): Permutation => second.map((axis) => first[axis] as number);

export const inverse = (order: Permutation): Permutation => order.map((_, axis) => order.indexOf(axis));

export const permuteShape = (shape: Shape, order: Permutation): Shape => order.map((axis) => shape[axis] ?? null);

/** The values of a transposed tensor. */
export function permuteValues<Values extends Float32Array | Int32Array | Float64Array>(values: Values, shape: readonly number[], order: Permutation): Values {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const result = values.slice() as Values;
  // A last axis that stays last is copied in one go.
  const run = order.at(-1) === shape.length - 1 ? (shape.at(-1) ?? 1) : 1;
  const walked = run === 1 ? order : order.slice(0, -1);
  const to = walked.map((axis) => shape[axis] as number);
  const counters = new Array<number>(to.length).fill(0);
  let position = 0;
  for (let i = 0; i < result.length; i += run) {
    if (run === 1) result[i] = values[position] as number;
    else result.set(values.subarray(position, position + run), i);
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const stride = strides[walked[axis] as number] as number;
      position += stride;
      if (++(counters[axis] as number) < (to[axis] as number)) break;
      position -= stride * (to[axis] as number);
      counters[axis] = 0;
    }
  }
  return result;
}
