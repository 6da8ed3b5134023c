/** Losses: from a model's outputs to the one number that training makes smaller. */
import { crossEntropyGradientOnHeap, crossEntropyOnHeap, type TargetRows } from "./kernels/wasm/cross-entropy.ts";
import { crossEntropyBackward, crossEntropyForward } from "./kernels/webgpu/cross-entropy.ts";
import { differentiable, savedAt } from "./ops/differentiable.ts";
import { tf, type Tensor } from "./tf.ts";

export interface CrossEntropyOptions {
  /** This share of each target is spread evenly over all classes; Szegedy et al., 2016. */
  readonly labelSmoothing?: number;
  /** How much each class counts; the mean is weighted by them. */
  readonly classWeights?: readonly number[];
  /** How much each example counts, [batch]; the mean is weighted by them. */
  readonly exampleWeights?: Tensor;
}

/** The label of a row that does not count, as PyTorch's ignore_index has it; any negative label is one. */
export const IGNORED_LABEL = -100;

/**
 * The mean cross-entropy of softmax(logits [rows, classes]) against labels int32 [rows], with the semantics of
 * PyTorch's CrossEntropyLoss: sum of weighted losses over sum of the labels' weights. Only logits get a gradient.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): tf.Scalar {
  const byBackend: Readonly<Record<string, typeof crossEntropyComposed>> = { webgpu: crossEntropyByKernels, wasm: crossEntropyInPlace };
  return (byBackend[tf.getBackend()] ?? crossEntropyComposed)(logits, labels, options) as tf.Scalar;
}

export interface BinaryCrossEntropyOptions {
  /** This share of each target is moved to one half. */
  readonly labelSmoothing?: number;
  /** How much each label counts where it is so, beside where it is not: PyTorch's pos_weight. */
  readonly positiveWeights?: readonly number[];
}

/**
 * The mean over rows and labels of the binary cross-entropy of sigmoid(logits [rows, labels]) against targets [rows, labels] of 0 and 1,
 * as PyTorch's BCEWithLogitsLoss, finite for logits of any size. Only logits get a gradient.
 */
export function sigmoidCrossEntropy(logits: Tensor, targets: Tensor, { labelSmoothing = 0, positiveWeights }: BinaryCrossEntropyOptions = {}): tf.Scalar {
  return differentiable(
    { logits },
    (save) => {
      const smoothed = labelSmoothing === 0 ? tf.clone(targets) : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / 2);
      // 1 + (weight - 1) * target: how much an element's positive part counts.
      const weights = positiveWeights ? tf.add(tf.mul(smoothed, tf.tensor1d(positiveWeights.map((weight) => weight - 1))), 1) : tf.onesLike(smoothed);
      save([logits, smoothed, weights]);
      const softplusOfNegative = tf.add(tf.log1p(tf.exp(tf.neg(tf.abs(logits)))), tf.relu(tf.neg(logits)));
      return tf.mean(tf.add(tf.mul(tf.sub(1, smoothed), logits), tf.mul(weights, softplusOfNegative)));
    },
    (dy, saved) => ({
      logits: () => {
        const [x, y, weights] = [savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2)];
        // (1 - y) - weights * sigmoid(-x)
        return tf.mul(tf.div(dy, x.size), tf.sub(tf.sub(1, y), tf.mul(weights, tf.sigmoid(tf.neg(x)))));
      },
    }),
  ) as tf.Scalar;
}

/** The mean of ((outputs - targets) / unit)^2, both [rows, 1]: PyTorch's MSELoss of numbers that were divided by `unit`. Only outputs get a gradient. */
export function meanSquaredError(outputs: Tensor, targets: Tensor, { unit = 1 }: { readonly unit?: number } = {}): tf.Scalar {
  return differentiable(
    { outputs },
    (save) => {
      const errors = tf.mul(tf.sub(outputs, targets), 1 / unit);
      save([errors]);
      return tf.mean(tf.square(errors));
    },
    (dy, saved) => ({ outputs: () => tf.mul(tf.mul(dy, 2 / (unit * savedAt(saved, 0).size)), savedAt(saved, 0)) }),
  ) as tf.Scalar;
}

