/**
 * The one training loop. It knows no model, no task and no technique by name: a module gives gradients, an objective a
 * loss, a source examples; everything else is the recipe. Same problem, recipe and backend: the same losses, bit for bit.
 */
import type { Rng } from "../core/rng.ts";
import { scheduledLearningRate, updatePlateau } from "../core/schedules.ts";
import { planEpoch } from "../data/batches.ts";
import type { GraphModule } from "../engine/module.ts";
import { createTrainingStep, type StepObjective, type TrainingStep } from "../engine/steps/training-step.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { EpochPoint, RunEvent, StopReason } from "../protocol/run.ts";
import type { ActivationCache, ExampleView } from "./activations.ts";
import { initialProgress, noSums, refuseMisfit, type Checkpoints, type TrainingCheckpoint, type TrainingProgress } from "./checkpoint.ts";
import type { RunControl } from "./control.ts";
import { evaluate, type EvaluateContext } from "./evaluate.ts";
import { stackTargets, weightOf, type ExampleSource } from "./examples.ts";
import type { Objective } from "./objective.ts";
import { Telemetry } from "./telemetry.ts";

export interface TrainingProblem {
  readonly module: GraphModule;
  readonly cache: ActivationCache;
  readonly source: ExampleSource;
  readonly objective: Objective;
  /** Example indices. */
  readonly train: readonly number[];
  readonly validation: readonly number[];
  /** At most so many examples are on the device at once; batches that are larger are computed in parts, to the same step. */
  readonly microBatchSize: number;
  /** How the rate of one parameter relates to the recipe's. */
  readonly learningRateScale: (parameter: string) => number;
}

export interface TrainingOutcome {
  readonly reason: StopReason;
  readonly epochs: readonly EpochPoint[];
  /** The epoch whose weights the module now has; 0 if no epoch was finished. */
  readonly bestEpoch: number;
}

/** The views that the run will look at, for preparing them beforehand. */
export function viewsOf(problem: Pick<TrainingProblem, "source" | "train" | "validation">, epochs: number, others: readonly number[] = []): ExampleView[] {
  const plain = (example: number): ExampleView => ({ example, view: 0 });
  const augmented = problem.source.augmentedViews;
  const train =
    augmented === 0
      ? problem.train.map(plain)
      : problem.train.flatMap((example) => Array.from({ length: Math.min(augmented, epochs) }, (_, epoch) => ({ example, view: viewOf(example, epoch, augmented) })));
  return [...train, ...problem.validation.map(plain), ...others.map(plain)];
}

/** Which view of an example an epoch (0-based) sees: all examples change views at different times. */
function viewOf(example: number, epoch: number, augmentedViews: number): number {
  return augmentedViews === 0 ? 0 : 1 + ((epoch + example) % augmentedViews);
}

export function stepsPerEpoch(problem: Pick<TrainingProblem, "source" | "train">, { batchSize, gradientAccumulation }: Pick<Recipe, "batchSize" | "gradientAccumulation">): number {
  const inBucket = new Map<number, number>();
  for (const example of problem.train) {
    const bucket = problem.source.bucket(example);
    inBucket.set(bucket, (inBucket.get(bucket) ?? 0) + 1);
  }
  const batches = [...inBucket.values()].reduce((sum, count) => sum + Math.ceil(count / batchSize), 0);
  return Math.ceil(batches / gradientAccumulation);
}

export interface TrainOptions {
  readonly rng: Rng;
  readonly control: RunControl;
  readonly onEvent: (event: RunEvent) => void;
  /** Called after each epoch's evaluation, when the module is as the epoch left it. */
  readonly afterEvaluation?: (epoch: number) => Promise<void>;
  readonly checkpoints?: Checkpoints;
  /** Goes on from there: a problem, recipe and generator as the interrupted run had them give the losses that it would have had. */
  readonly resumeFrom?: TrainingCheckpoint;
}

/**
 * Trains the module in place.
 * @throws GraftError if the loss stops being a number, or the checkpoint is of something else.
 */
