/** The run's store against a worker that does as told: commands, results and what the rail is told. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { GraftError } from "../core/errors.ts";
import type { RunEvent, RunInfo, RunResults } from "../protocol/run.ts";

const worker = vi.hoisted(() => ({ startRun: vi.fn(), controlRun: vi.fn(), getResults: vi.fn(), exportRun: vi.fn(), reopenRun: vi.fn(), cancel: vi.fn() }));
vi.mock("./client.ts", () => ({ worker: () => worker, sentenceOf: (error: unknown) => (error instanceof GraftError ? error.sentence : { what: String(error) }) }));
const { useRun } = await import("./run.ts");
const { useData } = await import("./data.ts");
const { useSession } = await import("./session.ts");

const info: RunInfo = { backend: "wasm", adapter: "2 threads", totalSteps: 120, epochs: 20, trainableParameters: 1, totalParameters: 2, trunkCached: true, score: { name: "Accuracy", better: "higher", isShare: true } };
const steps: RunEvent = { kind: "steps", points: [{ step: 8, epoch: 1.4, loss: 1, score: 0.5, learningRate: 0.1, gradientNorm: 1 }], examplesPerSecond: 10, secondsLeft: 9 };
const finished: RunEvent = { kind: "finished", reason: "completed", bestEpoch: 19, seconds: 12 };
const results = { validation: { kind: "single-label", before: { accuracy: 0.5 }, after: { accuracy: 0.9 } } } as RunResults;

/** A run that emits what the test says and ends when the test says. */
function holdRun(): { emit: (event: RunEvent) => void; end: () => Promise<void> } {
  let onEvent: (event: RunEvent) => void = () => {};
  let finish: () => void = () => {};
  worker.startRun.mockImplementation((_recipe, listener: (event: RunEvent) => void) => {
    onEvent = listener;
    return new Promise<void>((resolve) => (finish = resolve));
  });
  const ended = useRun.getState().start();
  return {
    emit: (event) => onEvent(event),
    end: () => {
      finish();
      return ended;
    },
  };
}

const begin = useRun.getState();
beforeEach(() => {
  vi.resetAllMocks();
  useRun.setState(begin, true);
  worker.getResults.mockResolvedValue(results);
});

describe("the run's store", () => {
  it("goes from start to results and tells the rail on the way", async () => {
    const { emit, end } = holdRun();
    expect(useSession.getState().run).toMatchObject({ kind: "running", epoch: 0 });
    emit({ kind: "started", info });
    emit(steps);
    expect(useSession.getState().run).toEqual({ kind: "running", epoch: 2, epochs: 20, paused: false });
    emit(finished);
    await end();
    expect(useRun.getState().results).toEqual({ kind: "ready", results });
    expect(useSession.getState().run).toEqual({ kind: "finished", headline: { name: "Accuracy", before: 0.5, after: 0.9, isShare: true, better: "higher" } });
  });

  it("starts no second run while one is under way", async () => {
    const { end } = holdRun();
    await useRun.getState().start();
    expect(worker.startRun).toHaveBeenCalledTimes(1);
    await end();
  });

  it("remembers a wish until the worker has done it", async () => {
    const { emit, end } = holdRun();
    emit({ kind: "started", info });
    emit(steps);
    await useRun.getState().pause();
    expect(worker.controlRun).toHaveBeenCalledWith({ kind: "pause" });
    expect(useRun.getState().wish).toBe("pause");
    emit({ kind: "paused" });
    expect(useRun.getState().wish).toBeNull();
    await end();
  });

  it("stops before the first step, also when the worker has no run yet, and stops after it", async () => {
    const { emit, end } = holdRun();
    await useRun.getState().stop();
    emit({ kind: "started", info });
    expect(worker.controlRun.mock.calls).toEqual([[{ kind: "stop" }], [{ kind: "stop" }]]);
    // That would end another job.
    expect(worker.cancel).not.toHaveBeenCalled();
    emit({ kind: "cancelled" });
    await end();
    expect(useSession.getState().run).toEqual({ kind: "none" });

    const second = holdRun();
    second.emit(steps);
    await useRun.getState().stop();
    expect(worker.controlRun).toHaveBeenCalledWith({ kind: "stop" });
    await second.end();
  });

  it("keeps the figures when the worker breaks, and says why", async () => {
    worker.startRun.mockImplementation(async (_recipe, listener: (event: RunEvent) => void) => {
      listener(steps);
      throw new GraftError({ what: "the device was lost" });
    });
    await useRun.getState().start();
    expect(useRun.getState().run).toMatchObject({ kind: "failed", error: { what: "the device was lost" }, record: { latest: { step: 8 } } });
  });

  it("opens a run whose history has lost its end as one that has ended, and says what is missing", async () => {
    const whole: RunEvent[] = [{ kind: "started", info }, steps, finished];
    const reopened = (events: readonly RunEvent[]): unknown => ({ recipe: null, events, kept: { project: "p", run: 1, step: 8 }, results: { ...results, reason: "completed", bestEpoch: 19, seconds: 12 }, isOfOpenData: true });
    worker.reopenRun.mockResolvedValue(reopened(whole));
    await useRun.getState().reopen(1);
    expect(useRun.getState()).toMatchObject({ run: { kind: "finished" }, error: null });
    for (const kept of [0, 2]) {
      worker.reopenRun.mockResolvedValue(reopened(whole.slice(0, kept)));
      await useRun.getState().reopen(1);
      expect(useRun.getState()).toMatchObject({ run: { kind: "finished", reason: "completed", bestEpoch: 19, seconds: 12 }, error: { what: "A part of what this run told is damaged or missing, so its curves are not whole" } });
    }
  });

  it("drops a download that another run has taken the place of", async () => {
    const { end, emit } = holdRun();
    emit(finished);
    await end();
    let packed = (_: Blob): void => {};
    worker.exportRun.mockReturnValue(new Promise((resolve) => (packed = resolve)));
    const packing = useRun.getState().pack();
    const next = holdRun();
    packed(new Blob());
    expect(await packing).toBeNull();
    expect(useRun.getState()).toMatchObject({ save: { kind: "unsaved" }, results: { kind: "none" } });
    await next.end();
  });

  it("says when packing the download failed", async () => {
    worker.exportRun.mockRejectedValue(new GraftError({ what: "out of memory" }));
    expect(await useRun.getState().pack()).toBeNull();
    expect(useRun.getState().save).toEqual({ kind: "failed", error: { what: "out of memory" } });
  });

  it("notices that other data was opened", async () => {
    const { emit, end } = holdRun();
    emit(finished);
    await end();
    const summary = { name: "other" } as never;
    useData.setState({ phase: { kind: "opening", progress: { what: "", done: 0, total: 0 }, previous: null } });
    useData.setState({ phase: { kind: "ready", summary } });
    expect(useRun.getState().dataReplaced).toBe(true);
  });
});
