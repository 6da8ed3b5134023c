/**
 * One run, from recipe to results: grafts the head, computes the frozen trunk, measures the model before its first step,
 * trains, measures again, and keeps what predicting and exporting need.
 */
import { GraftError } from "../core/errors.ts";
import { Rng } from "../core/rng.ts";
import type { Dataset } from "../data/dataset.ts";
import { GraphModule } from "../engine/module.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import { countWeights } from "../graph/parameters.ts";
import type { Model } from "../graph/types.ts";
import type { LoadedModel } from "../models/types.ts";
import type { Split } from "../protocol/data.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { ClassificationMetrics, ConfusionQuery, Prediction, PredictionInput, RunEvent, RunInfo, RunResults, SplitResults } from "../protocol/run.ts";
import { graftHead, headGroup } from "../tasks/classification/head.ts";
import { classificationObjective } from "../tasks/classification/objective.ts";
import { confusionCell, metricsOf, mistakesOf, ranked, softmaxRows, type SplitPredictions } from "../tasks/classification/results.ts";
import { labelsOf } from "../tasks/engine.ts";
import { engineOf } from "../tasks/engines.ts";
import { ActivationCache, type ExampleView } from "../train/activations.ts";
import { RunControl } from "../train/control.ts";
import { evaluate } from "../train/evaluate.ts";
import { stepsPerEpoch, train, viewsOf, type TrainingOutcome, type TrainingProblem } from "../train/loop.ts";
import { estimateMemory } from "../train/memory-estimate.ts";
import { featureStatistics } from "../train/standardise.ts";
import type { ActiveBackend } from "../engine/backend.ts";
import { concreteInputShapes } from "./model-input.ts";
import { predictProbabilities } from "./predict.ts";

/** Beyond this, the trunk runs for every batch instead of being kept. */
const cacheBudgetBytes = 2 ** 30;

interface Finished {
  readonly outcome: TrainingOutcome;
  readonly info: RunInfo;
  readonly seconds: number;
  readonly splits: ReadonlyMap<Split, { readonly before: ClassificationMetrics; readonly after: ClassificationMetrics; readonly predictions: SplitPredictions }>;
}

export interface RunContext {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly loaded: LoadedModel;
  readonly backend: ActiveBackend;
  readonly onEvent: (event: RunEvent) => void;
}

export class FineTuningRun {
  readonly control = new RunControl();
  readonly recipe: Recipe;
  readonly classes: readonly string[];
  readonly loaded: LoadedModel;
  private readonly context: RunContext;
  private module: GraphModule | null = null;
  /** What training may change, as it was before the first step. */
  private base: Map<string, Tensor> | null = null;
  private finished: Finished | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(context: RunContext) {
    this.context = context;
    this.recipe = context.recipe;
    this.loaded = context.loaded;
    this.classes = [...context.dataset.classes];
  }

  async start(): Promise<void> {
    const { recipe, dataset, loaded, backend, onEvent } = this.context;
    const startMs = performance.now();
    const rng = new Rng(recipe.seed);
    const train_ = dataset.examples("train");
    const examples = { train: train_.map(indexOf), validation: dataset.examples("validation").map(indexOf), test: dataset.examples("test").map(indexOf) };
    if (examples.train.length === 0 || examples.validation.length === 0) {
      throw new GraftError({ where: dataset.summary().name, what: `${examples.train.length} training and ${examples.validation.length} validation examples`, wanted: "at least one of each", next: "Add examples or change the split" });
    }

    const model = graftHead(loaded, recipe, this.classes.length, rng.fork("head"));
    const trainable = resolveUnfreeze(model.graph, recipe.unfreeze, loaded.blocks);
    const module = (this.module = new GraphModule(model, trainable));
    const source = engineOf(recipe.task).createSource(dataset, loaded.input, recipe);
    const views = viewsOf({ source, ...examples }, recipe.epochs, examples.test);
    const { cachedBytesPerView } = estimateMemory(model.graph, trainable, concreteInputShapes(loaded, recipe), recipe);
    const cache = new ActivationCache(module, source, { enabled: cachedBytesPerView * views.length <= cacheBudgetBytes });
    const counts = this.classes.map((_, label) => train_.filter((example) => example.label === label).length);
    const problem: TrainingProblem = {
      module,
      cache,
      source,
      objective: classificationObjective(recipe, counts),
      train: examples.train,
      validation: examples.validation,
      learningRateScale: (parameter) => (parameter.startsWith(`${headGroup}/`) ? 1 : recipe.trunkLearningRateScale),
    };
    const info: RunInfo = {
      backend: backend.backend,
      adapter: backend.adapter,
      epochs: recipe.epochs,
      totalSteps: stepsPerEpoch(problem, recipe) * recipe.epochs,
      trainableParameters: countWeights(model.graph, (name) => trainable.has(name)),
      totalParameters: countWeights(model.graph),
      trunkCached: cache.enabled,
    };
    onEvent({ kind: "started", info });

    await cache.prepare(views, {
      batchSize: recipe.batchSize,
      control: this.control,
      onProgress: (done, total) => onEvent({ kind: "preparing", what: "Computing the frozen layers, once for each example", done, total }),
    });
    onEvent({ kind: "preparing", what: "Measuring the model before fine-tuning", done: 0, total: 1 });
    await this.standardise(model, module, problem, views);
    this.base = module.snapshot();
    const evaluation = { ...problem, batchSize: recipe.batchSize, control: this.control };
    const labels = labelsOf(dataset);
    const splits = (["validation", "test"] as const).filter((split) => examples[split].length > 0);
    const measure = async (split: Split): Promise<SplitPredictions> => {
      const { outputs } = await evaluate(examples[split], evaluation);
      return {
        examples: examples[split],
        labels: Int32Array.from(examples[split], (example) => labels.get(example) ?? 0),
        probabilities: softmaxRows(outputs, this.classes.length),
      };
    };
    const before = new Map<Split, ClassificationMetrics>();
    for (const split of splits) before.set(split, metricsOf(await measure(split), this.classes));

    const outcome = await train(problem, recipe, { rng: rng.fork("training"), control: this.control, onEvent });

    const results = new Map<Split, { before: ClassificationMetrics; after: ClassificationMetrics; predictions: SplitPredictions }>();
    for (const split of splits) {
      const predictions = await measure(split);
      results.set(split, { before: before.get(split) as ClassificationMetrics, after: metricsOf(predictions, this.classes), predictions });
    }
    const seconds = (performance.now() - startMs) / 1000;
    this.finished = { outcome, info, seconds, splits: results };
    onEvent({ kind: "finished", reason: outcome.reason, bestEpoch: outcome.bestEpoch, seconds });
  }

