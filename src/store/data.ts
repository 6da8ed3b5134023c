/**
 * The data set as the page knows it: which phase of opening it is in, its summary, and what was excluded. The examples
 * themselves stay in the worker. Split and seed belong to the recipe; this store makes the worker follow them.
 */
import { create } from "zustand";
import { CancelledError, type ErrorSentence } from "../core/errors.ts";
import type { Progress, SampleCard, SplitOptions } from "../protocol/api.ts";
import type { ColumnMapping, DataSummary, OpenedData, SourceFile, TablePreview } from "../protocol/data.ts";
import { recipeForTask, type Recipe } from "../protocol/recipe.ts";
import { sentenceOf, worker } from "./client.ts";
import { useRecipe } from "./recipe.ts";

/** `previous` is the data that stays open until something else has been opened in its place. */
export type DataPhase =
  | { readonly kind: "choosing"; readonly previous: DataSummary | null }
  | { readonly kind: "opening"; readonly progress: Progress; readonly previous: DataSummary | null }
  | { readonly kind: "mapping"; readonly preview: TablePreview; readonly progress: Progress | null }
  | { readonly kind: "ready"; readonly summary: DataSummary };

/** What a click excluded or brought back, and can be taken back. */
export interface Exclusion {
  readonly items: readonly number[];
  readonly excluded: boolean;
}

export interface Reopened {
  readonly summary: DataSummary | null;
  readonly recipe: Recipe | null;
}

interface DataState {
  readonly phase: DataPhase;
  readonly error: ErrorSentence | null;
  readonly samples: readonly SampleCard[];
  /** Grows whenever pages of items that were already fetched have become stale. */
  readonly revision: number;
  /** Exclusions since the items were fetched: item -> excluded. */
  readonly exclusions: ReadonlyMap<number, boolean>;
  readonly lastExclusion: Exclusion | null;

  readonly loadSamples: () => Promise<void>;
  readonly openFiles: (files: readonly SourceFile[]) => Promise<void>;
  readonly openSample: (id: string) => Promise<void>;
  /**
   * Data that were open before, with the recipe that they were open with.
   * @param previous the same data, where the page need not close them meanwhile.
   * @returns whether they are open
   */
  readonly reopen: (what: string, job: (onProgress: (progress: Progress) => void) => Promise<Reopened>, previous?: DataSummary | null) => Promise<boolean>;
  readonly mapColumns: (mapping: ColumnMapping) => Promise<void>;
  readonly setExcluded: (items: readonly number[], excluded: boolean) => Promise<void>;
  readonly undoExclusion: () => Promise<void>;
  readonly dismissExclusion: () => void;
  /** Back to the start screen; the open data stays until other data has been opened. */
  readonly replace: () => void;
  readonly keep: () => void;
  readonly cancel: () => Promise<void>;
  readonly fail: (error: ErrorSentence) => void;
}

/** The open data's summary, if any: also while other data is being chosen. */
export function openSummary({ phase }: Pick<DataState, "phase">): DataSummary | null {
  if (phase.kind === "ready") return phase.summary;
  return phase.kind === "mapping" ? null : phase.previous;
}

/** The split that the worker gives data it has just opened. */
const initialSplit: SplitOptions = { validation: 0.2, test: 0, seed: 1 };
let appliedSplit = initialSplit;
let splitTimer: ReturnType<typeof setTimeout> | undefined;

function wantedSplit(): SplitOptions {
  const { split, seed } = useRecipe.getState().recipe;
  return { ...split, seed };
}

function sameSplit(a: SplitOptions, b: SplitOptions): boolean {
  return a.validation === b.validation && a.test === b.test && a.seed === b.seed;
}

