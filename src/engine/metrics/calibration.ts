/**
 * Whether a model is as often right as it says: reliability bins, expected calibration error (Guo et al., 2017: of the class that is
 * predicted) and Brier score.
 */
import type { Calibration, ReliabilityBin } from "../../core/metrics.ts";
import { indexOfLargest } from "../metrics.ts";
import { finiteOrNull } from "./finite.ts";

const binCount = 10;

/** @param probabilities [examples, classes], row-major; @param labels [examples], the index of each example's class. */
export function classCalibration(probabilities: Float32Array, labels: Int32Array, classes: number): Calibration {
  const confidences = new Float32Array(labels.length);
  const hits = new Uint8Array(labels.length);
  let squares = 0;
  labels.forEach((label, example) => {
    const row = probabilities.subarray(example * classes, (example + 1) * classes);
    const predicted = indexOfLargest(row);
    confidences[example] = row[predicted] as number;
    hits[example] = Number(predicted === label);
    row.forEach((probability, index) => (squares += (probability - Number(index === label)) ** 2));
  });
  return { ...reliability(confidences, hits), brierScore: finiteOrNull(squares / labels.length) };
}

/** Of single probabilities: those of one class, or of all labels one after another. @param outcomes 1 for what came true, else 0. */
export function calibrationOf(probabilities: Float32Array, outcomes: ArrayLike<number>): Calibration {
  let squares = 0;
  probabilities.forEach((probability, i) => (squares += (probability - (outcomes[i] as number)) ** 2));
  return { ...reliability(probabilities, outcomes), brierScore: finiteOrNull(squares / probabilities.length) };
}

function reliability(probabilities: Float32Array, outcomes: ArrayLike<number>): Pick<Calibration, "bins" | "expectedCalibrationError"> {
  const sums = Array.from({ length: binCount }, () => ({ count: 0, predicted: 0, observed: 0 }));
  probabilities.forEach((probability, i) => {
    const sum = sums[Math.min(binCount - 1, Math.max(0, Math.ceil(probability * binCount) - 1))];
    // Of a model that has diverged, probabilities are no numbers.
    if (sum === undefined) return;
    sum.count += 1;
    sum.predicted += probability;
    sum.observed += outcomes[i] as number;
  });
  const bins = sums.map(({ count, predicted, observed }, i): ReliabilityBin => ({ from: i / binCount, to: (i + 1) / binCount, count, meanPredicted: finiteOrNull(predicted / count), observed: finiteOrNull(observed / count) }));
  const total = sums.reduce((sum, { count }) => sum + count, 0);
  const error = sums.reduce((sum, { predicted, observed }) => sum + Math.abs(predicted - observed), 0);
  return { bins, expectedCalibrationError: finiteOrNull(error / total) };
}
