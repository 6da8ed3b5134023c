/** What a chart draws, as rows by step or by epoch: curves of different density merged on one axis. Pure. */

import { formatCount } from "../primitives/format.ts";

export type Axis = "step" | "epoch";

export interface ChartPoint {
  readonly step: number;
  /** Fractional: 1.5 is half way through the second epoch. */
  readonly epoch: number;
  readonly value: number;
}

/** Up to three lines: every step as it was, the line that is read, and validation. */
export interface ChartRow {
  readonly x: number;
  readonly raw?: number;
  readonly main?: number;
  readonly validation?: number;
}

export type LineName = Exclude<keyof ChartRow, "x">;
export type ChartLines = Readonly<Partial<Record<LineName, readonly ChartPoint[]>>>;

export const lineNames = ["raw", "main", "validation"] as const satisfies readonly LineName[];

/** One row for every place on the axis where some line has a point, in order. */
export function chartRows(lines: ChartLines, axis: Axis): readonly ChartRow[] {
  const rows = new Map<number, { x: number } & Partial<Record<LineName, number>>>();
  for (const name of lineNames) {
    for (const point of lines[name] ?? []) {
      const x = point[axis];
      const row = rows.get(x) ?? { x };
      row[name] = point.value;
      rows.set(x, row);
    }
  }
  return [...rows.values()].sort((a, b) => a.x - b.x);
}

/** Round places on an axis from 0 to `end`, about `count` of them. */
export function axisTicks(end: number, count = 5): readonly number[] {
  const rough = Math.max(1, end) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const stride = Math.max(1, ([1, 2, 5].find((times) => times * unit >= rough) ?? 10) * unit);
  return Array.from({ length: Math.floor(end / stride) + 1 }, (_, i) => i * stride);
}

/**
 * How an axis that ends near `end` writes its places: all in one notation, and never wider than seven characters. They are
 * round numbers, so trailing zeros would only pretend to be precise.
 */
export function tickFormat(end: number): (value: number) => string {
  if (end >= 1000) return formatCount;
  if (end >= 1e-3) return (value) => String(Number(value.toPrecision(3)));
  return (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toExponential());
}

/** At most `most` rows for a table, evenly chosen; rows with a validation figure go first, the last row always stays. */
export function tableRows(rows: readonly ChartRow[], most: number): readonly ChartRow[] {
  const measured = rows.filter(({ validation }) => validation !== undefined);
  const pool = measured.length > 1 ? measured : rows.filter(({ main }) => main !== undefined);
  if (pool.length <= most) return pool;
  return Array.from({ length: most }, (_, i) => pool[Math.round((i * (pool.length - 1)) / (most - 1))]).filter((row) => row !== undefined);
}
