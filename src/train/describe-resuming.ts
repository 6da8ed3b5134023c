/**
 * What every backend has to show of a run that was interrupted: from any of its checkpoints, read back from a file into a
 * module that knows nothing of it, the rest has the losses, epochs and weights of a run that nobody interrupted, bit for bit.
 */
import { describe, expect, test } from "vitest";
import { memory } from "../engine/backend.ts";
import type { RecipeInput } from "../protocol/recipe.ts";
import { openCheckpoint, sealCheckpoint } from "../projects/checkpoint-file.ts";
import { unseal } from "../projects/sealed.ts";
import { parseProgress, type TrainingCheckpoint } from "./checkpoint.ts";
import { runTraining, type Result } from "./testing/small-problem.ts";

type RunOptions = NonNullable<Parameters<typeof runTraining>[1]>;

interface ResumingCase {
  readonly settings: Partial<RecipeInput>;
  readonly options?: RunOptions;
  /** That the case is one of what it is named after. */
  readonly shows?: (whole: Result, last: TrainingCheckpoint) => void;
}

/** 22 training examples in batches of 8: three batches an epoch. */
const cases: Readonly<Record<string, ResumingCase>> = {
  "dropout, a batch norm that learns, cosine": { settings: { unfreeze: "all", epochs: 3 }, options: { dropout: 0.4 } },
  "augmented views": { settings: { unfreeze: ["block_1/**", "head/**"], epochs: 4 }, options: { augmentedViews: 3 } },
  "gradients of two batches, in parts": { settings: { unfreeze: "all", epochs: 3, gradientAccumulation: 2, gradientClipNorm: 0.5 }, options: { microBatchSize: 3 } },
  "plateau and SGD with momentum": { settings: { unfreeze: "all", epochs: 8, batchSize: 22, schedule: "plateau", optimizer: "sgd", learningRate: 0.9, momentum: 0.95, earlyStopping: { enabled: false } }, shows: (_, { progress }) => expect(progress.plateau.factor).toBeLessThan(1) },
  "early stopping, and back to the best": { settings: { unfreeze: "all", epochs: 30, batchSize: 22, learningRate: 0.5, optimizer: "adam", earlyStopping: { patience: 3 } }, shows: ({ outcome }) => expect(outcome).toMatchObject({ reason: "early-stopped", bestEpoch: outcome.epochs.length - 3 }) },
  "RMSprop, one cycle": { settings: { unfreeze: "all", epochs: 2, optimizer: "rmsprop", learningRate: 0.01, schedule: "one-cycle", weightDecay: 0.1 } },
};

/** Through the bytes of a file. */
async function throughFile(checkpoint: TrainingCheckpoint): Promise<TrainingCheckpoint> {
  const file = new Blob([...(await sealCheckpoint({ ...checkpoint, history: 0 }))]);
  const { progress, tensors } = openCheckpoint(await unseal(file, "test"), "test");
  return { progress: parseProgress(progress, "test"), tensors: tensors as unknown as TrainingCheckpoint["tensors"] };
}

/** What two runs have to share; how long it took is not among it. */
function figuresOf({ outcome, steps }: Result, after = 0): unknown {
  return {
    steps: steps.filter(({ step }) => step > after),
    epochs: outcome.epochs.map((point) => ({ ...point, seconds: 0 })),
    reason: outcome.reason,
    bestEpoch: outcome.bestEpoch,
  };
}

/** @param every of the checkpoints only each n-th is resumed from. */
export function describeResuming({ every }: { readonly every: number }): void {
  describe("a run that was interrupted", () => {
    test.each(Object.keys(cases))("%s: has the losses of one that was not", { timeout: 120_000 }, async (name) => {
      const { settings, options, shows } = cases[name] as ResumingCase;
      const before = memory().tensors;
      const whole = await runTraining(settings, options);
      const saved: TrainingCheckpoint[] = [];
      const observed = await runTraining(settings, { ...options, checkpoints: { due: () => true, save: async (checkpoint) => void saved.push(await throughFile(checkpoint)) } });
      expect(figuresOf(observed)).toEqual(figuresOf(whole));
      expect(observed.weights).toEqual(whole.weights);
      expect(whole.events.map(({ kind }) => kind)).not.toContain("not-captured");
      // One after every step, one after every epoch.
      expect(saved).toHaveLength(whole.steps.length + whole.outcome.epochs.length);

      shows?.(whole, saved.at(-1) as TrainingCheckpoint);

      const chosen = saved.filter((_, i) => i % every === 0 || i === saved.length - 1);
      expect(chosen.length).toBeGreaterThan(2);
      for (const resumeFrom of chosen) {
        const resumed = await runTraining(settings, { ...options, resumeFrom });
        expect(figuresOf(resumed), `from step ${resumeFrom.progress.step}`).toEqual(figuresOf(whole, resumeFrom.progress.step));
        expect(resumed.weights, `from step ${resumeFrom.progress.step}`).toEqual(whole.weights);
      }
      expect(memory().tensors).toBe(before);
    });
  });
}
