/** What every classification learns: softmax cross-entropy against one class an example. */
import { softmaxCrossEntropy } from "../../engine/losses.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Objective } from "../../train/objective.ts";

/** @param classCounts training examples per class, for balanced class weights. */
export function classificationObjective(recipe: Pick<Recipe, "labelSmoothing" | "classWeights">, classCounts: readonly number[]): Objective {
  const classWeights = recipe.classWeights === "balanced" ? balancedWeights(classCounts) : undefined;
  return {
    loss: (logits, labels, { training }) => softmaxCrossEntropy(logits, labels, training ? { labelSmoothing: recipe.labelSmoothing, classWeights } : {}),
    scoreInfo: { name: "Accuracy", better: "higher", isShare: true },
    score: (logits: Tensor, labels: Tensor) => tf.tidy(() => tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.argMax(logits, -1), labels), "float32"))),
  };
}

/** n / (classes * count), as scikit-learn's "balanced"; a class without training examples weighs nothing. */
function balancedWeights(counts: readonly number[]): number[] {
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (present * count)));
}
