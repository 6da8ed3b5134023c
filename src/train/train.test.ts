import { beforeAll, describe, expect, test } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { GraftError } from "../core/errors.ts";
import { Rng } from "../core/rng.ts";
import { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import type { Model, WeightValues } from "../graph/types.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "../protocol/recipe.ts";
import type { RunEvent, StepPoint } from "../protocol/run.ts";
import { classificationObjective } from "../tasks/classification/objective.ts";
import { ActivationCache } from "./activations.ts";
import { RunControl } from "./control.ts";
import type { ExampleSource } from "./examples.ts";
import { train, viewsOf, type TrainingOutcome } from "./loop.ts";

const features = 4;
const classes = 3;

/** A small network with a batch norm, so that statistics are at stake: block (dense, batch norm, relu), head (dropout, dense). */
function network(dropout = 0.2): Model {
  const builder = new GraphBuilder();
  builder.input("x", [null, features], "float32");
  const weights = new Map<string, WeightValues>();
  const rng = new Rng(3);
  const parameter = (name: string, shape: number[], value?: number, role: "weight" | "statistic" = "weight"): string => {
    weights.set(name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => value ?? 0.5 * rng.normal()));
    return builder.parameter(name, shape, { role });
  };
  let value = builder.add("block_1/matmul", "matMul", ["x", parameter("block_1/kernel", [features, 5])], { transposeA: false, transposeB: false });
  const statistics = [parameter("block_1/norm/gamma", [5], 1), parameter("block_1/norm/beta", [5], 0), parameter("block_1/norm/mean", [5], 0.1, "statistic"), parameter("block_1/norm/variance", [5], 1.5, "statistic")];
  value = builder.add("block_1/norm/out", "batchNorm", [value, ...statistics], { epsilon: 1e-3, momentum: 0.9 });
  value = builder.add("block_1/relu", "relu", [value], {});
  value = builder.add("head/dropout", "dropout", [value], { rate: dropout });
  value = builder.add("head/matmul", "matMul", [value, parameter("head/kernel", [5, classes])], { transposeA: false, transposeB: false });
  value = builder.add("head/logits", "add", [value, parameter("head/bias", [classes], 0)], {});
  return { graph: builder.build([value]), weights };
}

/** Ramps and sines that three linear rules tell apart. */
function source(broken: number | undefined): ExampleSource & { encoded: number } {
  return {
    encoded: 0,
    inputName: "x",
    dtype: "float32",
    augmentedViews: 0,
    bucket: () => 0,
    async encode(example) {
      this.encoded++;
      return { data: Float32Array.from({ length: features }, (_, i) => (example === broken ? Infinity : 0) + Math.sin(example * 1.7 + i) + (example % classes) * (i - 1)), shape: [features] };
    },
    target: (example) => ({ data: Int32Array.of(example % classes), shape: [] }),
  };
}

const examples = { train: Array.from({ length: 22 }, (_, i) => i), validation: Array.from({ length: 7 }, (_, i) => 22 + i) };

interface Result {
  readonly outcome: TrainingOutcome;
  readonly events: RunEvent[];
  readonly steps: StepPoint[];
  readonly weights: ReadonlyMap<string, WeightValues>;
  readonly frozenOnBackend: ReadonlyMap<string, WeightValues | undefined>;
  readonly encoded: number;
}

