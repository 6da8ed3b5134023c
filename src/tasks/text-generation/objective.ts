/** What a language model learns: the cross-entropy of each next token that counts. */
import { softmaxCrossEntropy } from "../../engine/losses.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Objective } from "../../train/objective.ts";

/** Outputs are logits [batch, tokens, vocabulary], targets token ids int32 [batch, tokens], negative where they do not count. */
export function generationObjective({ labelSmoothing }: Pick<Recipe, "labelSmoothing">): Objective {
  return {
    loss: (output, targets, { training }) => softmaxCrossEntropy(rowsOf(output), tf.reshape(targets, [-1]), training ? { labelSmoothing } : {}),
    scoreInfo: { name: "Token accuracy", better: "higher", isShare: true },
    score: (output, targets) =>
      tf.tidy(() => {
        const labels = tf.reshape(targets, [-1]);
        const counts = tf.cast(tf.greaterEqual(labels, 0), "float32");
        const hits = tf.mul(tf.cast(tf.equal(tf.argMax(rowsOf(output), -1), labels), "float32"), counts);
        return tf.div<tf.Scalar>(tf.sum(hits), tf.sum(counts));
      }),
  };
}

/** [batch, tokens, vocabulary] -> [batch * tokens, vocabulary] */
function rowsOf(output: Tensor): Tensor {
  return tf.reshape(output, [-1, output.shape.at(-1) as number]);
}
