/** Losses: from a model's outputs to the one number that training makes smaller. */
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

/**
 * The mean cross-entropy of softmax(logits [batch, classes]) against labels int32 [batch], with the semantics of
 * PyTorch's CrossEntropyLoss: sum of weighted losses over sum of the labels' weights. Only logits get a gradient.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, { labelSmoothing = 0, classWeights, exampleWeights }: CrossEntropyOptions = {}): tf.Scalar {
  const classes = logits.shape[1] as number;
  return differentiable(
    { logits },
    (save) => {
      // Cast, because the wasm backend's one-hot kernel writes floats wrongly.
      const oneHot = tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), "float32");
      const perClass = classWeights && tf.tensor1d([...classWeights]);
      const weightOfLabel = perClass ? tf.sum(tf.mul(oneHot, perClass), 1) : tf.fill([labels.size], 1);
      const weights = exampleWeights ? tf.mul(weightOfLabel, exampleWeights) : weightOfLabel;
      const perExample = tf.div(exampleWeights ?? tf.fill([labels.size], 1), tf.sum(weights));
      const smoothed = labelSmoothing === 0 ? oneHot : tf.add(tf.mul(oneHot, 1 - labelSmoothing), labelSmoothing / classes);
      const targets = tf.mul(perClass ? tf.mul(smoothed, perClass) : smoothed, tf.expandDims(perExample, 1));
      save([logits, targets]);
      return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits))));
    },
    (dy, saved) => ({
      logits: () => {
        const targets = savedAt(saved, 1);
        const expected = tf.mul(tf.softmax(savedAt(saved, 0)), tf.sum(targets, 1, true));
        return tf.mul(dy, tf.sub(expected, targets));
      },
    }),
  ) as tf.Scalar;
}
