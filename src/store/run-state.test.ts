/** The run as the page sees it, event by event. */
import { describe, expect, it } from "vitest";
import type { EpochPoint, RunEvent, RunInfo, StepPoint } from "../protocol/run.ts";
import { bestEpoch, isUnderWay, recordOf, reduceRun, startingRun, type Run } from "./run-state.ts";
import { rawPoints } from "./trace.ts";

const info: RunInfo = { backend: "wasm", adapter: "2 threads, SIMD", totalSteps: 120, epochs: 20, trainableParameters: 1922, totalParameters: 1_500_000, trunkCached: true, score: { name: "Accuracy", better: "higher", isShare: true } };
const point = (step: number): StepPoint => ({ step, epoch: step / 6, loss: 1 / step, score: 0.5, learningRate: 0.002, gradientNorm: step });
const steps = (...numbers: number[]): RunEvent => ({ kind: "steps", points: numbers.map(point), examplesPerSecond: 300, secondsLeft: 40 });
const epoch = (number: number, best: boolean): RunEvent => ({
  kind: "epoch",
  point: { epoch: number, step: number * 6, trainLoss: 0.4, trainScore: 0.8, validationLoss: 0.5, validationScore: 0.75, learningRate: 0.002, seconds: 1, best } satisfies EpochPoint,
});
const follow = (...events: readonly RunEvent[]): Run => events.reduce(reduceRun, startingRun);
const started: RunEvent = { kind: "started", info };

describe("a run", () => {
  it("prepares until the first step, and says with what", () => {
    const run = follow(started, { kind: "preparing", what: "Computing the frozen layers", done: 120, total: 240 });
    expect(run).toMatchObject({ kind: "preparing", progress: { what: "Computing the frozen layers", done: 120, total: 240 } });
    expect(isUnderWay(run)).toBe(true);
  });

  it("trains from the first step on and keeps every figure", () => {
    const run = follow(started, steps(1, 2), steps(3), epoch(1, true), epoch(2, false));
    expect(run.kind).toBe("training");
    const record = recordOf(run);
    expect(record.latest).toEqual(point(3));
    expect(rawPoints(record.gradientNorm).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(rawPoints(record.validationLoss)).toEqual([
      { step: 6, epoch: 1, value: 0.5 },
      { step: 12, epoch: 2, value: 0.5 },
    ]);
    expect(bestEpoch(record)?.epoch).toBe(1);
  });

  it("keeps why a step is not captured", () => {
    expect(recordOf(follow(started, steps(1), { kind: "not-captured", because: "it binds a texture" })).notCaptured).toBe("it binds a texture");
  });

  it("keeps that a batch did not fit", () => {
    const split: RunEvent = { kind: "batch-split", batchSize: 32, microBatchSize: 8 };
    expect(follow(started, split).kind).toBe("preparing");
    expect(recordOf(follow(started, split, steps(1))).batchSplit).toEqual({ batchSize: 32, microBatchSize: 8 });
    expect(recordOf(follow(started)).batchSplit).toBeNull();
  });

  it("goes back to what was told until the checkpoint, and keeps why", () => {
    const recovery = { because: "lost", step: 2, from: 1, backend: "wasm" } as const;
    const recovered = follow(started, steps(1), steps(2), { kind: "restored", events: [started, steps(1)] }, { kind: "recovered", ...recovery });
    expect(recovered).toMatchObject({ kind: "training", record: { latest: { step: 1 }, recoveries: [recovery] } });
    // It starts anew in the middle, and learns the step again.
    expect(rawPoints(recordOf([started, steps(2)].reduce(reduceRun, recovered)).loss).map(({ step }) => step)).toEqual([1, 2]);
  });

  it("stays paused when a late event arrives, and goes on when resumed", () => {
    const paused = follow(started, steps(1), { kind: "paused" }, steps(2));
    expect(paused).toMatchObject({ kind: "paused", record: { latest: { step: 2 } } });
    expect(reduceRun(paused, { kind: "resumed" }).kind).toBe("training");
  });

  it("shows what it does between epochs without leaving training", () => {
    expect(follow(started, steps(1), { kind: "preparing", what: "Evaluating", done: 1, total: 2 })).toMatchObject({ kind: "training", activity: { what: "Evaluating" } });
  });

  it("notes rates set by hand", () => {
    expect(recordOf(follow(started, steps(1), { kind: "learning-rate-changed", step: 1, epoch: 1 / 6, learningRate: 0.01 })).rateChanges).toEqual([{ step: 1, epoch: 1 / 6, learningRate: 0.01 }]);
  });

  it("keeps what it measured when it fails or finishes, and nothing when it never began", () => {
    expect(follow(started, steps(1), { kind: "failed", error: { what: "the loss became NaN" } })).toMatchObject({ kind: "failed", error: { what: "the loss became NaN" }, record: { latest: { step: 1 } } });
    const finished = follow(started, steps(1), { kind: "finished", reason: "early-stopped", bestEpoch: 3, seconds: 9 });
    expect(finished).toMatchObject({ kind: "finished", reason: "early-stopped", bestEpoch: 3 });
    expect(isUnderWay(finished)).toBe(false);
    expect(follow(started, { kind: "cancelled" })).toEqual({ kind: "cancelled", wasRestored: false });
  });

  it("that is restored has what it told until its checkpoint, forgets what came after, and goes on", () => {
    const until = [started, steps(1, 2, 3), epoch(1, true)];
    const restored = follow(started, steps(1, 2, 3), epoch(1, true), steps(4, 5), { kind: "restored", events: until });
    expect(restored).toEqual({ kind: "training", record: recordOf(follow(...until)), activity: { what: "Getting ready to go on", done: 0, total: 0 } });
    const going = reduceRun(reduceRun(restored, started), steps(4));
    expect(recordOf(going)).toEqual(recordOf(follow(...until, steps(4))));
    expect(reduceRun(restored, { kind: "cancelled" })).toEqual({ kind: "cancelled", wasRestored: true });
    // Without a checkpoint there is nothing to show.
    expect(reduceRun(going, { kind: "restored", events: [] })).toMatchObject({ kind: "preparing", record: { latest: null } });
  });

  it("says why it waits where nobody asked for it, and what is not kept, also after its end", () => {
    const because = { what: "the browser's storage is full" };
    expect(follow(started, steps(1), { kind: "paused", because }, steps(2))).toMatchObject({ kind: "paused", because, record: { latest: point(2) } });
    expect(follow(started, steps(1), { kind: "paused", because }, { kind: "resumed" }, { kind: "paused" })).toMatchObject({ kind: "paused", because: undefined });
    const ended = follow(started, steps(1), { kind: "finished", reason: "completed", bestEpoch: 1, seconds: 2 }, { kind: "not-kept", error: because });
    expect(ended).toMatchObject({ kind: "finished", record: { notKept: because } });
  });
});
