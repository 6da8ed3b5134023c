/** When checkpoints are taken, what they carry beside tensors, and that a wrong one is a sentence. */
import { beforeAll, expect, test } from "vitest";
import { tf } from "../engine/tf.ts";
import { parseProgress, type TrainingCheckpoint } from "./checkpoint.ts";
import { RunControl } from "./control.ts";
import { losses, runTraining } from "./testing/small-problem.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

async function checkpointsOf(settings: Parameters<typeof runTraining>[0], options: Parameters<typeof runTraining>[1] = {}): Promise<readonly TrainingCheckpoint[]> {
  const saved: TrainingCheckpoint[] = [];
  await runTraining(settings, { ...options, checkpoints: { due: () => true, save: async (checkpoint) => void saved.push(checkpoint) } });
  return saved;
}

test("a rate that was set by hand is still in force", async () => {
  const settings = { schedule: "constant", warmUp: 0, epochs: 3 } as const;
  const control = new RunControl();
  const saved: TrainingCheckpoint[] = [];
  const whole = await runTraining(settings, {
    control,
    onEvent: (event) => event.kind === "epoch" && event.point.epoch === 1 && control.setLearningRate(0.007),
    checkpoints: { due: () => true, save: async (checkpoint) => void saved.push(checkpoint) },
  });
  const resumeFrom = saved.find(({ progress }) => progress.step === 5) as TrainingCheckpoint;
  const resumed = await runTraining(settings, { resumeFrom });
  expect(resumed.steps.map(({ learningRate }) => learningRate)).toEqual(whole.steps.slice(5).map(({ learningRate }) => learningRate));
  expect(losses(resumed)).toEqual(losses(whole).slice(5));
});

test("a checkpoint is taken only when it is due", async () => {
  const steps: number[] = [];
  await runTraining({ epochs: 2 }, { checkpoints: { due: (moment) => moment === "epoch", save: async ({ progress }) => void steps.push(progress.step) } });
  expect(steps).toEqual([3, 6]);
});

test("a checkpoint of other layers or another model is refused by a sentence", async () => {
  const [resumeFrom] = (await checkpointsOf({ unfreeze: "all", epochs: 1 })) as [TrainingCheckpoint];
  await expect(runTraining({ unfreeze: "head", epochs: 1 }, { resumeFrom })).rejects.toThrow(/the checkpoint: "block_1\/.*" is not among what is trained/);
  const weights = new Map([...resumeFrom.tensors.weights, ["head/bias", new Float32Array(4)]]);
  await expect(runTraining({ unfreeze: "all", epochs: 1 }, { resumeFrom: { ...resumeFrom, tensors: { ...resumeFrom.tensors, weights } } })).rejects.toThrow('"head/bias" has 4 values, the model has 3');
  await expect(runTraining({ unfreeze: "all", epochs: 1 }, { microBatchSize: 3, resumeFrom })).rejects.toThrow(/parts of 8.*parts of 3/);
});

test("what is no checkpoint is refused by a sentence", async () => {
  const [{ progress }] = (await checkpointsOf({ epochs: 1 })) as [TrainingCheckpoint];
  expect(parseProgress(progress, "c")).toEqual(progress);
  for (const broken of [null, [], {}, { ...progress, step: -1 }, { ...progress, epochs: "x" }, { ...progress, learningRate: "0.1" }, { ...progress, extra: 1 }]) {
    expect(() => parseProgress(broken, "run-1.checkpoint")).toThrow(/^run-1.checkpoint.*it is no checkpoint of a run/);
  }
});
