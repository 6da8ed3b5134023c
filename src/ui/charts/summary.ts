/** A chart in one sentence, for those who do not see it and for those who do not want to read it off. Pure. */
import { formatCount, formatPlural } from "../primitives/format.ts";
import type { ChartPoint } from "./rows.ts";

interface SummaryInput {
  /** `Training loss` */
  readonly subject: string;
  readonly points: readonly ChartPoint[];
  readonly format: (value: number) => string;
  readonly validation?: { readonly subject: string; readonly points: readonly ChartPoint[]; readonly best: ChartPoint | null };
}

/** `Training loss fell from 1.93 to 0.42 in 320 steps; validation loss is 0.55, 0.51 after the best epoch, 4.` */
export function describeCurve({ subject, points, format, validation }: SummaryInput): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return "Nothing measured yet.";
  const [from, to] = [format(first.value), format(last.value)];
  const course = from === to ? `is ${to} after` : `${last.value < first.value ? "fell" : "rose"} from ${from} to ${to} in`;
  const main = `${subject} ${course} ${formatPlural(last.step, "step")}`;
  const measured = validation?.points.at(-1);
  if (validation === undefined || measured === undefined) return `${main}.`;
  const { best } = validation;
  const atBest = best && format(best.value) !== format(measured.value) ? `, ${format(best.value)} after the best epoch, ${formatCount(best.epoch)}` : "";
  return `${main}; ${validation.subject} is ${format(measured.value)}${atBest}.`;
}

/**
 * `The rate is 0.00135 after 441 steps, and was between 8.1e-5 and 0.002.` For figures that are not meant to fall or rise.
 * @param input.all every step's figure, where `points` are smoothed.
 */
export function describeRange({ subject, points, all = points, format }: Pick<SummaryInput, "subject" | "points" | "format"> & { readonly all?: readonly ChartPoint[] }): string {
  const last = points.at(-1);
  if (last === undefined) return "Nothing measured yet.";
  const values = all.map(({ value }) => value);
  const [least, greatest] = [format(Math.min(...values)), format(Math.max(...values))];
  const range = least === greatest ? "" : `, and was between ${least} and ${greatest}`;
  return `${subject} is ${format(last.value)} after ${formatPlural(last.step, "step")}${range}.`;
}