export const useData = create<DataState>()((set, get) => {
  const ready = async (summary: DataSummary): Promise<void> => {
    appliedSplit = initialSplit;
    const { recipe, replace } = useRecipe.getState();
    replace({ ...recipeForTask(recipe, summary.task), columns: summary.columns });
    set((state) => ({ phase: { kind: "ready", summary }, error: null, exclusions: new Map(), lastExclusion: null, revision: state.revision + 1 }));
    await followRecipe();
  };

  /** Makes the worker split as the recipe says. */
  const followRecipe = async (): Promise<void> => {
    const wanted = wantedSplit();
    const summary = openSummary(get());
    if (summary === null || summary.splitSource === "folders" || sameSplit(wanted, appliedSplit)) return;
    appliedSplit = wanted;
    try {
      const next = await worker().setSplit(wanted);
      adopt(next);
      set((state) => ({ revision: state.revision + 1 }));
    } catch (error) {
      set({ error: sentenceOf(error) });
    }
  };

  const adopt = (summary: DataSummary): void => {
    set(({ phase }) => ({
      error: null,
      phase: phase.kind === "ready" ? { kind: "ready", summary } : phase.kind === "mapping" ? phase : { ...phase, previous: summary },
    }));
  };

  const open = async (what: string, job: (onProgress: (progress: Progress) => void) => Promise<OpenedData>): Promise<void> => {
    const previous = openSummary(get());
    set({ phase: { kind: "opening", progress: { what, done: 0, total: 0 }, previous }, error: null });
    const onProgress = (progress: Progress): void => {
      if (get().phase.kind === "opening") set({ phase: { kind: "opening", progress, previous } });
    };
    try {
      const opened = await job(onProgress);
      if (opened.kind === "ready") await ready(opened.summary);
      else set({ phase: { kind: "mapping", preview: opened.preview, progress: null } });
    } catch (error) {
      set({ phase: { kind: "choosing", previous }, error: error instanceof CancelledError ? null : sentenceOf(error) });
    }
  };

  useRecipe.subscribe(() => {
    clearTimeout(splitTimer);
    splitTimer = setTimeout(() => void followRecipe(), 150);
  });

  return {
    phase: { kind: "choosing", previous: null },
    error: null,
    samples: [],
    revision: 0,
    exclusions: new Map(),
    lastExclusion: null,

    loadSamples: async () => {
      if (get().samples.length > 0) return;
      try {
        set({ samples: await worker().listSamples() });
      } catch (error) {
        set({ error: sentenceOf(error) });
      }
    },

    openFiles: (files) => open("Reading files", (onProgress) => worker().openFiles(files, onProgress)),

    openSample: (id) => open("Opening the sample", (onProgress) => worker().openSample(id, onProgress)),

    // Other data do not stay open meanwhile: a recipe of theirs means nothing for these.
    reopen: async (what, job, previous = null) => {
      set({ phase: { kind: "opening", progress: { what, done: 0, total: 0 }, previous }, error: null });
      try {
        const { summary, recipe } = await job((progress) => {
          if (get().phase.kind === "opening") set({ phase: { kind: "opening", progress, previous } });
        });
        if (recipe) {
          appliedSplit = { ...recipe.split, seed: recipe.seed };
          useRecipe.getState().replace(recipe);
        }
        set((state) => ({ phase: summary ? { kind: "ready", summary } : { kind: "choosing", previous: null }, exclusions: new Map(), lastExclusion: null, revision: state.revision + 1 }));
        return summary !== null;
      } catch (error) {
        set({ phase: { kind: "choosing", previous: null }, error: error instanceof CancelledError ? null : sentenceOf(error) });
        return false;
      }
    },

    mapColumns: async (mapping) => {
      const { phase } = get();
      if (phase.kind !== "mapping") return;
      const show = (progress: Progress): void => {
        if (get().phase.kind === "mapping") set({ phase: { ...phase, progress } });
      };
      set({ error: null });
      show({ what: "Reading rows", done: 0, total: 0 });
      try {
        await ready(await worker().mapColumns(mapping, show));
      } catch (error) {
        set({ phase: { ...phase, progress: null }, error: error instanceof CancelledError ? null : sentenceOf(error) });
      }
    },

    setExcluded: async (items, excluded) => {
      const before = get().exclusions;
      set({ exclusions: new Map([...before, ...items.map((item) => [item, excluded] as const)]) });
      try {
        const summary = await worker().setExcluded(items, excluded);
        adopt(summary);
        set({ lastExclusion: { items, excluded } });
      } catch (error) {
        set({ exclusions: before, error: sentenceOf(error) });
      }
    },

    undoExclusion: async () => {
      const { lastExclusion, setExcluded } = get();
      if (lastExclusion === null) return;
      await setExcluded(lastExclusion.items, !lastExclusion.excluded);
      set({ lastExclusion: null });
    },

    dismissExclusion: () => {
      set({ lastExclusion: null });
    },

    replace: () => {
      set((state) => ({ phase: { kind: "choosing", previous: openSummary(state) }, error: null }));
    },

    keep: () => {
      set(({ phase }) => (phase.kind === "choosing" && phase.previous ? { phase: { kind: "ready", summary: phase.previous }, error: null } : {}));
    },

    cancel: () => worker().cancel(),

    fail: (error) => {
      set({ error });
    },
  };
});
