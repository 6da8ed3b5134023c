/** How far predicted numbers are from the true ones, and whether they rise together. Plain numbers, no tensors. */
import type { RegressionMetrics } from "../../core/metrics.ts";
import { finiteOrNull } from "./finite.ts";

/** @param predictions, targets [examples]. Shares and correlations of fewer than two examples, or of a constant, are not defined. */
export function regressionMetrics(predictions: Float32Array, targets: Float32Array): RegressionMetrics {
  const examples = targets.length;
  let [absolute, squared, variation] = [0, 0, 0];
  const mean = meanOf(targets);
  targets.forEach((target, example) => {
    const error = (predictions[example] as number) - target;
    absolute += Math.abs(error);
    squared += error * error;
    variation += (target - mean) ** 2;
  });
  return {
    meanAbsoluteError: finiteOrNull(absolute / examples),
    rootMeanSquaredError: finiteOrNull(Math.sqrt(squared / examples)),
    r2: isConstant(targets) ? null : finiteOrNull(1 - squared / variation),
    pearson: correlation(predictions, targets),
    spearman: predictions.some(Number.isNaN) ? null : correlation(ranks(predictions), ranks(targets)),
  };
}

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** By the values: the sum of squares around a mean that was rounded is hardly ever 0. */
function isConstant(values: Float32Array | Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

function correlation(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number | null {
  if (isConstant(a) || isConstant(b)) return null;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  a.forEach((value, i) => {
    const [distanceA, distanceB] = [value - meanA, (b[i] as number) - meanB];
    both += distanceA * distanceB;
    squaresA += distanceA * distanceA;
    squaresB += distanceB * distanceB;
  });
  return finiteOrNull(both / Math.sqrt(squaresA * squaresB));
}

/** From 1 up; equal values share the mean of their ranks. */
function ranks(values: Float32Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    const value = values[order[start] as number];
    while (end < order.length && values[order[end] as number] === value) end++;
    for (let i = start; i < end; i++) result[order[i] as number] = (start + 1 + end) / 2;
  }
  return result;
}