  results(): RunResults {
    const { outcome, info, seconds, splits } = this.done();
    const split = (name: Split): SplitResults | undefined => {
      const found = splits.get(name);
      return found && { before: found.before, after: found.after, mistakes: mistakesOf(found.predictions, this.classes) };
    };
    return { classes: this.classes, epochs: outcome.epochs, validation: split("validation") as SplitResults, test: split("test"), info, reason: outcome.reason, bestEpoch: outcome.bestEpoch, seconds };
  }

  confusion({ split, actual, predicted }: ConfusionQuery): readonly number[] {
    const found = this.done().splits.get(split);
    return found ? confusionCell(found.predictions, this.classes.indexOf(actual), this.classes.indexOf(predicted), this.classes.length) : [];
  }

  predict(input: PredictionInput): Promise<Prediction> {
    // Showing the base swaps its weights in for a moment, so predictions take turns.
    const result = this.turn.then(() => this.predictNow(input));
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async predictNow(input: PredictionInput): Promise<Prediction> {
    this.done();
    const module = this.module as GraphModule;
    const example = await engineOf(this.recipe.task).encodeInput(input, this.loaded.input, this.recipe);
    const run = (): Promise<Float32Array> => predictProbabilities(module, this.loaded.input, example, this.classes.length);
    const tuned = await run();
    const current = module.snapshot();
    try {
      module.restore(this.base ?? current);
      return { tuned: ranked(tuned, this.classes), base: ranked(await run(), this.classes) };
    } finally {
      module.restore(current);
      tf.dispose([...current.values()]);
    }
  }

  /** The tuned model, complete. */
  async model(): Promise<Model> {
    this.done();
    const module = this.module as GraphModule;
    return { graph: module.graph, weights: await module.weights() };
  }

  dispose(): void {
    this.control.stop();
    this.module?.dispose();
    tf.dispose([...(this.base?.values() ?? [])]);
    this.module = null;
    this.base = null;
    this.finished = null;
  }

  /** Sets the head's standardisation from the features of the training examples, computed with the weights that the run starts from. */
  private async standardise(model: Model, module: GraphModule, problem: TrainingProblem, views: readonly ExampleView[]): Promise<void> {
    const { recipe } = this.context;
    const headOnly = new Set(model.graph.parameters.map(({ name }) => name).filter((name) => name.startsWith(`${headGroup}/`)));
    const isHeadOnly = module.variables.size + 2 === headOnly.size;
    const trained = new Set(problem.train);
    const trainViews = views.filter(({ example }) => trained.has(example));
    const probe = isHeadOnly ? module : new GraphModule(model, headOnly);
    const cache = isHeadOnly ? problem.cache : new ActivationCache(probe, problem.source, { enabled: false });
    try {
      const { center, scale } = await featureStatistics(probe, cache, trainViews, recipe.batchSize, this.control);
      const statistics = new Map<string, Tensor>([
        [`${headGroup}/center`, tf.tensor1d(center)],
        [`${headGroup}/scale`, tf.tensor1d(scale)],
      ]);
      module.restore(statistics);
      tf.dispose([...statistics.values()]);
    } finally {
      if (probe !== module) probe.dispose();
    }
  }

  private done(): Finished {
    if (this.finished) return this.finished;
    throw new GraftError({ what: "there is no finished run", next: "Train a model first" });
  }
}

const indexOf = ({ index }: { readonly index: number }): number => index;
