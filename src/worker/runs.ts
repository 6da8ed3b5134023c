/** The one run: begun, gone on with, or opened again from its project. Its results stay until the next takes its place. */
import { CancelledError, GraftError } from "../core/errors.ts";
import { deviceFailure, type ActiveBackend } from "../engine/backend.ts";
import type { JobOptions } from "../data/pace.ts";
import type { Weights } from "../graph/types.ts";
import type { StoredRun } from "../projects/stored-run.ts";
import type { StartOptions } from "../protocol/api.ts";
import type { ReopenedRun, ResumeOptions } from "../protocol/projects.ts";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";
import type { RunEvent, RunResults } from "../protocol/run.ts";
import type { Device } from "./device.ts";
import type { ModelStore } from "./model-store.ts";
import { OnDevice } from "./on-device.ts";
import type { OpenData } from "./open-data.ts";
import type { Projects } from "./projects.ts";
import { resultsOf } from "./run-cards.ts";
import { RunKeeper, sentenceOf, trainingCheckpoint } from "./run-keeper.ts";
import type { TrainingCheckpoint } from "../train/checkpoint.ts";
import { RunMemory, samplesIn, type StartingPoint } from "./run-memory.ts";
import { FineTuningRun, recipeFor, type RunContext } from "./run.ts";

type Report = (event: RunEvent) => unknown;

interface RunsOptions {
  readonly data: OpenData;
  readonly models: ModelStore;
  readonly device: Device;
  readonly projects: Projects;
  /** Ends what still reads the tensors of the run that is about to go. */
  readonly onReplace: () => void;
}

/** `stored`: where it is kept, if anywhere. `events`: what it had told, if it goes on. */
type Work = Pick<RunContext, "recipe" | "dataset" | "initial" | "resumeFrom"> & ResumeOptions & { readonly backend: Recipe["backend"]; readonly stored: StoredRun | null; readonly events?: readonly RunEvent[]; readonly isNew?: boolean };

export class Runs {
  private readonly parts: RunsOptions;
  private run: FineTuningRun | null = null;
  /** Once it has ended: what is asked of its model. */
  private answering: OnDevice<FineTuningRun> | null = null;
  /** Of a run that has ended and could not be kept. */
  private keepsAgain: (() => Promise<void>) | null = null;
  private running = false;
  /** Aborted by a stop, for what has not begun: the run itself, or the one that takes its place on another device. */
  private beforehand = new AbortController();
  private end: Promise<void> = Promise.resolve();

  constructor(parts: RunsOptions) {
    this.parts = parts;
  }

  /** Resolves when the run that is under way, if one is, has ended. */
  get ended(): Promise<void> {
    return this.end;
  }

  /** @throws GraftError if there is none. */
  get current(): FineTuningRun {
    if (this.run) return this.run;
    throw new GraftError({ what: "nothing has been trained yet", next: "Start training first" });
  }

  /** Of the model of a run that has ended, also where its device has gone away since. @throws GraftError if there is none. */
  async ask<Answer>(question: (run: FineTuningRun) => Promise<Answer>): Promise<Answer> {
    return this.answering ? this.answering.ask(question) : question(this.current);
  }

  async keepResults(): Promise<void> {
    const { keepsAgain } = this;
    if (!keepsAgain) throw new GraftError({ what: "there are no results that wait to be kept", next: "Start training first" });
    await keepsAgain();
    this.keepsAgain = null;
  }

  /** Of a run that is under way; what is there of it is kept. */
  stop(): void {
    // Also for the run that takes its place, where its device goes away at this moment.
    this.beforehand.abort();
    // One that has ended is still there to be asked, and is not meant.
    if (this.running && !this.answering) this.run?.control.stop();
  }

  start(recipe: Recipe, report: Report, { continues }: StartOptions = {}): Promise<void> {
    return this.told(report, async (onEvent) => {
      const checked = parseRecipe(recipe);
      const dataset = this.parts.data.open();
      const { projects } = this.parts;
      const initial = continues === undefined ? null : await projects.weightsOf(continues);
      const stored = await projects.beginRun(recipeFor(checked, dataset), { continues, signal: this.beforehand.signal });
      await this.execute({ recipe: checked, dataset, initial, backend: checked.backend, stored, isNew: true }, onEvent);
    });
  }

