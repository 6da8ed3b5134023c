/** A chart in one sentence, for those who do not see it and for those who do not want to read it off. Pure. */
import { formatCount } from "../primitives/format.ts";
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
  const main = `${subject} ${course} ${formatCount(last.step)} ${last.step === 1 ? "step" : "steps"}`;
  const measured = validation?.points.at(-1);
  if (validation === undefined || measured === undefined) return `${main}.`;
  const { best } = validation;
  const atBest = best && format(best.value) !== format(measured.value) ? `, ${format(best.value)} after the best epoch, ${formatCount(best.epoch)}` : "";
  return `${main}; ${validation.subject} is ${format(measured.value)}${atBest}.`;
}
