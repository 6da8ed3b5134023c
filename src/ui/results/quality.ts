/** Curves, calibration and predicted numbers in a sentence each. Pure. */
import type { Calibration, PrecisionRecallCurve, RocCurve } from "../../core/metrics.ts";
import type { PredictedNumber } from "../../protocol/run.ts";
import { formatMetric, formatNumber, formatPlural, formatShare } from "../primitives/format.ts";

export function describeRoc({ area }: RocCurve, name: string): string {
  if (area === null) return `There is no curve: it takes examples of “${name}” and others.`;
  return `Area ${formatMetric(area)}: of one example of “${name}” and one other, the first gets the higher probability in ${formatShare(area)} of the cases. Chance, the dashed line, is 0.50.`;
}

export function describePrecisionRecall({ averagePrecision }: PrecisionRecallCurve, name: string): string {
  if (averagePrecision === null) return `There is no curve: it takes examples of “${name}”.`;
  return `Average precision ${formatMetric(averagePrecision)}: how much of what is called “${name}” is right, the more of it is found. 1 is perfect.`;
}

/** Whether the model says too much or too little is the sign of the bins' mean gap, weighted by their counts. */
export function describeCalibration({ bins, expectedCalibrationError, brierScore }: Calibration): string {
  if (expectedCalibrationError === null) return "There is nothing to compare: the model gives no probabilities.";
  const gap = bins.reduce((sum, { count, meanPredicted, observed }) => sum + count * ((meanPredicted ?? 0) - (observed ?? 0)), 0);
  const lean = expectedCalibrationError < 0.01 ? "" : gap > 0 ? " It is more sure than it should be." : " It is less sure than it could be.";
  const brier = brierScore === null ? "" : ` Brier score ${formatMetric(brierScore)}.`;
  return `Expected calibration error ${formatMetric(expectedCalibrationError)}: so far apart are, on average, how sure the model is and how often it is right.${lean}${brier}`;
}

/** @param points at least one. */
export function describePredictions(points: readonly PredictedNumber[]): string {
  const errors = points.map(({ actual, predicted }) => Math.abs(predicted - actual)).sort((a, b) => a - b);
  const median = errors[Math.ceil(errors.length / 2) - 1] ?? 0;
  return `${formatPlural(points.length, "example")}; on the dashed line, prediction and truth are the same. Half of the predictions are at most ${formatNumber(median)} off, the worst ${formatNumber(errors.at(-1) ?? 0)}.`;
}

/** Round ends for both axes of predicted against true, or of one number alone. */
export function rangeOf(points: readonly PredictedNumber[]): readonly [from: number, to: number] {
  const values = points.flatMap(({ actual, predicted }) => [actual, predicted]);
  const [least, greatest] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const unit = 10 ** Math.floor(Math.log10(greatest - least || Math.abs(greatest) || 1)) / 2;
  const [from, to] = [Math.floor(least / unit) * unit, Math.ceil(greatest / unit) * unit];
  return from < to ? [from, to] : [from - unit, to + unit];
}
