/** Looking up a parameter's values where a writer needs all of them. */
import type { Weights, WeightValues } from "../graph/types.ts";

/** A parameter without values is a bug of the caller, not something that a person did. */
export function valuesOf(weights: Weights, name: string): WeightValues {
  const values = weights.get(name);
  if (values === undefined) throw new Error(`The parameter "${name}" has no values.`);
  return values;
}
