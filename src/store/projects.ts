/**
 * The projects of this browser and the open one. Whatever data is opened goes into a project by itself; the recipe and what is left
 * out of the data follow as they change, so that a reload loses nothing.
 */
import { create } from "zustand";
import { CancelledError, type ErrorSentence } from "../core/errors.ts";
import type { OnProgress, Progress, WorkerApi } from "../protocol/api.ts";
import type { DataSummary, SourceFile } from "../protocol/data.ts";
import type { ProjectList, ProjectView } from "../protocol/projects.ts";
import { sentenceOf, worker } from "./client.ts";
import { openSummary, useData } from "./data.ts";
import { useModel } from "./model.ts";
import { useRecipe } from "./recipe.ts";
import { isUnderWay, recordOf } from "./run-state.ts";
import { useRun } from "./run.ts";
import { useSession } from "./session.ts";

/** How the open data stand. `unkept`: a reload loses them. */
export type Keeping =
  | { readonly kind: "none" }
  | { readonly kind: "keeping"; readonly progress: Progress }
  | { readonly kind: "kept" }
  | { readonly kind: "unkept"; readonly error: ErrorSentence };

export interface Zipping {
  readonly progress: Progress;
  readonly cancel: () => void;
}

interface ProjectsState {
  /** Null until it was read. */
  readonly list: ProjectList | null;
  /** The id of the project that was open last in this browser; null before there was one. */
  readonly last: string | null;
  readonly open: ProjectView | null;
  readonly keeping: Keeping;
  readonly error: ErrorSentence | null;
  /** A project's zip on its way, in or out; null while there is none. */
  readonly zipping: Zipping | null;
  /** The name of the project that was brought in last; null once something else was done. */
  readonly brought: string | null;
  /** What the browser said when it was asked to keep what is stored. */
  readonly promise: string | null;

  readonly load: () => Promise<void>;
  /** With its data and recipe; then goes on with the run, if one is named, or shows the newest result. */
  readonly openProject: (id: string, run?: number) => Promise<void>;
  /** The open one in a worker that was started anew, with what the person was at as the page has it. @returns whether it is open */
  readonly restore: () => Promise<boolean>;
  /** What is opened next is a project of its own. */
  readonly close: () => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly askToKeep: () => Promise<void>;
  /** The zip; null where it was cancelled, or could not be made and the store says why. */
  readonly pack: (id: string) => Promise<Blob | null>;
  readonly bring: (file: SourceFile) => Promise<void>;
  readonly changeRun: (run: number, changes: RunChanges) => Promise<void>;
  readonly changeNotes: (notes: string) => Promise<void>;
  /** @returns why it cannot be called that, or null. */
  readonly rename: (id: string, name: string) => Promise<ErrorSentence | null>;
}

export type RunChanges = Parameters<WorkerApi["updateRun"]>[1];

/** Changes in quick succession are written once. */
const draftMs = 400;
let draftTimer: ReturnType<typeof setTimeout> | undefined;
const lastKey = "graft-last-project";
/** Data that come back from a project need not be put into one. */
let reopening = false;

