/** A classifier's logits, turned into what a person looks at: probabilities, metrics, mistakes. */
import { classificationMetrics } from "../../engine/metrics.ts";
import type { Answer, ClassificationMetrics, Mistake } from "../../protocol/run.ts";

/** The outputs over one split, kept for the confusion matrix's cells. */
export interface SplitPredictions {
  readonly examples: readonly number[];
  readonly labels: Int32Array;
  /** [examples, classes] */
  readonly probabilities: Float32Array;
}

const maximumMistakes = 100;

/** Row-wise softmax of [rows, classes]. */
export function softmaxRows(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const peak = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += result[start + i] = Math.exp((row[i] as number) - peak);
    for (let i = 0; i < classes; i++) result[start + i] = (result[start + i] as number) / sum;
  }
  return result;
}

export function metricsOf({ probabilities, labels }: SplitPredictions, classes: readonly string[]): ClassificationMetrics {
  return classificationMetrics(probabilities, labels, classes);
}

/** Most confidently wrong first. */
export function mistakesOf(predictions: SplitPredictions, classes: readonly string[]): Mistake[] {
  const mistakes: Mistake[] = [];
  predictions.examples.forEach((item, row) => {
    const probabilities = rowOf(predictions, row, classes.length);
    const predicted = argMax(probabilities);
    const actual = predictions.labels[row] as number;
    if (predicted === actual) return;
    mistakes.push({
      item,
      actual: classes[actual] as string,
      predicted: classes[predicted] as string,
      confidence: probabilities[predicted] as number,
      actualProbability: probabilities[actual] as number,
    });
  });
  return mistakes.sort((a, b) => b.confidence - a.confidence).slice(0, maximumMistakes);
}

/** The items that one cell of the confusion matrix counts, most confident first. */
export function confusionCell(predictions: SplitPredictions, actual: number, predicted: number, classes: number): number[] {
  return predictions.examples
    .map((item, row) => ({ item, row, probabilities: rowOf(predictions, row, classes) }))
    .filter(({ row, probabilities }) => predictions.labels[row] === actual && argMax(probabilities) === predicted)
    .sort((a, b) => (b.probabilities[predicted] as number) - (a.probabilities[predicted] as number))
    .map(({ item }) => item);
}

/** One example's logits as classes, most probable first. */
export function answerOf(logits: Float32Array, classes: readonly string[]): Answer {
  const probabilities = softmaxRows(logits, classes.length);
  return { kind: "classes", classes: classes.map((name, i) => ({ name, probability: probabilities[i] as number })).sort((a, b) => b.probability - a.probability) };
}

function rowOf({ probabilities }: SplitPredictions, row: number, classes: number): Float32Array {
  return probabilities.subarray(row * classes, (row + 1) * classes);
}

function argMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}
