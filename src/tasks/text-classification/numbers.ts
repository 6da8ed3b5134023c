/** A number a text. It is learned standardised, and the model's last step gives it in its own units again, in every export. */
import type { NumberTextDataset } from "../../data/text-dataset.ts";
import { meanSquaredError } from "../../engine/losses.ts";
import { regressionMetrics } from "../../engine/metrics/regression.ts";
import { tf } from "../../engine/tf.ts";
import { headPath } from "../../graph/surgery/replace-head.ts";
import { scaleOutput, unitNames } from "../../graph/surgery/scale-output.ts";
import type { Model } from "../../graph/types.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Answer, PredictedNumber, SplitResults } from "../../protocol/run.ts";
import { evaluate } from "../../train/evaluate.ts";
import type { Objective } from "../../train/objective.ts";
import { learningRateScale } from "../classification/head.ts";
import type { Measured, PreparedTask } from "../engine.ts";
import { BagOfWords } from "./comparison.ts";
import { textSource, type TextInput } from "./encode.ts";

const maximumMistakes = 100;
/** A chart of more is a cloud. */
const maximumPoints = 400;

export interface Units {
  readonly center: number;
  /** Never 0. */
  readonly scale: number;
}

/** Mean and standard deviation. */
function unitsOf(values: readonly number[]): Units {
  const center = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / Math.max(1, values.length);
  return { center, scale: Math.sqrt(variance) || 1 };
}

/** The model with its last step; until the data are known, it changes nothing. */
export function withUnits({ graph, weights }: Model): Model {
  return { graph: scaleOutput(graph), weights: new Map([...weights, [unitNames.scale, Float32Array.of(1)], [unitNames.center, Float32Array.of(0)]]) };
}

export function prepareNumbers(recipe: Recipe, dataset: NumberTextDataset, input: TextInput): PreparedTask {
  const units = unitsOf(dataset.indices("train").map((index) => dataset.value(index)));
  const yardstick = new BagOfWords(dataset, (training) => ({ kind: "number", targets: training.map((example) => dataset.value(example)) }));
  return {
    source: textSource(dataset, input, recipe, { targetDtype: "float32", target: (example) => ({ data: Float32Array.of(dataset.value(example)), shape: [1] }) }),
    objective: numberObjective(units),
    learningRateScale: learningRateScale(recipe),
    standardised: headPath,
    statistics: new Map([[unitNames.scale, Float32Array.of(units.scale)], [unitNames.center, Float32Array.of(units.center)]]),
    prepare: (...asked) => yardstick.prepare(...asked),
    measure: async (split, examples, { problem, control }) => {
      const { outputs } = await evaluate(examples, { ...problem, batchSize: problem.microBatchSize, control });
      return new MeasuredNumbers(examples, outputs, Float32Array.from(examples, (example) => dataset.value(example)), yardstick.predictions(split));
    },
  };
}

function numberObjective({ scale }: Units): Objective {
  return {
    loss: (outputs, targets) => meanSquaredError(outputs, targets, { unit: scale }),
    scoreInfo: { name: "Mean absolute error", better: "lower", isShare: false },
    score: (outputs, targets) => tf.tidy(() => tf.mean<tf.Scalar>(tf.abs(tf.sub(outputs, targets)))),
  };
}

export function numberAnswer(outputs: Float32Array, [name = "number"]: readonly string[]): Answer {
  return { kind: "number", name, value: outputs[0] as number };
}

class MeasuredNumbers implements Measured {
  private readonly examples: readonly number[];
  private readonly predictions: Float32Array;
  private readonly targets: Float32Array;
  /** The yardstick's numbers. */
  private readonly counted: Float32Array | undefined;

  constructor(examples: readonly number[], predictions: Float32Array, targets: Float32Array, counted: Float32Array | undefined) {
    this.examples = examples;
    this.predictions = predictions;
    this.targets = targets;
    this.counted = counted;
  }

  results(before: Measured): SplitResults {
    const { examples, predictions, targets, counted } = this;
    const all = examples.map((item, row): PredictedNumber => ({ item, actual: targets[row] as number, predicted: predictions[row] as number }));
    const distance = ({ actual, predicted }: PredictedNumber): number => Math.abs(predicted - actual);
    const stride = Math.max(1, all.length / maximumPoints);
    return {
      kind: "regression",
      before: regressionMetrics((before as MeasuredNumbers).predictions, targets),
      after: regressionMetrics(predictions, targets),
      points: Array.from({ length: Math.min(all.length, maximumPoints) }, (_, i) => all[Math.floor(i * stride)] as PredictedNumber),
      mistakes: all.filter((number) => distance(number) > 0).sort((a, b) => distance(b) - distance(a)).slice(0, maximumMistakes),
      ...(counted && { yardstick: regressionMetrics(counted, targets) }),
    };
  }
}
