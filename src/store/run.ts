/**
 * The one run and its results. Turns the worker's events into state (run-state.ts), sends the person's commands, and tells
 * the rail how the run stands. Results stay until the next run starts.
 */
import { create } from "zustand";
import { CancelledError, type ErrorSentence } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import { headlineOf } from "../protocol/headline.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { ExportOptions, KeptRun, RunCommand, RunEvent, RunResults } from "../protocol/run.ts";
import { WorkerEndedError } from "../client/index.ts";
import { sentenceOf, worker } from "./client.ts";
import { useData } from "./data.ts";
import { useRecipe } from "./recipe.ts";
import { interruptedRun, isUnderWay, recordOf, reduceRun, startingRun, type Run } from "./run-state.ts";
import { useSession, type RunGlance } from "./session.ts";

export type ResultsState =
  | { readonly kind: "none" }
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly results: RunResults }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

/** The download: made when it is asked for. */
export type SaveState = { readonly kind: "unsaved" } | { readonly kind: "packing"; readonly progress: Progress } | { readonly kind: "saved" } | { readonly kind: "failed"; readonly error: ErrorSentence };

interface RunStore {
  readonly run: Run;
  /** As it was when the run started; the page may have gone on since. */
  readonly recipe: Recipe | null;
  /** Where it is kept, and up to where; null where nothing is kept of it. */
  readonly kept: KeptRun | null;
  readonly results: ResultsState;
  readonly save: SaveState;
  /** What was asked for and the worker has not yet done: it finishes its step first. */
  readonly wish: "pause" | "stop" | null;
  /** Other data was opened since: item numbers of the results no longer mean anything. */
  readonly dataReplaced: boolean;
  /** The run whose weights the next one begins with. */
  readonly continues: { readonly run: number; readonly name: string } | null;
  /** Why a command or a question about the results went wrong. */
  readonly error: ErrorSentence | null;

  readonly start: () => Promise<void>;
  /** Goes on with an interrupted run of the open project. */
  readonly goOn: (run: number, recipe: Recipe | null) => Promise<void>;
  /** The run that is under way goes on in a worker that was started anew, and what had been asked of it is asked again. */
  readonly recover: () => Promise<void>;
  /** The run that is under way cannot go on. */
  readonly end: (error: ErrorSentence) => void;
  /** Shows a finished run of the open project. */
  readonly reopen: (run: number) => Promise<void>;
  readonly beginWith: (continues: RunStore["continues"]) => void;
  /** Another run is being prepared: what is shown of the last one goes, as long as its project keeps it. */
  readonly prepare: (continues: RunStore["continues"]) => void;
  /** Nothing has been trained: another project is open. */
  readonly reset: () => void;
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Keeps the best weights so far; before the first step it cancels. */
  readonly stop: () => Promise<void>;
  readonly setLearningRate: (learningRate: number) => Promise<void>;
  readonly loadResults: () => Promise<void>;
  /** Tries again to keep results for which there was no room. */
  readonly keepResults: () => Promise<void>;
  /** The zip, or null where packing failed and the store says why. */
  readonly pack: (options?: ExportOptions) => Promise<Blob | null>;
  readonly fail: (error: ErrorSentence) => void;
}

function glance(run: Run, results: ResultsState): RunGlance {
  switch (run.kind) {
    case "idle":
    case "cancelled":
    case "reopening":
      return { kind: "none" };
    case "failed":
      return { kind: "failed" };
    case "finished":
      return { kind: "finished", headline: results.kind === "ready" ? headlineOf(results.results.validation) : null };
    default: {
      const { info, latest } = recordOf(run);
      return { kind: "running", epoch: latest === null ? 0 : Math.max(1, Math.ceil(latest.epoch)), epochs: info?.epochs ?? 0, paused: run.kind === "paused" };
    }
  }
}

const blank = {
  run: { kind: "idle" },
  recipe: null,
  kept: null,
  results: { kind: "none" },
  save: { kind: "unsaved" },
  wish: null,
  dataReplaced: false,
  error: null,
} as const satisfies Partial<RunStore>;

