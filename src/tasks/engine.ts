/** What a task adds to the engine: how its data become model inputs. The loop, the head and the results are shared. */
import type { ModelInput } from "../models/types.ts";
import type { Split } from "../protocol/data.ts";
import type { Recipe, TaskId } from "../protocol/recipe.ts";
import type { PredictionInput } from "../protocol/run.ts";
import type { EncodedExample, ExampleSource } from "../train/examples.ts";

export interface TaskEngine<Data> {
  readonly id: TaskId;
  /** @throws GraftError if the model does not take this task's input. */
  createSource(dataset: Data, input: ModelInput, recipe: Recipe): ExampleSource;
  /** Something new to predict, as the run's examples were encoded. */
  encodeInput(value: PredictionInput, input: ModelInput, recipe: Recipe): Promise<EncodedExample>;
}

/** A labelled data set, as far as every task sees it. */
export interface LabelledData {
  readonly classes: readonly string[];
  /** Included examples only. */
  examples(split: Split): readonly { readonly index: number; readonly label: number }[];
}

/** Example index -> class index. */
export function labelsOf(data: LabelledData): ReadonlyMap<number, number> {
  const splits: readonly Split[] = ["train", "validation", "test"];
  return new Map(splits.flatMap((split) => data.examples(split).map(({ index, label }) => [index, label] as const)));
}
