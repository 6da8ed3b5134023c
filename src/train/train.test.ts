import { beforeAll, describe, expect, test } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { GraftError } from "../core/errors.ts";
import { tf } from "../engine/tf.ts";
import type { WeightValues } from "../graph/types.ts";
import type { RecipeInput } from "../protocol/recipe.ts";
import { RunControl } from "./control.ts";
import { examples, losses, network, runTraining } from "./testing/small-problem.ts";

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
    expect(Math.max(...outcome.epochs.map((epoch) => epoch.validationScore))).toBeGreaterThan(0.7);
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

  test("batches that are computed in parts give the steps of whole ones", async () => {
    const settings: Partial<RecipeInput> = { unfreeze: ["block_1/kernel", "head/**"], epochs: 3, earlyStopping: { enabled: false } };
    const whole = await runTraining(settings, { dropout: 0 });
    const parts = await runTraining(settings, { dropout: 0, microBatchSize: 3 });
    expect(losses(parts)).toHaveLength(losses(whole).length);
    expect(losses(parts)).toBeAllClose(losses(whole), { rtol: 1e-5 });
    for (const [name, values] of whole.weights) expect(parts.weights.get(name)).toBeAllClose(values, { atol: 1e-5 });
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
