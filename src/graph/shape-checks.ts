/** What shape rules are made of: tests of what fits, which throw a sentence, and the reading of axes. */
import { GraftError } from "../core/errors.ts";
import type { Dim, Shape } from "../core/shape.ts";

/** Whether two sizes can be the same. */
export function fits(a: Dim, b: Dim): boolean {
  return a === null || b === null || a === b;
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new GraftError({ what });
}

export function checkRank(what: string, shape: Shape, ...ranks: readonly number[]): void {
  check(ranks.includes(shape.length), `${what} has ${shape.length} dimensions, not ${ranks.join(" or ")}`);
}

export const last = (shape: Shape): Dim => shape.at(-1) ?? null;
export const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

export function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  check(Number.isInteger(axis) && positive >= 0 && positive < rank, `axis ${axis} does not exist in ${rank} dimensions`);
  return positive;
}
