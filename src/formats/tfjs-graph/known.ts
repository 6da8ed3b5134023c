/**
 * Tensors of a TensorFlow graph that are known before it runs: constants, and what is computed from them and from shapes. A size
 * that depends on the input is a symbol, so that a shape which was taken apart and put together again keeps the batch free.
 */
import type { DType } from "../../core/shape.ts";
import type { WeightValues } from "../../graph/types.ts";
import type { DecodedWeight } from "../tfjs-weights.ts";

/** `times` as many as the examples of a batch. */
export interface BatchSize {
  readonly times: number;
}

/** A number, or one that depends on the batch. */
export type Size = number | BatchSize;

export interface Known {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: WeightValues | readonly Size[];
  /** Computed by the reader; else it stands in the file, and a float that does may be a weight. */
  readonly isDerived: boolean;
}

/** More numbers than this are data, which nobody computes shapes with. */
export const maxFoldedSize = 4096;

export function knownWeight({ shape, values }: DecodedWeight): Known {
  return { shape, dtype: values instanceof Float32Array ? "float32" : "int32", values, isDerived: false };
}

export function derived(shape: readonly number[], dtype: DType, values: readonly Size[]): Known {
  return { shape, dtype, values, isDerived: true };
}

export function isNumeric(values: Known["values"]): values is WeightValues | readonly number[] {
  return !Array.isArray(values) || values.every((value) => typeof value === "number");
}

/** Whether the reader may compute with it: weights stay as they are, so that they can learn. */
export function isFoldable({ dtype, values, isDerived }: Known): boolean {
  return values.length <= maxFoldedSize && (isDerived || dtype === "int32" || values.length === 1);
}

export const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

/** a * b; undefined where both depend on the batch. */
export function multiplySizes(a: Size, b: Size): Size | undefined {
  if (typeof a === "number") return typeof b === "number" ? a * b : multiplySizes(b, a);
  if (typeof b !== "number") return undefined;
  return b === 0 ? 0 : { times: a.times * b };
}