export const useProjects = create<ProjectsState>()((set, get) => {
  const attempt = async (job: () => Promise<void>): Promise<void> => {
    set({ error: null });
    try {
      await job();
    } catch (error) {
      if (!(error instanceof CancelledError)) set({ error: sentenceOf(error) });
    }
  };

  /** One at a time: the buttons that begin one wait for it. */
  const withZip = async (what: string, cancel: () => void, job: (onProgress: OnProgress) => Promise<void>): Promise<void> => {
    const show = (progress: Progress): void => set({ zipping: { progress, cancel } });
    set({ brought: null });
    show({ what, done: 0, total: 0 });
    await attempt(() => job((progress) => get().zipping && show(progress)));
    set({ zipping: null });
  };

  /** @param previous its data, where they are on the page already. @returns whether its data are open */
  const read = async (id: string, previous?: DataSummary | null): Promise<boolean> => {
    reopening = true;
    useModel.setState({ task: null, error: null });
    set({ error: null });
    const isOpen = await useData.getState().reopen(
      "Opening the project",
      async (onProgress) => {
        const { project, lost, ...opened } = await worker().openProject(id, onProgress);
        set({ open: project, keeping: { kind: "kept" }, error: lost });
        showLast(id);
        return opened;
      },
      previous,
    );
    reopening = false;
    return isOpen;
  };

  return {
    list: null,
    last: globalThis.localStorage?.getItem(lastKey) ?? null,
    open: null,
    keeping: { kind: "none" },
    error: null,
    zipping: null,
    brought: null,
    promise: null,

    load: () => attempt(async () => set({ list: await worker().listProjects() })),

    openProject: async (id, run) => {
      useRun.getState().reset();
      set({ brought: null });
      const wasLast = get().last === id;
      if (!(await read(id))) {
        // One whose opening was cancelled is closed again.
        const open = await worker().viewProject().catch(() => null);
        return set(open ? { open } : { open, keeping: { kind: "none" } });
      }
      const runs = get().open?.runs ?? [];
      const newest = runs.find(({ state }) => state === "finished");
      // The list that it was chosen from may be older than what another tab has done since.
      if (run !== undefined && runs.some((card) => card.run === run && card.state === "finished")) return useRun.getState().reopen(run);
      if (run !== undefined) {
        useSession.getState().goTo("train");
        await useRun.getState().goOn(run, runs.find((card) => card.run === run)?.recipe ?? null);
        return;
      }
      // Where another project was left is not where this one goes on.
      if (!wasLast) useSession.getState().goTo("data");
      if (newest) await useRun.getState().reopen(newest.run);
    },

    restore: async () => {
      const { open } = get();
      if (open === null) return false;
      const { recipe } = useRecipe.getState();
      const { dataReplaced } = useRun.getState();
      const isOpen = await read(open.id, openSummary(useData.getState()));
      // They are the same data, and the recipe may have been changed in the last moment.
      useRun.setState({ dataReplaced });
      if (isOpen) useRecipe.getState().replace(recipe);
      return isOpen;
    },

    close: () =>
      attempt(async () => {
        // First, so that nobody waits for data to be kept that nobody wants.
        await worker().closeData();
        await worker().closeProject();
        useRun.getState().reset();
        useData.setState({ phase: { kind: "choosing", previous: null }, error: null });
        set({ open: null, keeping: { kind: "none" } });
        useSession.getState().goTo("data");
        await get().load();
      }),

    remove: (id) =>
      attempt(async () => {
        await worker().deleteProject(id);
        await get().load();
      }),

    askToKeep: () =>
      attempt(async () => {
        // Firefox grants it to pages only, and asks the person.
        await globalThis.navigator?.storage?.persist?.();
        const { sentence } = await worker().askToKeep();
        set({ promise: sentence });
        await get().load();
      }),

    pack: async (id) => {
      let zip: Blob | null = null;
      await withZip("Exporting the project", () => void worker().cancelExport("project"), async (onProgress) => void (zip = await worker().exportProject(id, onProgress)));
      return zip;
    },

    bring: async (file) => {
      if (get().zipping) return set({ error: { where: file.path, what: "another project is on its way", next: "Wait for it, or cancel it, and bring this one in then" } });
      await withZip(`Bringing in ${file.path}`, () => void worker().cancel(), async (onProgress) => {
        const id = await worker().importProject(file, onProgress);
        showLast(id);
        await get().load();
        set({ brought: get().list?.projects.find((project) => project.id === id)?.name ?? null });
      });
    },

    changeRun: (run, changes) =>
      attempt(async () => {
        await worker().updateRun(run, changes);
        set({ open: await worker().viewProject() });
      }),

    changeNotes: (notes) =>
      attempt(async () => {
        const { open } = get();
        if (open) await worker().updateProject(open.id, { notes });
        set({ open: await worker().viewProject() });
      }),

    rename: async (id, name) => {
      try {
        await worker().updateProject(id, { name });
      } catch (error) {
        return sentenceOf(error);
      }
      if (get().open?.id === id) set({ open: await worker().viewProject() });
      else await get().load();
      return null;
    },
  };
});

/** The start page offers it first. */
function showLast(id: string): void {
  globalThis.localStorage?.setItem(lastKey, id);
  useProjects.setState({ last: id });
}

async function keep(): Promise<void> {
  useProjects.setState({ keeping: { kind: "keeping", progress: { what: "Keeping the data in this browser", done: 0, total: 0 } } });
  try {
    const open = await worker().keepData(useRecipe.getState().recipe, (progress) => {
      if (useProjects.getState().keeping.kind === "keeping") useProjects.setState({ keeping: { kind: "keeping", progress } });
    });
    useProjects.setState({ open, keeping: { kind: "kept" } });
    showLast(open.id);
  } catch (error) {
    // Other data took their place, and are being kept.
    if (error instanceof CancelledError) return;
    useProjects.setState({ open: null, keeping: { kind: "unkept", error: sentenceOf(error) } });
  }
}

function draftLater(): void {
  clearTimeout(draftTimer);
  draftTimer = setTimeout(() => {
    if (useProjects.getState().keeping.kind === "kept") void worker().keepDraft(useRecipe.getState().recipe).catch((error: unknown) => useProjects.setState({ error: sentenceOf(error) }));
  }, draftMs);
}

useData.subscribe((state, before) => {
  const wasOpened = state.phase.kind === "ready" && (before.phase.kind === "opening" || before.phase.kind === "mapping");
  if (wasOpened && !reopening) void keep();
  if (state.exclusions !== before.exclusions && openSummary(state) !== null) draftLater();
});
useRecipe.subscribe(draftLater);
useRun.subscribe(({ run, results, kept }, before) => {
  const hasChanged = isUnderWay(run) !== isUnderWay(before.run) || results.kind !== before.results.kind || recordOf(run).notKept !== recordOf(before.run).notKept || (kept === null) !== (before.kept === null);
  if (!hasChanged || useProjects.getState().open === null) return;
  void worker().viewProject().then((open) => useProjects.setState({ open }), () => undefined);
});
