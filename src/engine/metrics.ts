/** What a classifier's probabilities are worth: accuracy, precision, recall, F1, confusion and loss. Plain numbers, no tensors. */
import type { ClassificationMetrics, ClassMetrics } from "../protocol/run.ts";

/** The least probability that the logarithm sees: float32 softmax can give 0, and one such example must not make the loss infinite. */
export const LEAST_PROBABILITY = 1e-12;

/** A share of nothing is 0, as scikit-learn's zero_division=0. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/**
 * @param probabilities [examples, classes], row-major
 * @param labels [examples], the index of each example's class
 * @returns macro F1 is the mean over the classes that occur, as labels or as predictions, as in scikit-learn.
 */
export function classificationMetrics(probabilities: Float32Array, labels: Int32Array, classes: readonly string[]): ClassificationMetrics {
  const count = classes.length;
  const confusion = classes.map(() => new Array<number>(count).fill(0));
  let loss = 0;
  labels.forEach((label, example) => {
    const row = probabilities.subarray(example * count, (example + 1) * count);
    confusion[label]![indexOfLargest(row)]! += 1;
    loss -= Math.log(Math.max(row[label]!, LEAST_PROBABILITY));
  });

  const predictedCounts = classes.map((_, predicted) => confusion.reduce((sum, row) => sum + row[predicted]!, 0));
  const perClass = classes.map((name, index): ClassMetrics => {
    const hits = confusion[index]![index]!;
    const support = confusion[index]!.reduce((sum, cell) => sum + cell, 0);
    const precision = share(hits, predictedCounts[index]!);
    const recall = share(hits, support);
    return { name, precision, recall, f1: share(2 * precision * recall, precision + recall), support };
  });
  const occurring = perClass.filter(({ support }, index) => support + predictedCounts[index]! > 0);
  return {
    loss: share(loss, labels.length),
    accuracy: share(classes.reduce((sum, _, index) => sum + confusion[index]![index]!, 0), labels.length),
    f1Macro: share(occurring.reduce((sum, { f1 }) => sum + f1, 0), occurring.length),
    perClass,
    confusion,
  };
}
