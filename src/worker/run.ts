/**
 * One run, from recipe to results: has the task graft its model, computes the frozen trunk, measures the model before its first step,
 * trains, measures again, and keeps what predicting and exporting need.
 */
import { CancelledError, GraftError } from "../core/errors.ts";
import { Queue } from "../core/queue.ts";
import { Rng } from "../core/rng.ts";
import type { Dataset } from "../data/dataset.ts";
import { Pace } from "../data/pace.ts";
import type { DecodedModule } from "../engine/generation/cached-decoder.ts";
import type { GeneratedText, GenerationHooks } from "../engine/generation/text-generator.ts";
import { GraphModule, toTensor } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import { countWeights } from "../graph/parameters.ts";
import type { Model, WeightValues, Weights } from "../graph/types.ts";
import type { LoadedModel } from "../models/types.ts";
import type { Split } from "../protocol/data.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { GenerationOptions } from "../protocol/generation.ts";
import type { ConfusionQuery, EpochSamples, ExplainRequest, Explanation, GenerationRequest, Int8Report, Prediction, PredictionInput, RunEvent, RunInfo, RunResults, SplitResults } from "../protocol/run.ts";
import type { Measured, PreparedTask } from "../tasks/engine.ts";
import { engineOf } from "../tasks/engines.ts";
import { ActivationCache, type ExampleView } from "../train/activations.ts";
import type { Checkpoints, TrainingCheckpoint } from "../train/checkpoint.ts";
import { RunControl } from "../train/control.ts";
import { evaluate } from "../train/evaluate.ts";
import { fitMicroBatch } from "../train/fit-batch.ts";
import { stepsPerEpoch, train, viewsOf, type TrainingProblem } from "../train/loop.ts";
import { estimateMemory } from "../train/memory-estimate.ts";
import { featureStatistics } from "../train/standardise.ts";
import type { ActiveBackend } from "../engine/backend.ts";
import { concreteInputShapes } from "./model-input.ts";
import { explain, predict, type Asked } from "./predict.ts";
import { writerOf, type Question } from "./writing.ts";

/** Beyond this, the trunk runs for every batch instead of being kept. */
const cacheBudgetBytes = 2 ** 30;

interface Finished {
  readonly problem: TrainingProblem;
  readonly after: MeasuredSplits;
  readonly results: RunResults;
}

type MeasuredSplits = ReadonlyMap<Split, Measured>;
/** Example indices. */
type Splits = Readonly<Record<Split, readonly number[]>>;

/** What a finished run ended with. */
export interface InitialWeights {
  /** Of the run. */
  readonly name: string;
  readonly weights: Weights;
  readonly classes: readonly string[];
}

export interface RunContext {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly loaded: LoadedModel;
  readonly backend: ActiveBackend;
  readonly onEvent: (event: RunEvent) => void;
  /** Another run's, to begin with in place of the model's own. */
  readonly initial?: InitialWeights | null | undefined;
  readonly checkpoints?: Checkpoints | undefined;
  /** Of an interrupted run of the same recipe and data: goes on from there, to the same losses. */
  readonly resumeFrom?: TrainingCheckpoint | undefined;
  /** What the interrupted run had shown of its epochs. */
  readonly samples?: readonly EpochSamples[] | undefined;
}

/** With the columns as they were named, which a recipe written by hand may leave to a guess. */
export function recipeFor(recipe: Recipe, dataset: Dataset): Recipe {
  const { columns } = dataset.summary();
  return { ...recipe, ...(columns && { columns }) };
}

export class FineTuningRun {
  readonly control = new RunControl();
  readonly recipe: Recipe;
  readonly classes: readonly string[];
  readonly loaded: LoadedModel;
  /** What the last download in eight bits was measured to be. */
  int8?: Int8Report;
  /** Of the last download: the formats that it lacks, a sentence for each. */
  leftOut: readonly string[] = [];
  private readonly context: RunContext;
  private module: GraphModule | null = null;
  /** What training may change, as it was before the first step. */
  private base: Weights | null = null;
  private finished: Finished | null = null;
  private readonly samples: EpochSamples[] = [];
  /** Showing the base swaps its weights in for a moment, so what looks at the module's weights takes turns. */
  private readonly turns = new Queue();

