/** What classifications share of a run, whatever their examples are: the loss, the rates, what is standardised, and what is measured. */
import type { Dataset, LabelledDataset } from "../../data/dataset.ts";
import { classCalibration } from "../../engine/metrics/calibration.ts";
import { columnOf, curvesOf } from "../../engine/metrics/curves.ts";
import type { Split } from "../../protocol/data.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { ConfusionQuery, SplitResults } from "../../protocol/run.ts";
import { evaluate } from "../../train/evaluate.ts";
import type { ExampleSource } from "../../train/examples.ts";
import type { Comparison, Measured, MeasureContext, PreparedTask } from "../engine.ts";
import { headGroup, learningRateScale } from "./head.ts";
import { classificationObjective } from "./objective.ts";
import { confusionCell, metricsOf, mistakesOf, softmaxRows, type SplitPredictions } from "./results.ts";

/** The open data's classes; before there are any, layers are shown as for two. */
export function classesOf(dataset: Dataset | null): readonly string[] {
  const classes = dataset !== null && "classes" in dataset ? dataset.classes : [];
  return classes.length >= 2 ? [...classes] : ["", ""];
}

/** Example index -> class index. */
export function labelsOf(data: LabelledDataset): ReadonlyMap<number, number> {
  const splits: readonly Split[] = ["train", "validation", "test"];
  return new Map(splits.flatMap((split) => data.examples(split).map(({ index, label }) => [index, label] as const)));
}

export function prepareClassification(recipe: Recipe, dataset: LabelledDataset, source: ExampleSource, yardstick?: Comparison): PreparedTask {
  const classes = [...dataset.classes];
  const labels = labelsOf(dataset);
  const trained = dataset.examples("train").map(({ label }) => label);
  return {
    source,
    objective: classificationObjective(
      recipe,
      classes.map((_, index) => trained.filter((label) => label === index).length),
    ),
    learningRateScale: learningRateScale(recipe),
    standardised: headGroup,
    ...(yardstick && { prepare: (...asked) => yardstick.prepare(...asked) }),
    measure: async (split, examples, { problem, control }: MeasureContext) => {
      const { outputs } = await evaluate(examples, { ...problem, batchSize: problem.microBatchSize, control });
      return new MeasuredClasses({ examples, labels: Int32Array.from(examples, (example) => labels.get(example) ?? 0), probabilities: softmaxRows(outputs, classes.length) }, classes, yardstick?.predictions(split));
    },
  };
}

class MeasuredClasses implements Measured {
  private readonly predictions: SplitPredictions;
  private readonly classes: readonly string[];
  /** The yardstick's probabilities. */
  private readonly counted: Float32Array | undefined;

  constructor(predictions: SplitPredictions, classes: readonly string[], counted: Float32Array | undefined) {
    this.predictions = predictions;
    this.classes = classes;
    this.counted = counted;
  }

  results(before: Measured): SplitResults {
    const { predictions, classes, counted } = this;
    const { probabilities, labels } = predictions;
    const curves = classes.map((name, index) => curvesOf(name, columnOf(probabilities, index, classes.length), (example) => labels[example] === index));
    return { kind: "single-label", curves, calibration: classCalibration(probabilities, labels, classes.length), before: metricsOf((before as MeasuredClasses).predictions, classes), after: metricsOf(predictions, classes), mistakes: mistakesOf(predictions, classes), ...(counted && { yardstick: metricsOf({ ...predictions, probabilities: counted }, classes) }) };
  }

  confusion({ actual, predicted }: ConfusionQuery): readonly number[] {
    return confusionCell(this.predictions, this.classes.indexOf(actual), this.classes.indexOf(predicted), this.classes.length);
  }
}
