/** Measures that are not defined are `null`: NaN and infinities would become that in JSON anyway, silently. */

export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Of nothing there is none. */
export function meanOrNull(values: readonly number[]): number | null {
  return finiteOrNull(values.reduce((sum, value) => sum + value, 0) / values.length);
}