  constructor(context: RunContext) {
    this.context = context;
    this.recipe = recipeFor(context.recipe, context.dataset);
    this.samples.push(...(context.samples ?? []));
    this.loaded = context.loaded;
    this.classes = [...engineOf(this.recipe.task).classes(context.dataset, this.recipe)];
  }

  async start(): Promise<void> {
    const { recipe } = this;
    const { onEvent, checkpoints, resumeFrom, initial } = this.context;
    const startMs = performance.now() - 1000 * (resumeFrom?.progress.seconds.run ?? 0);
    const rng = new Rng(recipe.seed);
    const { model, task, problem, info, splits } = await this.prepare(rng.fork("head"));
    onEvent({ kind: "started", info });
    await task.prepare?.(({ what, done, total }) => onEvent({ kind: "preparing", what, done, total }), this.control);
    if (this.control.stopped) throw new CancelledError();

    const views = viewsOf(problem, recipe.epochs, splits.test);
    const pace = new Pace({ onProgress: ({ what, done, total }) => onEvent({ kind: "preparing", what, done, total }) });
    await problem.cache.prepare(views, { batchSize: recipe.batchSize, control: this.control, onProgress: (done, total) => pace.report("Computing the frozen layers, once for each example", done, total) });
    onEvent({ kind: "preparing", what: "Measuring the model before fine-tuning", done: 0, total: 1 });
    if (task.standardised !== undefined && !initial) await this.standardise(model, problem, views, task.standardised);
    this.base = await problem.module.snapshot();
    // What was found to fit stays as it is: in other parts, sums round differently.
    const microBatchSize = resumeFrom?.progress.microBatchSize ?? (await fitMicroBatch(problem, recipe));
    if (microBatchSize < recipe.batchSize) onEvent({ kind: "batch-split", batchSize: recipe.batchSize, microBatchSize });
    const fitted = { ...problem, microBatchSize };
    const before = await this.measure(task, fitted, splits);
    const afterEvaluation = async (epoch: number): Promise<void> => {
      for (const event of (await task.afterEvaluation?.(epoch, problem.module, this.control)) ?? []) {
        if (event.kind === "samples") this.samples.push({ epoch: event.epoch, samples: event.samples });
        onEvent(event);
      }
    };
    if (!resumeFrom) await afterEvaluation(0);
    if (this.control.stopped) throw new CancelledError();

    const outcome = await train(fitted, recipe, { rng: rng.fork("training"), control: this.control, onEvent, afterEvaluation, checkpoints, resumeFrom });

    const after = await this.measure(task, fitted, splits);
    const { epochs, reason, bestEpoch } = outcome;
    const seconds = (performance.now() - startMs) / 1000;
    const resultsOf = (split: Split): SplitResults | undefined => {
      const [first, last] = [before.get(split), after.get(split)];
      return first && last?.results(first);
    };
    const { format } = this.context.dataset.summary().corpus ?? {};
    const chat = engineOf(recipe.task).chat?.(this.loaded.input, format === "chat");
    const results = { classes: this.classes, epochs, validation: resultsOf("validation") as SplitResults, test: resultsOf("test"), info, reason, bestEpoch, seconds, ...(this.samples.length > 0 && { samples: this.samples }), ...(chat && { chat }) };
    this.finished = { problem: fitted, after, results };
    onEvent({ kind: "finished", reason, bestEpoch, seconds });
  }