export async function train(problem: TrainingProblem, recipe: Recipe, { rng, control, onEvent, afterEvaluation, checkpoints, resumeFrom }: TrainOptions): Promise<TrainingOutcome> {
  const { module, source } = problem;
  const { objective, learningRateScale } = problem;
  const trainingStep = createTrainingStep(module, stepObjective(objective), { ...recipe, learningRateScale });
  const epochSteps = stepsPerEpoch(problem, recipe);
  const schedule = { kind: recipe.schedule, learningRate: recipe.learningRate, totalSteps: epochSteps * recipe.epochs, warmUp: recipe.warmUp };
  const context: EvaluateContext = { ...problem, batchSize: problem.microBatchSize, control, keepOutputs: false };
  const now: { -readonly [Key in keyof TrainingProgress]: TrainingProgress[Key] } = { ...(resumeFrom?.progress ?? initialProgress(problem.microBatchSize)) };
  const startMs = performance.now() - 1000 * now.seconds.run;
  let epochStartMs = performance.now() - 1000 * now.seconds.epoch;
  let bestWeights = resumeFrom?.tensors.best ?? null;
  let modeTold = false;
  const outOfPatience = (): boolean => recipe.earlyStopping.enabled && now.epochsWithoutGain >= recipe.earlyStopping.patience;

  const telemetry = new Telemetry({
    readFigures: () => trainingStep.readFigures(),
    onSteps: (points) => {
      const seconds = (performance.now() - startMs) / 1000;
      onEvent({ kind: "steps", points, examplesPerSecond: now.examplesSeen / seconds, secondsLeft: (seconds / now.step) * (schedule.totalSteps - now.step) });
    },
  });
  const readFigures = async (): Promise<void> => {
    for (const { loss, score } of await telemetry.flush()) now.epochSums = { steps: now.epochSums.steps + 1, loss: now.epochSums.loss + loss, score: now.epochSums.score + score };
  };
  // Of each number that training changes: itself, the best epoch's, and up to two of the optimizer's.
  const checkpointBytes = 16 * [...module.trainedSizes.values()].reduce((sum, size) => sum + size, 0);
  const saveIfDue = async (moment: "step" | "epoch"): Promise<void> => {
    if (!checkpoints?.due(moment, checkpointBytes)) return;
    await readFigures();
    const [weights, { slots }] = [await module.snapshot(), await trainingStep.snapshot()];
    const seconds = { run: (performance.now() - startMs) / 1000, epoch: (performance.now() - epochStartMs) / 1000 };
    await checkpoints.save({ progress: { ...now, seconds }, tensors: { weights, best: bestWeights ?? new Map(), slots } });
  };

  try {
    if (resumeFrom) {
      refuseMisfit(resumeFrom, module.trainedSizes, problem.microBatchSize);
      module.restore(resumeFrom.tensors.weights);
      trainingStep.restore({ steps: now.step, slots: resumeFrom.tensors.slots });
    }
    while (now.epoch < recipe.epochs && !control.stopped && !outOfPatience()) {
      const { epoch } = now;
      const plan = planEpoch({
        examples: problem.train.map((index) => ({ index, bucket: source.bucket(index) })),
        batchSize: recipe.batchSize,
        shuffle: true,
        rng: rng.fork(`epoch ${epoch}`),
      });
      while (now.batch < plan.length && !control.stopped) {
        const { step } = now;
        const handSet = control.takeLearningRate();
        const scheduled = scheduledLearningRate(schedule, step) * now.plateau.factor;
        if (handSet !== null) {
          now.handFactor = scheduled > 0 ? handSet / scheduled : 1;
          onEvent({ kind: "learning-rate-changed", step, epoch: step / epochSteps, learningRate: handSet });
        }
        const learningRate = (now.learningRate = scheduled * now.handFactor);
        const batches = plan.slice(now.batch, now.batch + recipe.gradientAccumulation);
        const views = batches.flatMap((batch) => partsOf(batch, problem.microBatchSize)).map((batch) => batch.map((example) => ({ example, view: viewOf(example, epoch, source.augmentedViews) })));
        await accumulate(problem, trainingStep, views, rng.fork(`step ${step}`));
        trainingStep.apply(learningRate);
        now.step = step + 1;
        now.batch += batches.length;
        now.examplesSeen += batches.reduce((sum, batch) => sum + batch.length, 0);
        telemetry.push({ step: now.step, epoch: now.step / epochSteps, learningRate });
        await trainingStep.ready();
        if (telemetry.due) await readFigures();
        await saveIfDue("step");
        await control.checkpoint({ onPause: () => onEvent({ kind: "paused" }), onResume: () => onEvent({ kind: "resumed" }) });
      }
      await readFigures();
      const { mode } = trainingStep;
      if (!modeTold && mode.kind === "eager") {
        modeTold = true;
        onEvent({ kind: "not-captured", because: mode.because });
      }
      if (control.stopped) break;

      const validation = await evaluate(problem.validation, context);
      const score = recipe.earlyStopping.metric === "validation-loss" ? -validation.loss : objective.scoreInfo.better === "higher" ? validation.score : -validation.score;
      const improved = now.best === null || score > now.best.score;
      const { epochSums } = now;
      const point: EpochPoint = {
        epoch: epoch + 1,
        step: now.step,
        trainLoss: epochSums.loss / Math.max(1, epochSums.steps),
        trainScore: epochSums.score / Math.max(1, epochSums.steps),
        validationLoss: validation.loss,
        validationScore: validation.score,
        learningRate: now.learningRate,
        seconds: (performance.now() - epochStartMs) / 1000,
        best: improved,
      };
      // Before the page hears of the epoch: what it was told is the best has to be kept already.
      if (improved) {
        bestWeights = await module.snapshot();
        now.best = { epoch: epoch + 1, score };
      }
      now.epochsWithoutGain = improved ? 0 : now.epochsWithoutGain + 1;
      now.epochs = [...now.epochs, point];
      onEvent({ kind: "epoch", point });
      await afterEvaluation?.(point.epoch);
      if (recipe.schedule === "plateau") now.plateau = updatePlateau(now.plateau, validation.loss);
      now.epoch = epoch + 1;
      now.batch = 0;
      now.epochSums = noSums;
      epochStartMs = performance.now();
      await saveIfDue("epoch");
    }
    const reason: StopReason = control.stopped ? "stopped" : outOfPatience() ? "early-stopped" : "completed";
    const restore = reason === "stopped" || (recipe.earlyStopping.enabled && recipe.earlyStopping.restoreBest);
    const best = restore && bestWeights ? now.best : null;
    if (best && bestWeights) module.restore(bestWeights);
    return { reason, epochs: now.epochs, bestEpoch: best?.epoch ?? now.epochs.length };
  } finally {
    trainingStep.dispose();
  }
}

export function stepObjective(objective: Objective): StepObjective {
  return { loss: (output, targets) => objective.loss(output, targets, { training: true }), score: (output, targets) => objective.score(output, targets) };
}

/** Adds up the gradients of several micro-batches, as if they were one batch. */
async function accumulate({ cache, source }: TrainingProblem, step: TrainingStep, views: readonly (readonly ExampleView[])[], rng: Rng): Promise<void> {
  const weights = views.map((batch) => weightOf(source, batch.map(({ example }) => example)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [part, batch] of views.entries()) {
    const activations = await cache.batch(batch);
    const targets = stackTargets(source, batch.map(({ example }) => example));
    step.accumulate({ activations, targets, share: (weights[part] as number) / total, seed: rng.fork(part).uint32() });
    for (const tensor of [...activations.values(), targets]) tensor.dispose();
  }
}

/** As many parts as are needed, none larger than `size`. */
function partsOf(batch: readonly number[], size: number): (readonly number[])[] {
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, part) => batch.slice(part * size, (part + 1) * size));
}
