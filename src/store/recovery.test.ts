/** The browser ends the worker, in whatever the page is at: what is asked of the next one, and what the person is told. */
import { beforeEach, describe, expect, it, vi, type Mock } from "vitest";
import { WorkerEndedError } from "../client/index.ts";
import { GraftError } from "../core/errors.ts";
import { nextTask } from "../core/next-task.ts";
import type { DataSummary } from "../protocol/data.ts";
import type { OpenedProject, ProjectView, RunCard } from "../protocol/projects.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { RunEvent, RunInfo, RunResults, StepPoint } from "../protocol/run.ts";

const names = ["openProject", "resumeRun", "reopenRun", "viewProject", "listModels", "describeLayers", "describeSelection", "keepDraft", "setSplit", "getResults", "startRun", "controlRun", "openDownload", "cancel"] as const;
const worker = vi.hoisted((): Record<string, Mock<(...args: unknown[]) => Promise<unknown>>> => ({}));
for (const name of names) worker[name] = vi.fn<(...args: unknown[]) => Promise<unknown>>();
vi.mock("./client.ts", async () => {
  const { create } = await import("zustand");
  return { worker: () => worker, useWorkerEnds: create(() => ({ count: 0 })), sentenceOf: (error: unknown) => (error instanceof GraftError ? error.sentence : { what: String(error) }) };
});
const { useWorkerEnds } = await import("./client.ts");
const { useData } = await import("./data.ts");
const { useProjects } = await import("./projects.ts");
const { useRecipe } = await import("./recipe.ts");
const { useRecovery } = await import("./recovery.ts");
const { useRun } = await import("./run.ts");
const { useSession } = await import("./session.ts");

const recipe = parseRecipe({ task: "text-classification", model: "bert" });
const summary = { name: "things.csv", task: "text-classification", classes: [], splitSource: "folders" } as unknown as DataSummary;
const info: RunInfo = { backend: "wasm", adapter: "2 threads", totalSteps: 120, epochs: 20, trainableParameters: 1, totalParameters: 2, trunkCached: true, score: { name: "Accuracy", better: "higher", isShare: true } };
const started: RunEvent = { kind: "started", info };
const steps = (...reached: number[]): RunEvent => ({ kind: "steps", points: reached.map((step): StepPoint => ({ step, epoch: 1, loss: 1, score: 0.5, learningRate: 0.1, gradientNorm: 1 })), examplesPerSecond: 10, secondsLeft: 9 });
const keptAt = (step: number): RunEvent => ({ kind: "kept", project: "p", run: 3, step });
const recovered = (step: number, from: number): RunEvent => ({ kind: "recovered", because: "worker-ended", step, from, backend: "wasm" });
const results = { validation: { kind: "single-label", before: { accuracy: 0.5 }, after: { accuracy: 0.9 } } } as RunResults;

const projectWith = (state: RunCard["state"]): ProjectView => ({ id: "p", name: "things.csv", task: "text-classification", notes: "", isReadOnly: false, runs: [{ run: 4, state: "interrupted" }, { run: 3, state }] as RunCard[] });

interface Held {
  readonly emit: (...events: RunEvent[]) => void;
  readonly resolve: () => void;
  readonly refuse: (error: Error) => void;
}

/** The next call of it stays open until the test says so. */
function hold(name: "startRun" | "resumeRun"): Promise<Held> {
  return new Promise((called) => {
    worker[name]?.mockImplementationOnce((...[, onEvent]) => new Promise<void>((resolve, refuse) => called({ emit: (...events) => events.forEach((event) => (onEvent as (event: RunEvent) => void)(event)), resolve, refuse })));
  });
}

/** As the client tells it: every call is refused, then the end. */
async function endWorker(...calls: Held[]): Promise<void> {
  for (const { refuse } of calls) refuse(new WorkerEndedError({ what: "it has ended" }));
  await settled();
  useWorkerEnds.setState(({ count }) => ({ count: count + 1 }));
  await settled();
}

/** A few tasks later. */
async function settled(): Promise<void> {
  for (let task = 0; task < 8; task++) await nextTask();
}

async function training(...events: RunEvent[]): Promise<Held> {
  const held = hold("startRun");
  void useRun.getState().start();
  const run = await held;
  run.emit(keptAt(0), started, ...events);
  return run;
}

