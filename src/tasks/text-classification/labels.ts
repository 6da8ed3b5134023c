/** Any number of labels a text: each label is a question of its own, answered by a sigmoid. */
import type { LabelTextDataset } from "../../data/text-dataset.ts";
import { sigmoidCrossEntropy } from "../../engine/losses.ts";
import type { MultiLabelMetrics } from "../../core/metrics.ts";
import { calibrationOf } from "../../engine/metrics/calibration.ts";
import { columnOf, curvesOf } from "../../engine/metrics/curves.ts";
import { multiLabelMetrics } from "../../engine/metrics/multi-label.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Answer, LabelMistake, SplitResults } from "../../protocol/run.ts";
import { evaluate } from "../../train/evaluate.ts";
import type { Objective } from "../../train/objective.ts";
import { learningRateScale } from "../classification/head.ts";
import { headPath } from "../../graph/surgery/replace-head.ts";
import type { Measured, PreparedTask } from "../engine.ts";
import { BagOfWords } from "./comparison.ts";
import { textSource, type Targets, type TextInput } from "./encode.ts";

/** From this probability up, a label is given. */
const labelThreshold = 0.5;
const maximumMistakes = 100;

export function prepareLabels(recipe: Recipe, dataset: LabelTextDataset, input: TextInput): PreparedTask {
  const labels = [...dataset.classes];
  const targetsOf = (example: number): Float32Array => Float32Array.from(labels, (label) => Number(dataset.labels(example).includes(label)));
  const targets: Targets = { targetDtype: "float32", target: (example) => ({ data: targetsOf(example), shape: [labels.length] }) };
  const yardstick = new BagOfWords(dataset, (training) => ({ kind: "labels", labels: labels.length, targets: Float32Array.from(training.flatMap((example) => [...targetsOf(example)])) }));
  return {
    source: textSource(dataset, input, recipe, targets),
    objective: labelObjective(recipe, positiveWeights(dataset.indices("train").map(targetsOf), labels.length)),
    learningRateScale: learningRateScale(recipe),
    standardised: headPath,
    prepare: (...asked) => yardstick.prepare(...asked),
    measure: async (split, examples, { problem, control }) => {
      const { outputs } = await evaluate(examples, { ...problem, batchSize: problem.microBatchSize, control });
      return new MeasuredLabels(examples, outputs.map(sigmoid), Float32Array.from(examples.flatMap((example) => [...targetsOf(example)])), labels, yardstick.predictions(split));
    },
  };
}

function labelObjective({ labelSmoothing, classWeights }: Pick<Recipe, "labelSmoothing" | "classWeights">, weights: readonly number[]): Objective {
  const positiveWeights = classWeights === "balanced" ? weights : undefined;
  return {
    loss: (logits, targets, { training }) => sigmoidCrossEntropy(logits, targets, training ? { labelSmoothing, ...(positiveWeights && { positiveWeights }) } : {}),
    scoreInfo: { name: "F1 per example", better: "higher", isShare: true },
    score: exampleF1,
  };
}

/** The mean over rows of 2 * right / (given + wanted), and 1 where nothing is wanted and nothing given; scikit-learn's f1_score of "samples". */
function exampleF1(logits: Tensor, targets: Tensor): tf.Scalar {
  return tf.tidy(() => {
    const given = tf.cast(tf.greaterEqual(logits, 0), "float32");
    const both = tf.mul(tf.sum(tf.mul(given, targets), 1), 2);
    const all = tf.add(tf.sum(given, 1), tf.sum(targets, 1));
    const none = tf.cast(tf.equal(all, 0), "float32");
    return tf.mean<tf.Scalar>(tf.div(tf.add(both, none), tf.add(all, none)));
  });
}

/** How many examples have not the label for each that has; 1 for a label that none has. */
export function positiveWeights(targets: readonly Float32Array[], labels: number): number[] {
  return Array.from({ length: labels }, (_, label) => {
    const having = targets.reduce((sum, row) => sum + (row[label] as number), 0);
    return having === 0 || having === targets.length ? 1 : (targets.length - having) / having;
  });
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** One example's logits, most probable label first. */
export function labelAnswer(logits: Float32Array, labels: readonly string[]): Answer {
  return { kind: "labels", labels: labels.map((name, i) => ({ name, probability: sigmoid(logits[i] as number) })).sort((a, b) => b.probability - a.probability) };
}

class MeasuredLabels implements Measured {
  private readonly examples: readonly number[];
  /** [examples, labels] each. */
  private readonly probabilities: Float32Array;
  private readonly targets: Float32Array;
  private readonly labels: readonly string[];
  /** The yardstick's probabilities, [examples, labels]. */
  private readonly counted: Float32Array | undefined;

  constructor(examples: readonly number[], probabilities: Float32Array, targets: Float32Array, labels: readonly string[], counted: Float32Array | undefined) {
    this.examples = examples;
    this.probabilities = probabilities;
    this.targets = targets;
    this.labels = labels;
    this.counted = counted;
  }

  results(before: Measured): SplitResults {
    const { probabilities, targets, labels, counted } = this;
    const metrics = (said: Float32Array): MultiLabelMetrics => multiLabelMetrics(said, targets, labels, { threshold: labelThreshold });
    return {
      kind: "multi-label",
      before: metrics((before as MeasuredLabels).probabilities),
      after: metrics(probabilities),
      mistakes: this.mistakes(),
      curves: labels.map((name, label) => curvesOf(name, columnOf(probabilities, label, labels.length), (row) => targets[row * labels.length + label] === 1)),
      calibration: calibrationOf(probabilities, targets),
      ...(counted && { yardstick: metrics(counted) }),
    };
  }

  /** Most labels wrong first, then the surest. */
  private mistakes(): LabelMistake[] {
    const { labels } = this;
    const mistakes = this.examples.map((item, row): LabelMistake => {
      const missed: string[] = [];
      const wrong: string[] = [];
      let confidence = 0;
      labels.forEach((name, label) => {
        const probability = this.probabilities[row * labels.length + label] as number;
        const isSo = this.targets[row * labels.length + label] === 1;
        const saysSo = probability >= labelThreshold;
        if (isSo === saysSo) return;
        (isSo ? missed : wrong).push(name);
        confidence = Math.max(confidence, saysSo ? probability : 1 - probability);
      });
      return { item, missed, wrong, confidence };
    });
    const count = ({ missed, wrong }: LabelMistake): number => missed.length + wrong.length;
    return mistakes
      .filter((mistake) => count(mistake) > 0)
      .sort((a, b) => count(b) - count(a) || b.confidence - a.confidence)
      .slice(0, maximumMistakes);
  }
}