  resume(id: number, report: Report, { afterStep }: ResumeOptions = {}): Promise<void> {
    return this.told(report, async (onEvent) => {
      const { stored, record, recipe, dataset, initial } = await this.parts.projects.resumeRun(id, this.beforehand.signal);
      const { events, resumeFrom } = await restored(stored, record.name).catch(async (error: unknown) => {
        await this.parts.projects.endRun(stored, false);
        throw error;
      });
      onEvent({ kind: "restored", events });
      // Where it was computed before: elsewhere the rest would be another run's.
      const started = events.find((event) => event.kind === "started");
      await this.execute({ recipe, dataset, initial, backend: started?.info.backend ?? recipe.backend, stored, events, afterStep, resumeFrom }, onEvent);
    });
  }

  /** A finished run of the open project, with its model. */
  reopen(id: number, { onProgress, signal }: JobOptions): Promise<ReopenedRun> {
    return this.alone(async () => {
      const { models, device, projects } = this.parts;
      const { project, stored, record, recipe, dataset, isOfOpenData, initial } = await projects.parts(id, { onProgress, signal });
      const results = record.state === "finished" ? resultsOf(record.results) : null;
      const weights = await stored.finalWeights();
      if (!results || !weights) throw new GraftError({ where: record.name, what: "it has no results", next: "Resume it, or start it again" });
      const loaded = await models.load(recipe.model);
      this.replace();
      const backend = await device.activate(results.info.backend);
      const context = { recipe, dataset, loaded, initial };
      const onEvent = (event: RunEvent): unknown => event.kind === "preparing" && onProgress?.({ what: event.what, done: event.done, total: event.total });
      const next = await reopened({ ...context, backend, onEvent }, weights, results, signal);
      this.answer(next, context, backend, weights);
      const events = (await stored.history()).events as readonly RunEvent[];
      return { recipe, events, results, isOfOpenData, kept: { project, run: id, step: results.epochs.at(-1)?.step ?? 0 } };
    });
  }

  /** From its beginning to its results, on as many devices as it takes. */
  private async execute({ stored, backend, events = [], afterStep, isNew = false, ...work }: Work, report: (event: RunEvent) => void): Promise<void> {
    const { device, projects } = this.parts;
    const at = projects.underWay;
    const keeper = stored && at && new RunKeeper(stored, { at, report, pause: () => this.run?.control.pause() });
    const memory = new RunMemory({ keeper, report, resumeFrom: work.resumeFrom, events });
    let from: StartingPoint = { resumeFrom: work.resumeFrom, samples: samplesIn(events) };
    let isDiscarded = false;
    try {
      // First, so that who stops at the first word stops this run and not the one before it.
      this.replace();
      keeper?.begin(work.resumeFrom?.progress.step ?? 0);
      report({ kind: "preparing", what: "Starting the device", done: 0, total: 0 });
      // Nobody is asked before one goes on by itself: where the GPU is gone as well, it is on wasm.
      let active = afterStep !== undefined && backend === "webgpu" ? await device.replace(backend) : await device.activate(backend);
      if (afterStep !== undefined) memory.goOn({ because: "worker-ended", step: afterStep, backend: active.backend });
      for (;;) {
        try {
          const finished = await this.attempt({ ...work, ...from }, active, memory);
          // A GPU may go away, and in storage they may have no place.
          const weights = keeper || active.backend === "webgpu" ? await finished.trainedWeights() : new Map();
          if (keeper && at) {
            const keep = (): Promise<void> => keeper.finish(finished.results(), weights);
            await keep().catch((error: unknown) => {
              // The results are there whether they can be kept or not.
              report({ kind: "not-kept", error: sentenceOf(error) });
              this.keepsAgain = () => projects.inProject(at.project, keep);
            });
          }
          this.answer(finished, { ...work, loaded: finished.loaded }, active, weights);
          return;
        } catch (error) {
          const failure = await deviceFailure(error);
          if (failure === null) throw error;
          this.replace();
          // A device that held too little would again.
          active = await device.replace(failure === "lost" && memory.hasAdvanced ? "webgpu" : "wasm");
          from = memory.goBack(failure, active);
        }
      }
    } catch (error) {
      this.replace();
      // One that is there already stays, also where it would have gone on from its beginning.
      isDiscarded = isNew && error instanceof CancelledError && from.resumeFrom === undefined;
      if (!(error instanceof CancelledError)) await keeper?.fail(error);
      throw error;
    } finally {
      if (stored) await projects.endRun(stored, isDiscarded);
    }
  }

