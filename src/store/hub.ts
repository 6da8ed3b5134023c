/**
 * The drawer of a hub's models: what is searched for, picked, on its way and stored. The address is remembered by the browser; a
 * token is not, it lives as long as the page.
 */
import { create } from "zustand";
import { CancelledError, type ErrorSentence } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import { defaultHubBase, type HubHit, type HubRepository, type StorageReport } from "../protocol/hub.ts";
import type { TaskId } from "../protocol/recipe.ts";
import { sentenceOf, worker } from "./client.ts";
import { useModel } from "./model.ts";
import { useRecipe } from "./recipe.ts";

/** `curated`: nobody has been asked. */
export type Hits =
  | { readonly kind: "searching" }
  | { readonly kind: "found" | "curated"; readonly hits: readonly HubHit[] }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

export type Picked =
  | { readonly kind: "none" }
  | { readonly kind: "asking"; readonly name: string }
  | { readonly kind: "open"; readonly name: string; readonly repository: HubRepository }
  | { readonly kind: "failed"; readonly name: string; readonly error: ErrorSentence };

export type HubView = "find" | "stored" | "settings";

interface HubState {
  readonly isOpen: boolean;
  readonly view: HubView;
  readonly base: string;
  readonly token: string;
  readonly query: string;
  readonly hits: Hits;
  readonly picked: Picked;
  readonly download: { readonly name: string; readonly progress: Progress } | null;
  readonly error: ErrorSentence | null;
  readonly storage: StorageReport | null;

  readonly open: () => void;
  readonly close: () => void;
  readonly show: (view: HubView) => void;
  readonly setBase: (base: string) => void;
  readonly setToken: (token: string) => void;
  readonly search: (query: string) => Promise<void>;
  readonly pick: (name: string) => Promise<void>;
  readonly unpick: () => void;
  /** Of the picked repository; then chooses it. */
  readonly start: () => Promise<void>;
  readonly cancel: () => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

const baseKey = "graft-hub";

function rememberedBase(): string {
  return globalThis.localStorage?.getItem(baseKey) ?? defaultHubBase;
}

function task(): TaskId {
  return useRecipe.getState().recipe.task;
}

export const useHub = create<HubState>()((set, get) => {
  const access = (): { readonly base: string; readonly token?: string } => ({ base: get().base, token: get().token || undefined });
  const refreshStorage = async (): Promise<void> => {
    try {
      set({ storage: await worker().listStored() });
    } catch (error) {
      set({ error: sentenceOf(error) });
    }
  };
  /** Answers that come after the question has changed are not shown. */
  let asked = 0;

  return {
    isOpen: false,
    view: "find",
    base: rememberedBase(),
    token: "",
    query: "",
    hits: { kind: "curated", hits: [] },
    picked: { kind: "none" },
    download: null,
    error: null,
    storage: null,

    open: () => {
      set({ isOpen: true });
      void get().search(get().query);
      void refreshStorage();
    },

    close: () => {
      set({ isOpen: false });
    },

    show: (view) => {
      set({ view, error: null });
      if (view === "stored") void refreshStorage();
    },

    setBase: (base) => {
      if (base === get().base) return;
      if (base === defaultHubBase) globalThis.localStorage?.removeItem(baseKey);
      else globalThis.localStorage?.setItem(baseKey, base);
      // A token is of one hub, and another must not see it.
      set({ base, token: "", picked: { kind: "none" } });
      void get().search(get().query);
    },

    setToken: (token) => {
      // What was refused without it is asked again.
      set({ token: token.trim(), picked: { kind: "none" } });
    },

    search: async (query) => {
      const mine = ++asked;
      const text = query.trim();
      set({ query, ...(text === "" ? {} : { hits: { kind: "searching" } }) });
      try {
        const hits = await worker().searchHub({ text, task: task() }, access());
        if (mine === asked) set({ hits: { kind: text === "" ? "curated" : "found", hits } });
      } catch (error) {
        if (mine === asked) set({ hits: { kind: "failed", error: sentenceOf(error) } });
      }
    },

    pick: async (name) => {
      const asking = { kind: "asking", name } as const;
      const stillAsks = (): boolean => get().picked === asking;
      set({ picked: asking, view: "find", error: null });
      try {
        const repository = await worker().describeRepository({ name, task: task() }, access());
        if (stillAsks()) set({ picked: { kind: "open", name, repository } });
      } catch (error) {
        if (stillAsks()) set({ picked: { kind: "failed", name, error: sentenceOf(error) } });
      }
    },

    unpick: () => {
      set({ picked: { kind: "none" }, error: null });
    },

    start: async () => {
      const { picked } = get();
      if (picked.kind !== "open") return;
      const { name, repository } = picked;
      const { storedBytes, totalBytes } = repository;
      set({ download: { name, progress: { what: `Downloading ${name}`, done: storedBytes, total: totalBytes } }, error: null });
      // Firefox grants it to pages only, and asks the person.
      if (storedBytes === 0) void globalThis.navigator?.storage?.persist?.();
      try {
        const card = await worker().downloadRepository(repository, access(), (progress) => {
          if (get().download?.name === name) set({ download: { name, progress } });
        });
        // Who is looking at something else by now goes on looking at it.
        const now = get();
        const isShown = now.picked.kind !== "none" && now.picked.name === name;
        set({ download: null, isOpen: now.isOpen && !(isShown && now.view === "find"), picked: isShown ? { kind: "none" } : now.picked });
        // Other data may have been opened meanwhile; the model is then among those of its own task.
        if (card.tasks.includes(task())) {
          useModel.getState().add(card);
          useModel.getState().choose(card.id);
        }
        await refreshStorage();
      } catch (error) {
        set({ download: null, error: error instanceof CancelledError ? null : sentenceOf(error) });
        await refreshStorage();
        const stored = get().storage?.models.find((model) => model.name === repository.name && model.revision === repository.revision);
        if (get().picked === picked) set({ picked: { ...picked, repository: { ...repository, storedBytes: stored?.bytes ?? 0 } } });
      }
    },

    cancel: () => worker().cancelDownload(),

    remove: async (id) => {
      try {
        await worker().deleteStored(id);
        useModel.getState().forget(id);
      } catch (error) {
        set({ error: sentenceOf(error) });
      }
      await refreshStorage();
    },
  };
});
