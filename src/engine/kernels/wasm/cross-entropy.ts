/**
 * Softmax cross-entropy on wasm: XNNPACK's softmax, then a loop over rows that reads one probability of each. Of the size of the
 * logits there are the probabilities alone, and their gradient is written over them. The composed form is in ../../losses.ts.
 */
import { tf, type Tensor } from "../../tf.ts";
import { asWasmBackend, exclusiveFloats, floats, ints } from "./heap.ts";

export interface CrossEntropyTargets {
  /** int32 [rows]; negative where a row does not count. */
  readonly labels: Tensor;
  readonly labelSmoothing: number;
  readonly classWeights: readonly number[] | undefined;
  /** [rows] */
  readonly rowWeights: Tensor | undefined;
}

/** Targets on the host. */
export interface TargetRows {
  readonly labels: Int32Array;
  /** What each row counts, before its label's weight: 0 where it does not. */
  readonly shares: Float64Array;
  /** Of all rows, by their labels' weights: what the mean is divided by. */
  readonly total: number;
  readonly weightOf: (label: number) => number;
  readonly classWeights: readonly number[] | undefined;
  /** Each class's part of the smoothing, before its weight. */
  readonly even: number;
  /** The label's part. */
  readonly sharp: number;
  readonly weightOfAll: number;
}

function rowsOf({ labels, labelSmoothing, classWeights, rowWeights }: CrossEntropyTargets, classes: number): TargetRows {
  const backend = asWasmBackend(tf.backend());
  // Copies: the heap may move, and the gradient comes later.
  const own = ints(backend, labels).slice();
  const weights = rowWeights && floats(backend, rowWeights);
  const shares = Float64Array.from(own, (label, row) => (label < 0 ? 0 : (weights?.[row] ?? 1)));
  const weightOf = (label: number): number => classWeights?.[label] ?? 1;
  return {
    labels: own,
    shares,
    total: shares.reduce((sum, share, row) => sum + (share === 0 ? 0 : share * weightOf(own[row] as number)), 0),
    weightOf,
    classWeights,
    even: labelSmoothing / classes,
    sharp: 1 - labelSmoothing,
    weightOfAll: classWeights?.reduce((sum, weight) => sum + weight, 0) ?? classes,
  };
}

/** Below it, a probability's logarithm is that of its rounding, if not of 0. */
const LEAST_PROBABILITY = 1e-30;

/** The log of the sum of exponentials of a row, from the logits alone. */
function logSumOf(logits: Float32Array): number {
  let peak = -Infinity;
  for (let i = 0; i < logits.length; i++) peak = Math.max(peak, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - peak);
  return peak + Math.log(sum);
}

/** logits [rows, classes] -> the scalar loss; `probabilities` [rows, classes] and `rows` are for the gradient. */
export function crossEntropyOnHeap(logits: Tensor, targets: CrossEntropyTargets): { readonly loss: Tensor; readonly probabilities: Tensor; readonly rows: TargetRows } {
  const classes = logits.shape[1] as number;
  const probabilities = tf.softmax(logits);
  const rows = rowsOf(targets, classes);
  const backend = asWasmBackend(tf.backend());
  const [of, x] = [floats(backend, probabilities), floats(backend, logits)];
  let loss = 0;
  rows.shares.forEach((share, row) => {
    if (share === 0) return;
    const [label, begin] = [rows.labels[row] as number, row * classes];
    const [probability, logit] = [of[begin + label]!, x[begin + label]!];
    // Not `<`: what is not a number has to reach the loss.
    const distance = probability > LEAST_PROBABILITY ? -Math.log(probability) : logSumOf(x.subarray(begin, begin + classes)) - logit;
    loss += share * rows.sharp * rows.weightOf(label) * distance;
    if (rows.even === 0) return;
    const logSum = distance + logit;
    let spread = 0;
    for (let i = 0; i < classes; i++) spread += rows.weightOf(i) * (logSum - x[begin + i]!);
    loss += share * rows.even * spread;
  });
  return { loss: tf.scalar(loss / rows.total), probabilities, rows };
}

/** The gradient of the logits, in the memory of `probabilities`, which then has other values: once for each forward pass. */
export function crossEntropyGradientOnHeap(dy: Tensor, probabilities: Tensor, rows: TargetRows): Tensor {
  const gradient = exclusiveFloats(probabilities);
  if (gradient === null) throw new Error("The gradient of a cross-entropy is written over what was kept for it, so it is computed once.");
  const classes = probabilities.shape[1] as number;
  const slope = floats(asWasmBackend(tf.backend()), dy)[0]!;
  rows.shares.forEach((share, row) => {
    const of = gradient.subarray(row * classes, (row + 1) * classes);
    if (share === 0) {
      of.fill(0);
      return;
    }
    const label = rows.labels[row] as number;
    const weight = rows.weightOf(label);
    const scale = (slope * share) / rows.total;
    const expected = scale * (rows.sharp * weight + rows.even * rows.weightOfAll);
    for (let i = 0; i < classes; i++) of[i] = of[i]! * expected;
    if (rows.even > 0) for (let i = 0; i < classes; i++) of[i] = of[i]! - scale * rows.even * rows.weightOf(i);
    of[label] = of[label]! - scale * rows.sharp * weight;
  });
  return tf.clone(probabilities);
}