async function runTraining(settings: Partial<RecipeInput>, { control = new RunControl(), onEvent = () => {}, broken, dropout = 0.2 }: { control?: RunControl; onEvent?: (event: RunEvent) => void; broken?: number; dropout?: number } = {}): Promise<Result> {
  const recipe: Recipe = parseRecipe({ task: "image-classification", model: "test", epochs: 3, batchSize: 8, learningRate: 0.05, dropout: 0, ...settings });
  const model = network(dropout);
  const trainable = resolveUnfreeze(model.graph, recipe.unfreeze, ["block_1"]);
  const module = new GraphModule(model, trainable);
  const examplesSource = source(broken);
  const cache = new ActivationCache(module, examplesSource, { enabled: true });
  const events: RunEvent[] = [];
  try {
    const problem = { module, cache, source: examplesSource, objective: classificationObjective(recipe, [8, 7, 7]), ...examples, learningRateScale: () => 1 };
    await cache.prepare(viewsOf(problem, recipe.epochs), { batchSize: 8, control, onProgress: () => {} });
    const outcome = await train(problem, recipe, {
      rng: new Rng(recipe.seed),
      control,
      onEvent: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
    const frozen = model.graph.parameters.filter(({ name }) => !trainable.has(name));
    const frozenOnBackend = new Map(await Promise.all(frozen.map(async ({ name }) => [name, await module.readFrozen(name)] as const)));
    return { outcome, events, steps: events.flatMap((event) => (event.kind === "steps" ? event.points : [])), weights: await module.weights(), frozenOnBackend, encoded: examplesSource.encoded };
  } finally {
    module.dispose();
  }
}

const losses = ({ steps }: Result): number[] => steps.map(({ loss }) => loss);

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("train", () => {
  test("learns, and reports every step and epoch", async () => {
    const { outcome, steps } = await runTraining({ epochs: 30, unfreeze: "all", earlyStopping: { enabled: false } });
    expect(steps).toHaveLength(30 * 3);
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1));
    expect(outcome.epochs).toHaveLength(30);
    expect(outcome.epochs.at(-1)?.trainLoss).toBeLessThan((outcome.epochs[0]?.trainLoss ?? 0) * 0.6);
    expect(outcome.epochs.at(-1)?.validationAccuracy).toBeGreaterThan(0.7);
  });

  test("same recipe and seed: same losses and weights, bit for bit; another seed: others", async () => {
    const [first, second, other] = [await runTraining({ unfreeze: "all", dropout: 0.3 }), await runTraining({ unfreeze: "all", dropout: 0.3 }), await runTraining({ unfreeze: "all", dropout: 0.3, seed: 2 })];
    expect(losses(second)).toEqual(losses(first));
    expect(second.weights).toEqual(first.weights);
    expect(losses(other)).not.toEqual(losses(first));
  });

  test("frozen means frozen: weights and statistics keep every bit, on the backend too", async () => {
    const before = network().weights;
    const { weights, frozenOnBackend } = await runTraining({ unfreeze: "head" });
    const frozen = [...before.keys()].filter((name) => name.startsWith("block_1/"));
    expect(frozen).toHaveLength(5);
    for (const name of frozen) {
      expect(weights.get(name)).toEqual(before.get(name));
      expect(frozenOnBackend.get(name)).toEqual(before.get(name));
    }
    expect(weights.get("head/kernel")).not.toEqual(before.get("head/kernel"));
  });

  test("a batch norm whose statistics are frozen keeps them between layers that learn; unfrozen, it updates them", async () => {
    const before = network().weights;
    const frozen = await runTraining({ unfreeze: ["block_1/kernel"] });
    expect(frozen.weights.get("block_1/kernel")).not.toEqual(before.get("block_1/kernel"));
    for (const name of ["mean", "variance", "gamma"]) expect(frozen.weights.get(`block_1/norm/${name}`)).toEqual(before.get(`block_1/norm/${name}`));
    const unfrozen = await runTraining({ unfreeze: "all" });
    for (const name of ["mean", "variance", "gamma"]) expect(unfrozen.weights.get(`block_1/norm/${name}`)).not.toEqual(before.get(`block_1/norm/${name}`));
  });

  test("the frozen trunk is computed once per example, not once per epoch", async () => {
    const { encoded } = await runTraining({ unfreeze: "head", epochs: 5 });
    expect(encoded).toBe(examples.train.length + examples.validation.length);
  });

  test("no tensor is left behind, whatever way a run ends", async () => {
    const baseline = tf.memory().numTensors;
    await runTraining({ unfreeze: "all", gradientAccumulation: 2 });
    await expect(runTraining({ unfreeze: "all" }, { broken: 5 })).rejects.toThrow("NaN");
    const control = new RunControl();
    await runTraining({ epochs: 50 }, { control, onEvent: () => control.stop() });
    expect(tf.memory().numTensors).toBe(baseline);
  });

  test("micro-batches accumulate to the gradients of one batch", async () => {
    const settings: Partial<RecipeInput> = { unfreeze: ["block_1/kernel"], optimizer: "sgd", momentum: 0, weightDecay: 0, epochs: 1, earlyStopping: { enabled: false } };
    const kernel = async (batchSize: number, gradientAccumulation: number): Promise<WeightValues> => {
      const { steps, weights } = await runTraining({ ...settings, batchSize, gradientAccumulation }, { dropout: 0 });
      expect(steps).toHaveLength(1);
      return weights.get("block_1/kernel") as WeightValues;
    };
    // 22 examples at once, or as 8 + 8 + 6: the short last micro-batch counts for less.
    expect(await kernel(8, 3)).toBeAllClose(await kernel(22, 1), { atol: 1e-6 });
  });

  test("pause holds the steps until resume; the losses are those of a run without a pause", async () => {
    const control = new RunControl();
    const kinds: string[] = [];
    let pausedOnce = false;
    const paused = await runTraining(
      { epochs: 4 },
      {
        control,
        onEvent: (event) => {
          kinds.push(event.kind);
          if (event.kind === "epoch" && !pausedOnce) {
            pausedOnce = true;
            control.pause();
          }
          if (event.kind === "paused") {
            const before = kinds.length;
            setTimeout(() => {
              expect(kinds.length).toBe(before);
              control.continue();
            }, 50);
          }
        },
      },
    );
    expect(kinds.filter((kind) => kind === "paused" || kind === "resumed")).toEqual(["paused", "resumed"]);
    expect(losses(paused)).toEqual(losses(await runTraining({ epochs: 4 })));
  });

  test("stop ends the run and keeps the best weights so far", async () => {
    const control = new RunControl();
    const { outcome } = await runTraining({ epochs: 100 }, { control, onEvent: (event) => event.kind === "epoch" && event.point.epoch === 3 && control.stop() });
    expect(outcome.reason).toBe("stopped");
    expect(outcome.epochs).toHaveLength(3);
    expect(outcome.bestEpoch).toBeGreaterThan(0);
  });

  test("a learning rate set by hand is marked and used from the next step on", async () => {
    const control = new RunControl();
    const { events, steps } = await runTraining({ epochs: 3, schedule: "constant", warmUp: 0 }, { control, onEvent: (event) => event.kind === "epoch" && event.point.epoch === 1 && control.setLearningRate(0.007) });
    expect(events.filter((event) => event.kind === "learning-rate-changed")).toEqual([{ kind: "learning-rate-changed", step: 3, epoch: 1, learningRate: 0.007 }]);
    expect(steps.map(({ learningRate }) => Number(learningRate.toPrecision(6)))).toEqual([0.05, 0.05, 0.05, 0.007, 0.007, 0.007, 0.007, 0.007, 0.007]);
  });

  test("early stopping waits for its patience and goes back to the best epoch", async () => {
    // A rate this high makes later epochs worse.
    const { outcome } = await runTraining({ epochs: 60, unfreeze: "all", learningRate: 0.5, optimizer: "adam", earlyStopping: { patience: 3 } });
    expect(outcome.reason).toBe("early-stopped");
    const best = outcome.epochs.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
    expect(outcome.bestEpoch).toBe(best.epoch);
    expect(outcome.epochs).toHaveLength(best.epoch + 3);
  });

  test("a loss that is no longer a number ends the run with what to try", async () => {
    const diverging = runTraining({ unfreeze: "all" }, { broken: 5 });
    await expect(diverging).rejects.toThrow(GraftError);
    await expect(diverging).rejects.toThrow(/step \d+: the loss became NaN.*Try a learning rate of 0.00\d+ or less/s);
  });
});