  /** Grafts the model, cuts it and puts it on the backend. */
  private async prepare(rng: Rng): Promise<{ readonly model: Model; readonly task: PreparedTask; readonly problem: TrainingProblem; readonly info: RunInfo; readonly splits: Splits }> {
    const { recipe } = this;
    const { dataset, loaded, backend, onEvent } = this.context;
    const engine = engineOf(recipe.task);
    const grafted = engine.graft(loaded, recipe, this.classes, rng);
    const task = await engine.prepare({ recipe, dataset, input: loaded.input, model: grafted, control: this.control, onProgress: ({ what, done, total }) => onEvent({ kind: "preparing", what, done, total }) });
    const splits = splitsOf(dataset, task.examples);
    const begun = this.begunWith(grafted);
    const model = task.statistics ? { ...begun, weights: new Map([...begun.weights, ...task.statistics]) } : begun;
    const { source, objective } = task;
    const trainable = resolveUnfreeze(model.graph, recipe.unfreeze, loaded.blocks);
    const module = (this.module = new GraphModule(model, trainable, { recompute: recipe.recomputeActivations }));
    const { cachedBytesPerView } = estimateMemory(model.graph, trainable, concreteInputShapes(loaded, recipe), recipe);
    const viewCount = viewsOf({ source, ...splits }, recipe.epochs, splits.test).length;
    const cache = new ActivationCache(module, source, { enabled: cachedBytesPerView * viewCount <= cacheBudgetBytes });
    const problem: TrainingProblem = {
      module,
      cache,
      source,
      objective,
      train: splits.train,
      validation: splits.validation,
      microBatchSize: recipe.batchSize,
      learningRateScale: task.learningRateScale,
    };
    const info: RunInfo = {
      backend: backend.backend,
      adapter: backend.adapter,
      epochs: recipe.epochs,
      totalSteps: stepsPerEpoch(problem, recipe) * recipe.epochs,
      trainableParameters: countWeights(model.graph, (name) => trainable.has(name)),
      totalParameters: countWeights(model.graph),
      trunkCached: cache.enabled,
      score: objective.scoreInfo,
    };
    return { model, task, problem, info, splits };
  }

  /** With another run's weights, where it begins with them. @throws GraftError if they are of another model or of other classes. */
  private begunWith(model: Model): Model {
    const { initial } = this.context;
    if (!initial) return model;
    const misfit = [...initial.weights].find(([name, values]) => model.weights.get(name)?.length !== values.length);
    const isOtherwise = JSON.stringify(initial.classes) !== JSON.stringify(this.classes);
    if (misfit || isOtherwise) throw new GraftError({ where: `the weights of ${initial.name}`, what: isOtherwise ? "they are for other classes than the data has" : `"${misfit?.[0] ?? ""}" is not in this model as it was there`, wanted: "the same model, head and adapters, and the same classes", next: "Take that run's recipe, and change only how it learns" });
    return { ...model, weights: new Map([...model.weights, ...initial.weights]) };
  }

  /** What the model says of the validation and test examples now. */
  private async measure(task: PreparedTask, problem: TrainingProblem, splits: Splits): Promise<MeasuredSplits> {
    const measured = new Map<Split, Measured>();
    for (const split of ["validation", "test"] as const) {
      if (splits[split].length > 0) measured.set(split, await task.measure(split, splits[split], { problem, control: this.control }));
    }
    return measured;
  }

  /**
   * A run that finished earlier, from what was kept of it: the model is built anew, and measured, since who asks for the examples of a
   * cell asks for what it said of each.
   */
  async reopen(weights: Weights, results: RunResults): Promise<void> {
    const { task, problem, splits } = await this.prepare(new Rng(this.recipe.seed).fork("head"));
    this.context.onEvent({ kind: "preparing", what: "Opening the model of the run", done: 0, total: 1 });
    const { module } = problem;
    // The model before the first step had the run's own standardisation, which training leaves as it is.
    const standardisation = [`${task.standardised}/center`, `${task.standardised}/scale`].flatMap((name) => (weights.has(name) ? [[name, weights.get(name) as WeightValues] as const] : []));
    module.restore(new Map(standardisation));
    this.base = await module.snapshot();
    module.restore(weights);
    const after = await this.measure(task, problem, splits);
    if (this.control.stopped) throw new CancelledError();
    this.finished = { problem, after, results };
  }

  /** What training changed, as it is in the end. */
  trainedWeights(): Promise<Weights> {
    return this.done().problem.module.snapshot();
  }

  results(): RunResults {
    return { ...this.done().results, ...(this.int8 && { int8: this.int8 }), ...(this.leftOut.length > 0 && { leftOut: this.leftOut }) };
  }

  confusion(query: ConfusionQuery): readonly number[] {
    return this.done().after.get(query.split)?.confusion?.(query) ?? [];
  }

  predict(input: PredictionInput): Promise<Prediction> {
    return this.tunedAndBase((module) => predict(module, input, this.asked));
  }

  /** @throws CancelledError once the signal is aborted. */
  explain(request: ExplainRequest, signal: AbortSignal): Promise<Explanation> {
    return this.tunedAndBase((module) => explain(module, request, this.asked, signal));
  }

  private get asked(): Asked {
    return { recipe: this.recipe, input: this.loaded.input, classes: this.classes };
  }

