/**
 * What a task is to the worker: the model that it grafts, what that is trained on, how it is measured, and how a person tries it.
 * The loop, the devices, the curves and the download are shared and know no task.
 */
import type { Rng } from "../core/rng.ts";
import type { TextExplanation } from "../core/text-explanation.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DecodedModule } from "../engine/generation/cached-decoder.ts";
import type { TextGenerator } from "../engine/generation/text-generator.ts";
import type { GraphModule } from "../engine/module.ts";
import type { Model, Weights } from "../graph/types.ts";
import type { LoadedModel, ModelInput } from "../models/types.ts";
import type { Progress } from "../protocol/api.ts";
import type { Split } from "../protocol/data.ts";
import type { ChatUse } from "../protocol/generation.ts";
import type { Recipe, TaskId } from "../protocol/recipe.ts";
import type { Answer, ConfusionQuery, PredictionInput, RunEvent, SplitResults } from "../protocol/run.ts";
import type { RunControl } from "../train/control.ts";
import type { EncodedExample, ExampleSource } from "../train/examples.ts";
import type { Objective } from "../train/objective.ts";
import type { TrainingProblem } from "../train/loop.ts";

/** What a task is asked to prepare a run from. */
export interface TaskContext {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly input: ModelInput;
  /** As `graft` made it. */
  readonly model: Model;
  readonly onProgress: (progress: Progress) => void;
  readonly control: RunControl;
}

export interface MeasureContext {
  /** With the weights to be measured. */
  readonly problem: TrainingProblem;
  readonly control: RunControl;
}

/** What a model said of one split. */
export interface Measured {
  /** @param before the model before its first step, on the same examples. */
  results(before: Measured): SplitResults;
  /** The examples that one cell of a confusion matrix counts, most confident first; only where there is one. */
  confusion?(query: ConfusionQuery): readonly number[];
}

/** A simpler model beside the one that is tuned, which learns from the same training examples. */
export interface Comparison {
  /** Of a split's examples, in its order: as the task's outputs, probabilities or numbers; none before it was prepared. */
  predictions(split: Split): Float32Array | undefined;
  /** As `PreparedTask.prepare`. */
  prepare(onProgress: (progress: Progress) => void, control: RunControl): Promise<void>;
}

/** One run's part of a task. */
export interface PreparedTask {
  /** What is trained on and measured with, where that is not the data's items: numbers that `source` knows. */
  readonly examples?: Readonly<Record<Split, readonly number[]>>;
  readonly source: ExampleSource;
  readonly objective: Objective;
  /** How the rate of one parameter relates to the recipe's. */
  readonly learningRateScale: (parameter: string) => number;
  /** The group whose `center` and `scale` are set from the training examples' features before the first step. */
  readonly standardised?: string;
  /** Values of the model's statistics that follow from the data alone, in place of those that grafting gave them. */
  readonly statistics?: Weights;
  /** What needs the data alone, before the model is measured; it reports progress and ends soon after the control has stopped. */
  prepare?(onProgress: (progress: Progress) => void, control: RunControl): Promise<void>;
  measure(split: Split, examples: readonly number[], context: MeasureContext): Promise<Measured>;
  /** After the evaluation of an epoch, with the module as it is then: what else the page should see of it. Epoch 0 is before the first step. */
  afterEvaluation?(epoch: number, module: GraphModule, control: RunControl): Promise<readonly RunEvent[]>;
}

/** How something new becomes an answer; a task that writes instead of answering has none. */
export interface Predictor {
  encode(value: PredictionInput, input: ModelInput, recipe: Recipe): Promise<EncodedExample>;
  /** @param outputs one example's raw outputs. @param classes what the outputs stand for. */
  answer(outputs: Float32Array, classes: readonly string[], recipe: Recipe): Answer;
}

export interface ExplainContext {
  readonly recipe: Recipe;
  readonly input: ModelInput;
  readonly classes: readonly string[];
  readonly name: string;
  readonly signal: AbortSignal;
}

export interface TaskEngine {
  readonly id: TaskId;
  /** What the model's outputs stand for, in their order; before data are open, as many as there usually are. */
  classes(dataset: Dataset | null, recipe: Recipe): readonly string[];
  /** The model that the recipe makes of a pre-trained one. @throws GraftError if the model does not fit the task. */
  graft(loaded: LoadedModel, recipe: Recipe, classes: readonly string[], rng: Rng): Model;
  /**
   * Long work reports progress.
   * @throws GraftError if data or model do not fit the recipe; CancelledError soon after the control has stopped.
   */
  prepare(context: TaskContext): PreparedTask | Promise<PreparedTask>;
  readonly predictor?: Predictor;
  /**
   * Of a text task that answers: which words the output of this name is due to.
   * @throws GraftError if there is no such output or the value is not what can be explained; CancelledError
   */
  explain?(module: GraphModule, value: PredictionInput, options: ExplainContext): Promise<TextExplanation>;
  /** Of a task that writes: what goes on from a prompt with a model as it is now, or answers it as a message in a chat. */
  writer?(module: DecodedModule, input: ModelInput, options: { readonly asChat?: boolean | undefined }): Writer;
  /** Of a task that writes: how a model is asked as in a chat; undefined where it makes no sense. */
  chat?(input: ModelInput, learnedChats: boolean): ChatUse | undefined;
}

export type Writer = Pick<TextGenerator, "generate">;