  /** The run has ended, and its model is there to be asked. @param weights what training changed */
  private answer(run: FineTuningRun, { recipe, dataset, loaded, initial }: Omit<RunContext, "backend" | "onEvent">, { backend }: ActiveBackend, weights: Weights): void {
    this.run = run;
    const results = run.results();
    const again = async (other: ActiveBackend): Promise<FineTuningRun> => {
      const next = await reopened({ recipe, dataset, loaded, initial, backend: other, onEvent: () => {} }, weights, results);
      next.int8 = this.run?.int8;
      next.leftOut = this.run?.leftOut ?? [];
      return (this.run = next);
    };
    this.answering = new OnDevice(this.parts.device, run, backend === "webgpu" ? again : null);
  }

  private async attempt(work: Pick<RunContext, "recipe" | "dataset" | "initial" | "resumeFrom" | "samples">, backend: ActiveBackend, memory: RunMemory): Promise<FineTuningRun> {
    memory.begin(backend);
    memory.onEvent({ kind: "preparing", what: "Opening the model", done: 0, total: 0 });
    const next = new FineTuningRun({ ...work, loaded: await this.parts.models.load(work.recipe.model), backend, onEvent: memory.onEvent, checkpoints: memory });
    this.run = next;
    if (this.beforehand.signal.aborted) next.control.stop();
    await next.start();
    return next;
  }

  private told(report: Report, job: (onEvent: (event: RunEvent) => void) => Promise<void>): Promise<void> {
    return this.alone(async () => {
      // Events and the end of this call reach the page by two channels, in any order: the call ends only when the page has had its last event.
      let delivered: unknown;
      const onEvent = (event: RunEvent): void => void (delivered = report(event));
      try {
        await job(onEvent);
      } catch (error) {
        if (error instanceof CancelledError) onEvent({ kind: "cancelled" });
        else onEvent({ kind: "failed", error: sentenceOf(error) });
      } finally {
        await delivered;
      }
    });
  }

  private async alone<T>(job: () => Promise<T>): Promise<T> {
    if (this.running) throw new GraftError({ what: "a run is under way", next: "Stop it first" });
    this.running = true;
    this.beforehand = new AbortController();
    let ended = (): void => {};
    this.end = new Promise((resolve) => (ended = resolve));
    try {
      return await job();
    } finally {
      this.running = false;
      ended();
    }
  }

  /** What is being written reads tensors that the run is about to take away, or that are on another backend. */
  private replace(): void {
    this.parts.onReplace();
    this.keepsAgain = null;
    this.answering?.dispose();
    this.answering = null;
    this.run?.dispose();
    this.run = null;
  }
}

/** What a run that goes on had told, and where it was. @param name for errors */
async function restored(stored: StoredRun, name: string): Promise<{ readonly events: readonly RunEvent[]; readonly resumeFrom: TrainingCheckpoint | undefined }> {
  const { checkpoint, events } = await stored.resume();
  return { events: events as readonly RunEvent[], resumeFrom: checkpoint ? trainingCheckpoint(checkpoint, `the checkpoint of ${name}`) : undefined };
}

/** @param weights what training changed. @throws CancelledError once the signal is aborted */
async function reopened(context: RunContext, weights: Weights, results: RunResults, signal?: AbortSignal): Promise<FineTuningRun> {
  const run = new FineTuningRun(context);
  const stop = (): void => run.control.stop();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    await run.reopen(weights, results);
    return run;
  } catch (error) {
    run.dispose();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