  private tunedAndBase<Said>(ask: (module: GraphModule) => Promise<Said>): Promise<{ readonly tuned: Said; readonly base: Said }> {
    return this.turns.run(() => this.askNow(ask));
  }

  private async askNow<Said>(ask: (module: GraphModule) => Promise<Said>): Promise<{ readonly tuned: Said; readonly base: Said }> {
    this.done();
    const module = this.module as GraphModule;
    const tuned = await ask(module);
    const current = await module.snapshot();
    try {
      module.restore(this.base ?? current);
      return { tuned, base: await ask(module) };
    } finally {
      module.restore(current);
    }
  }

  /** Lets the model, as it is now or as it was before the first step, go on from a prompt. */
  async write(which: GenerationRequest["which"], question: Question, options: GenerationOptions, hooks: GenerationHooks): Promise<GeneratedText> {
    this.done();
    const module = this.module as GraphModule;
    const { input } = this.loaded;
    if (which === "tuned") return writerOf(this.recipe, module, input, question).generate(question.prompt, options, hooks);
    const tensors = new Map(module.graph.parameters.flatMap((parameter) => {
      const values = this.base?.get(parameter.name);
      return values === undefined ? [] : [[parameter.name, toTensor(parameter, values)] as const];
    }));
    try {
      const base: DecodedModule = { graph: module.graph, parameterTensors: () => new Map([...module.parameterTensors(), ...tensors]) };
      return await writerOf(this.recipe, base, input, question).generate(question.prompt, options, hooks);
    } finally {
      tf.dispose([...tensors.values()]);
    }
  }

  /** The score of a model in the tuned one's place on the validation examples. */
  async scoreOf(model: Model, pace: Pace): Promise<number> {
    const { problem } = this.done();
    const module = new GraphModule(model, new Set());
    try {
      const cache = new ActivationCache(module, problem.source, { enabled: false });
      return (await evaluate(problem.validation, { ...problem, module, cache, batchSize: problem.microBatchSize, control: { yield: () => pace.breathe() }, keepOutputs: false })).score;
    } finally {
      module.dispose();
    }
  }

  /** The tuned model, complete. */
  model(): Promise<Model> {
    return this.turns.run(async () => {
      this.done();
      const module = this.module as GraphModule;
      return { graph: module.graph, weights: await module.weights() };
    });
  }

  dispose(): void {
    this.control.stop();
    this.module?.dispose();
    this.module = null;
    this.base = null;
    this.finished = null;
  }

  /** Sets the head's standardisation from the features of the training examples, computed with the weights that the run starts from. */
  private async standardise(model: Model, problem: TrainingProblem, views: readonly ExampleView[], group: string): Promise<void> {
    const { recipe } = this;
    const { module } = problem;
    const headOnly = new Set(model.graph.parameters.map(({ name }) => name).filter((name) => name.startsWith(`${group}/`)));
    const weights = model.graph.parameters.filter(({ name, role }) => headOnly.has(name) && role === "weight");
    const isHeadOnly = module.variables.size === weights.length;
    const trained = new Set(problem.train);
    const trainViews = views.filter(({ example }) => trained.has(example));
    const probe = isHeadOnly ? module : new GraphModule(model, headOnly);
    const cache = isHeadOnly ? problem.cache : new ActivationCache(probe, problem.source, { enabled: false });
    try {
      const { center, scale } = await featureStatistics(probe, cache, trainViews, recipe.batchSize, this.control);
      module.restore(new Map([[`${group}/center`, center], [`${group}/scale`, scale]]));
    } finally {
      if (probe !== module) probe.dispose();
    }
  }

  private done(): Finished {
    if (this.finished) return this.finished;
    throw new GraftError({ what: "there is no finished run", next: "Train a model first" });
  }
}

/** @throws GraftError if there is nothing to train on or to measure with. */
function splitsOf(dataset: Dataset, examples: PreparedTask["examples"]): Splits {
  const splits = examples ?? { train: dataset.indices("train"), validation: dataset.indices("validation"), test: dataset.indices("test") };
  if (splits.train.length === 0 || splits.validation.length === 0) {
    throw new GraftError({ where: dataset.summary().name, what: `${splits.train.length} training and ${splits.validation.length} validation examples`, wanted: "at least one of each", next: "Add examples or change the split" });
  }
  return splits;
}