const first = { run: useRun.getState(), data: useData.getState(), projects: useProjects.getState(), session: useSession.getState() };
beforeEach(async () => {
  for (const name of names) worker[name]?.mockReset();
  worker.openProject?.mockResolvedValue({ project: projectWith("interrupted"), models: [], recipe: { ...recipe, epochs: 99 }, summary: { ...summary }, lost: null } satisfies OpenedProject);
  worker.viewProject?.mockResolvedValue(projectWith("running"));
  worker.listModels?.mockResolvedValue([{ id: "bert", name: "BERT" }]);
  worker.describeLayers?.mockResolvedValue({ groups: [] });
  worker.describeSelection?.mockResolvedValue({ trainable: [] });
  worker.keepDraft?.mockResolvedValue(undefined);
  worker.getResults?.mockResolvedValue(results);
  worker.controlRun?.mockResolvedValue(undefined);
  useRun.setState(first.run, true);
  useData.setState({ ...first.data, phase: { kind: "ready", summary } }, true);
  useProjects.setState({ ...first.projects, open: projectWith("running"), keeping: { kind: "kept" } }, true);
  useSession.setState(first.session, true);
  useRecovery.getState().dismiss();
  useRecipe.getState().replace(recipe);
  await settled();
});

describe("a run whose worker ends", () => {
  it("goes on by itself in the next, with its curves, and ends with its results", async () => {
    const run = await training(steps(1, 2, 3), keptAt(3), steps(4, 5));
    const next = hold("resumeRun");
    await endWorker(run);
    expect(worker.openProject).toHaveBeenCalledWith("p", expect.any(Function));
    const again = await next;
    expect(worker.resumeRun).toHaveBeenCalledWith(3, expect.any(Function), { afterStep: 5 });
    expect(useRun.getState().run).toMatchObject({ kind: "training", activity: { what: "Starting again from the last checkpoint" } });
    again.emit({ kind: "restored", events: [started, steps(1, 2, 3)] }, keptAt(3), recovered(5, 3), started, steps(4, 5, 6));
    expect(useRun.getState().run).toMatchObject({ kind: "training", record: { latest: { step: 6 }, recoveries: [{ because: "worker-ended", step: 5, from: 3 }] } });
    expect(useRecovery.getState().state).toMatchObject({ kind: "recovered", sentence: expect.stringContaining("things.csv is open again, and its run goes on by itself") as string, lost: [] });
    again.emit({ kind: "finished", reason: "completed", bestEpoch: 1, seconds: 2 });
    again.resolve();
    await settled();
    expect(useRun.getState()).toMatchObject({ results: { kind: "ready", results }, dataReplaced: false });
    // What the person was at is not thrown back to what was last kept of it.
    expect(useRecipe.getState().recipe.epochs).toBe(recipe.epochs);
    expect(useData.getState().phase).toMatchObject({ kind: "ready", summary: { name: "things.csv" } });
  });

  it("is paused again if it was, once it has done a step", async () => {
    const run = await training(steps(1, 2), keptAt(2));
    run.emit({ kind: "paused" });
    const next = hold("resumeRun");
    await endWorker(run);
    const again = await next;
    again.emit({ kind: "restored", events: [started, steps(1, 2)] }, keptAt(2), recovered(2, 2), started);
    expect(worker.cancel).not.toHaveBeenCalled();
    expect(worker.controlRun).not.toHaveBeenCalled();
    again.emit(steps(3), steps(4));
    expect(worker.controlRun?.mock.calls).toEqual([[{ kind: "pause" }]]);
    again.emit({ kind: "paused" });
    expect(useRun.getState()).toMatchObject({ wish: null, run: { kind: "paused" } });
  });

  it("is not begun for ever: the third end without a checkpoint between stops it, and a person can go on with it", async () => {
    let run = await training(steps(1, 2, 3), keptAt(3), steps(4));
    for (const kept of [3, 8, 8, 8]) {
      const next = hold("resumeRun");
      await endWorker(run);
      run = await next;
      run.emit({ kind: "restored", events: [started, steps(1, 2, 3)] }, started, steps(4, 8), keptAt(kept));
    }
    expect(worker.resumeRun).toHaveBeenCalledTimes(4);
    // Two ended with the checkpoint after step 3, and this is the third with the one after step 8.
    const none = hold("resumeRun");
    await endWorker(run);
    expect(worker.resumeRun).toHaveBeenCalledTimes(4);
    expect(useRun.getState().run).toMatchObject({ kind: "failed", error: { what: expect.stringContaining("3 times, without a checkpoint between") as string } });
    expect(useRecovery.getState().state.kind).toBe("given-up");
    await useRecovery.getState().tryAgain();
    (await none).emit({ kind: "restored", events: [started, steps(1, 2, 3)] }, started, steps(4));
    expect(useRun.getState().run).toMatchObject({ kind: "training", record: { latest: { step: 4 } } });
  });

  it("whose last event came and whose results were not kept any more goes on to them", async () => {
    const run = await training(steps(1, 2), keptAt(2), { kind: "finished", reason: "completed", bestEpoch: 1, seconds: 2 });
    const next = hold("resumeRun");
    await endWorker(run);
    (await next).emit({ kind: "restored", events: [started, steps(1, 2)] });
    expect(useRun.getState().run.kind).toBe("training");
  });

  it("that was stopped before it went on is left as it is", async () => {
    const run = await training(steps(1, 2), { kind: "cancelled" });
    run.resolve();
    await settled();
    await endWorker();
    expect(worker.resumeRun).not.toHaveBeenCalled();
    expect(useRun.getState().run.kind).toBe("cancelled");
  });

  it("and whose project cannot be opened any more says so", async () => {
    const run = await training(steps(1, 2), keptAt(2));
    worker.openProject?.mockRejectedValue(new GraftError({ what: "there is no such project" }));
    await endWorker(run);
    expect(useRun.getState().run).toMatchObject({ kind: "failed", error: { what: "the run cannot go on" }, record: { latest: { step: 2 } } });
    expect(useData.getState()).toMatchObject({ phase: { kind: "choosing", previous: null }, error: { what: "there is no such project" } });
    expect(useRecovery.getState().state).toMatchObject({ lost: [{ what: "there is no such project" }, { what: "the run cannot go on" }] });
  });

  it("and that nothing was kept of says so, and so do its data", async () => {
    useProjects.setState({ open: null, keeping: { kind: "unkept", error: { what: "no room" } } });
    const held = hold("startRun");
    void useRun.getState().start();
    const run = await held;
    run.emit(started, steps(1));
    await endWorker(run);
    expect(useRun.getState().run).toMatchObject({ kind: "failed", error: { what: "it has ended" } });
    expect(useData.getState()).toMatchObject({ phase: { kind: "choosing", previous: null }, error: { next: "Open them again" } });
  });
});

