/** What a model is worth that gives every label a probability of its own. Plain numbers, no tensors. */
import type { LabelMetrics, MultiLabelMetrics } from "../../core/metrics.ts";
import { LEAST_PROBABILITY, share } from "../metrics.ts";
import { columnOf, curvesOf } from "./curves.ts";
import { finiteOrNull, meanOrNull } from "./finite.ts";

export interface MultiLabelOptions {
  /** A label is predicted from this probability up; 0.5 by default. */
  readonly threshold?: number;
}

/**
 * @param probabilities [examples, labels], row-major
 * @param targets [examples, labels]: 1 where the example has the label, else 0
 * @returns precision, recall and F1 of nothing are 0, as scikit-learn's zero_division=0.
 */
export function multiLabelMetrics(probabilities: Float32Array, targets: ArrayLike<number>, labels: readonly string[], { threshold = 0.5 }: MultiLabelOptions = {}): MultiLabelMetrics {
  const count = labels.length;
  const examples = probabilities.length / count;
  const [hits, predicted, support] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  let [loss, wrong, allRight] = [0, 0, 0];
  for (let example = 0; example < examples; example++) {
    let wrongHere = 0;
    for (let label = 0; label < count; label++) {
      const probability = probabilities[example * count + label] as number;
      const isSo = targets[example * count + label] === 1;
      const saysSo = probability >= threshold;
      loss -= Math.log(Math.max(isSo ? probability : 1 - probability, LEAST_PROBABILITY));
      if (isSo) support[label]! += 1;
      if (saysSo) predicted[label]! += 1;
      if (isSo && saysSo) hits[label]! += 1;
      if (isSo !== saysSo) wrongHere += 1;
    }
    wrong += wrongHere;
    if (wrongHere === 0) allRight += 1;
  }

  const perLabel = labels.map((name, label): LabelMetrics => {
    const precision = share(hits[label]!, predicted[label]!);
    const recall = share(hits[label]!, support[label]!);
    const { averagePrecision } = curvesOf(name, columnOf(probabilities, label, count), (example) => targets[example * count + label] === 1).precisionRecall;
    return { name, precision, recall, f1: share(2 * precision * recall, precision + recall), support: support[label]!, averagePrecision };
  });
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    loss: finiteOrNull(loss / probabilities.length),
    f1Micro: finiteOrNull((2 * sum(hits)) / (sum(predicted) + sum(support))),
    f1Macro: meanOrNull(perLabel.filter((_, label) => support[label]! + predicted[label]! > 0).map(({ f1 }) => f1)),
    subsetAccuracy: finiteOrNull(allRight / examples),
    hammingLoss: finiteOrNull(wrong / probabilities.length),
    meanAveragePrecision: meanOrNull(perLabel.flatMap(({ averagePrecision }) => (averagePrecision === null ? [] : [averagePrecision]))),
    perLabel,
  };
}