function crossEntropyByKernels(logits: Tensor, labels: Tensor, { labelSmoothing = 0, classWeights, exampleWeights }: CrossEntropyOptions): Tensor {
  return differentiable(
    { logits },
    (save) => {
      const perClass = classWeights && tf.tensor1d([...classWeights]);
      const { loss, rows, weight } = crossEntropyForward(logits, { labels, labelSmoothing, classWeights: perClass, rowWeights: exampleWeights });
      save([logits, labels, rows, weight, ...(exampleWeights ? [exampleWeights] : []), ...(perClass ? [perClass] : [])]);
      return loss;
    },
    (dy, saved) => ({
      logits: () => {
        const rowWeights = exampleWeights && savedAt(saved, 4);
        const perClass = classWeights && savedAt(saved, exampleWeights ? 5 : 4);
        return crossEntropyBackward(dy, savedAt(saved, 0), savedAt(saved, 2), savedAt(saved, 3), { labels: savedAt(saved, 1), labelSmoothing, classWeights: perClass, rowWeights });
      },
    }),
  );
}

function crossEntropyInPlace(logits: Tensor, labels: Tensor, { labelSmoothing = 0, classWeights, exampleWeights }: CrossEntropyOptions): Tensor {
  let targetRows: TargetRows | undefined;
  return differentiable(
    { logits },
    (save) => {
      const { loss, probabilities, rows } = crossEntropyOnHeap(logits, { labels, labelSmoothing, classWeights, rowWeights: exampleWeights });
      targetRows = rows;
      save([probabilities]);
      return loss;
    },
    (dy, saved) => ({ logits: () => crossEntropyGradientOnHeap(dy, savedAt(saved, 0), targetRows as TargetRows) }),
  );
}

/** The log of the sum of exponentials less the label's logit; its slope, the softmax less one at the label. */
function crossEntropyComposed(logits: Tensor, labels: Tensor, { labelSmoothing = 0, classWeights, exampleWeights }: CrossEntropyOptions): Tensor {
  const [rows, classes] = logits.shape as [number, number];
  const [sharp, even] = [1 - labelSmoothing, labelSmoothing / classes];
  return differentiable(
    { logits },
    (save) => {
      const counts = tf.cast(tf.greaterEqual(labels, 0), "float32");
      const targets = tf.maximum(labels, tf.scalar(0, "int32"));
      const places = tf.add(tf.mul(tf.range(0, rows, 1, "int32"), tf.scalar(classes, "int32")), targets);
      const ofClasses = classWeights ? tf.tensor1d([...classWeights]) : tf.ones([classes]);
      const ofLabels = tf.gather(ofClasses, targets);
      const shares = exampleWeights ? tf.mul(counts, exampleWeights) : counts;
      const means = tf.div(shares, tf.sum(tf.mul(shares, ofLabels)));
      // [rows, classes]
      const distances = tf.neg(tf.logSoftmax(logits));
      const ofLabel = tf.mul(tf.mul(ofLabels, sharp), tf.gather(tf.reshape(distances, [-1]), places));
      const ofAll = even === 0 ? tf.zeros([rows]) : tf.mul(tf.sum(tf.mul(distances, ofClasses), 1), even);
      save([distances, places, tf.mul(means, tf.mul(ofLabels, sharp)), tf.mul(means, even), ofClasses]);
      return tf.sum(tf.mul(means, tf.add(ofLabel, ofAll)));
    },
    (dy, saved) => ({
      logits: () => {
        const [distances, places, ofLabels, evens, ofClasses] = [0, 1, 2, 3, 4].map((index) => savedAt(saved, index)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
        const ofRows = tf.add(ofLabels, tf.mul(evens, tf.sum(ofClasses)));
        const expected = tf.mul(tf.exp(tf.neg(distances)), tf.expandDims(ofRows, 1));
        const smoothed = even === 0 ? expected : tf.sub(expected, tf.mul(tf.expandDims(evens, 1), ofClasses));
        const atLabels = tf.scatterND(tf.expandDims(places, 1), ofLabels, [rows * classes]);
        return tf.mul(dy, tf.sub(smoothed, tf.reshape(atLabels, [rows, classes])));
      },
    }),
  );
}