describe("a worker that ends between runs", () => {
  it("leaves the results, whose model is opened again, and the open download", async () => {
    const run = await training(steps(1, 2), keptAt(2), { kind: "finished", reason: "completed", bestEpoch: 1, seconds: 2 });
    run.resolve();
    await settled();
    const files = [{ path: "model.zip", blob: new Blob() }];
    worker.openDownload?.mockResolvedValue({ name: "mine" });
    await useSession.getState().openDownload(files);
    worker.openProject?.mockResolvedValue({ project: projectWith("finished"), models: [], recipe, summary: { ...summary }, lost: null } satisfies OpenedProject);
    worker.reopenRun?.mockResolvedValue({ recipe, events: [started, steps(1, 2), { kind: "finished", reason: "completed", bestEpoch: 1, seconds: 2 }], results, isOfOpenData: true, kept: { project: "p", run: 3, step: 2 } });
    for (let end = 1; end <= 4; end++) {
      await endWorker();
      expect(worker.reopenRun?.mock.lastCall?.[0]).toBe(3);
      expect(worker.openDownload).toHaveBeenLastCalledWith(files);
      expect(useRun.getState()).toMatchObject({ run: { kind: "finished" }, results: { kind: "ready" }, dataReplaced: false });
    }
    // Each was put right, so none counts for the next.
    expect(worker.reopenRun).toHaveBeenCalledTimes(4);
    expect(useSession.getState()).toMatchObject({ download: { kind: "open" }, instead: "download" });
  });

  it("and again while its data are opened is left after three times", async () => {
    worker.openProject?.mockImplementation(async () => {
      void nextTask().then(() => useWorkerEnds.setState(({ count }) => ({ count: count + 1 })));
      throw new WorkerEndedError({ what: "it has ended" });
    });
    await endWorker();
    await vi.waitFor(() => expect(useRecovery.getState().state.kind).toBe("given-up"));
    expect(worker.openProject).toHaveBeenCalledTimes(2);
  });
});