export const useRun = create<RunStore>()((set, get) => {
  const command = async (wanted: RunCommand): Promise<void> => {
    try {
      await worker().controlRun(wanted);
    } catch (error) {
      set({ wish: null, error: sentenceOf(error) });
    }
  };

  const onEvent = (event: RunEvent): void => {
    const { wish, run } = get();
    const done = (wish === "pause" && event.kind === "paused") || event.kind === "finished" || event.kind === "cancelled" || event.kind === "failed";
    set({ run: reduceRun(run, event), wish: done ? null : wish });
    if (event.kind === "kept") set({ kept: { project: event.project, run: event.run, step: event.step } });
    // Asked to stop before the worker had a run to stop.
    if (event.kind === "started" && wish === "stop" && recordOf(run).latest === null) void command({ kind: "stop" });
  };

  const follow = async (recipe: Recipe | null, begin: () => Promise<void>): Promise<void> => {
    if (isUnderWay(get().run)) return;
    set({ ...blank, run: startingRun, recipe });
    await attend(begin);
  };

  const attend = async (begin: () => Promise<void>): Promise<void> => {
    try {
      await begin();
    } catch (error) {
      const { run, kept, wish } = get();
      if (error instanceof WorkerEndedError && kept) return set({ run: interruptedRun(run), wish: run.kind === "paused" && !run.because ? "pause" : wish });
      set({ run: error instanceof CancelledError ? reduceRun(run, { kind: "cancelled" }) : { kind: "failed", record: recordOf(run), error: sentenceOf(error) }, wish: null });
    }
    if (get().run.kind === "finished") await get().loadResults();
  };

  return {
    ...blank,
    continues: null,

    start: () => {
      const { recipe } = useRecipe.getState();
      const { continues } = get();
      return follow(recipe, () => worker().startRun(recipe, onEvent, { continues: continues?.run }));
    },

    goOn: (run, recipe) => follow(recipe, () => worker().resumeRun(run, onEvent)),

    recover: () => {
      const { kept, run } = get();
      if (!kept) return Promise.resolve();
      let isAsked = false;
      const listen = (event: RunEvent): void => {
        onEvent(event);
        const { wish } = get();
        // Before its first step it would be cancelled instead of stopped.
        if (event.kind !== "steps" || isAsked || wish === null) return;
        isAsked = true;
        void command({ kind: wish });
      };
      return attend(() => worker().resumeRun(kept.run, listen, { afterStep: recordOf(run).latest?.step ?? 0 }));
    },

    end: (error) => {
      set(({ run }) => ({ run: { kind: "failed", record: recordOf(run), error }, wish: null }));
    },

    reopen: async (run) => {
      if (isUnderWay(get().run)) return;
      set({ ...blank, run: { kind: "reopening", progress: { what: "Opening the run", done: 0, total: 0 } }, results: { kind: "loading" } });
      try {
        const { recipe, events, results, isOfOpenData, kept } = await worker().reopenRun(run, (progress) => {
          if (get().run.kind === "reopening") set({ run: { kind: "reopening", progress } });
        });
        const told = events.reduce(reduceRun, startingRun);
        const isWhole = told.kind === "finished";
        const { reason, bestEpoch, seconds } = results;
        set({
          run: isWhole ? told : { kind: "finished", record: recordOf(told), reason, bestEpoch, seconds },
          recipe,
          kept,
          results: { kind: "ready", results },
          dataReplaced: !isOfOpenData,
          error: isWhole ? null : { what: "A part of what this run told is damaged or missing, so its curves are not whole", next: "Its model and its results are: they can be tried and downloaded" },
        });
      } catch (error) {
        set({ run: { kind: "idle" }, results: { kind: "none" }, error: error instanceof CancelledError ? null : sentenceOf(error) });
      }
    },

    reset: () => {
      if (!isUnderWay(get().run)) set({ ...blank, continues: null });
    },

    beginWith: (continues) => {
      set({ continues });
    },

    prepare: (continues) => {
      const { run, reset } = get();
      if (recordOf(run).notKept === null) reset();
      set({ continues });
    },

    pause: () => {
      set({ wish: "pause" });
      return command({ kind: "pause" });
    },

    resume: () => command({ kind: "resume" }),

    stop: async () => {
      set({ wish: "stop" });
      await command({ kind: "stop" });
    },

    setLearningRate: (learningRate) => command({ kind: "set-learning-rate", learningRate }),

    loadResults: async () => {
      set({ results: { kind: "loading" } });
      try {
        set({ results: { kind: "ready", results: await worker().getResults() } });
      } catch (error) {
        set({ results: { kind: "failed", error: sentenceOf(error) } });
      }
    },

    keepResults: async () => {
      const { kept, run } = get();
      if (!kept) return;
      try {
        await worker().keepResults();
        onEvent({ kind: "kept", ...kept, step: recordOf(run).latest?.step ?? kept.step });
      } catch (error) {
        onEvent({ kind: "not-kept", error: sentenceOf(error) });
      }
    },

    pack: async (options = {}) => {
      set({ save: { kind: "packing", progress: { what: "Preparing the download", done: 0, total: 0 } } });
      // Another run may take the place of the one that is packed.
      const isWanted = (): boolean => get().save.kind === "packing";
      try {
        const zip = await worker().exportRun(options, (progress) => isWanted() && set({ save: { kind: "packing", progress } }));
        // What eight bits do is measured while packing, and which formats the model has no place in.
        const results = await worker().getResults();
        if (!isWanted()) return null;
        set({ results: { kind: "ready", results }, save: { kind: "saved" } });
        return zip;
      } catch (error) {
        if (isWanted()) set({ save: error instanceof CancelledError ? { kind: "unsaved" } : { kind: "failed", error: sentenceOf(error) } });
        return null;
      }
    },

    fail: (error) => {
      set({ error });
    },
  };
});

let shown: RunGlance = { kind: "none" };
useRun.subscribe(({ run, results }) => {
  const next = glance(run, results);
  if (JSON.stringify(next) === JSON.stringify(shown)) return;
  shown = next;
  useSession.getState().showRun(next);
});

useData.subscribe(({ phase }, before) => {
  const opened = phase.kind === "ready" && (before.phase.kind === "opening" || before.phase.kind === "mapping");
  if (opened && useRun.getState().run.kind !== "idle") useRun.setState({ dataReplaced: true });
});
