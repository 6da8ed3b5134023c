/**
 * Where the person is: a step, or a downloaded model that was opened again. The step lives in the address (`#model`), so
 * that the browser's back button, links and bookmarks work.
 */
import { create } from "zustand";
import type { ErrorSentence } from "../core/errors.ts";
import type { OpenedModel } from "../protocol/api.ts";
import type { Headline } from "../protocol/headline.ts";
import type { SourceFile } from "../protocol/data.ts";
import { sentenceOf, worker } from "./client.ts";

export const stepIds = ["data", "model", "settings", "train", "results"] as const;
export type StepId = (typeof stepIds)[number];

export type Download =
  | { readonly kind: "none" }
  | { readonly kind: "opening"; readonly name: string }
  | { readonly kind: "open"; readonly model: OpenedModel }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

/** The run as the rail shows it. */
export type RunGlance =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly epoch: number; readonly epochs: number; readonly paused: boolean }
  | { readonly kind: "failed" }
  | { readonly kind: "finished"; readonly headline: Headline | null };

interface SessionState {
  readonly step: StepId;
  /** The steps that were opened so far. */
  readonly visited: ReadonlySet<StepId>;
  /** What is shown instead of the step: a downloaded model, or the project's runs. */
  readonly instead: "download" | "runs" | null;
  readonly download: Download;
  readonly run: RunGlance;
  readonly goTo: (step: StepId) => void;
  /** Opens what Graft once saved: the zip, or its unpacked files. */
  readonly openDownload: (files: readonly SourceFile[]) => Promise<void>;
  /** The same one in a worker that was started anew, wherever the person is. @throws what the worker does */
  readonly reopenDownload: () => Promise<void>;
  readonly closeDownload: () => void;
  /** Whoever holds the run says here how it stands: the rail does not know the run's store. */
  readonly showRun: (run: RunGlance) => void;
}

const inBrowser = typeof window !== "undefined";
/** Of the download that is open. */
let openFiles: readonly SourceFile[] = [];
const downloadHash = "#download";
/** The runs of the open project. */
export const runsHash = "#runs";

function stepOf(hash: string): StepId | undefined {
  return stepIds.find((id) => `#${id}` === hash);
}

function goToHash(hash: string): void {
  if (inBrowser) window.location.hash = hash;
}

const first = (inBrowser ? stepOf(window.location.hash) : undefined) ?? "data";

export const useSession = create<SessionState>()((set, get) => ({
  step: first,
  visited: new Set([first]),
  // Shown once a project is open.
  instead: inBrowser && window.location.hash === runsHash ? "runs" : null,
  download: { kind: "none" },
  run: { kind: "none" },

  goTo: (step) => {
    goToHash(step);
    set(({ visited }) => ({ step, visited: new Set([...visited, step]), instead: null }));
  },

  openDownload: async (files) => {
    set({ download: { kind: "opening", name: files[0]?.path ?? "" } });
    try {
      set({ download: { kind: "open", model: await worker().openDownload(files) }, instead: "download" });
      openFiles = files;
      goToHash(downloadHash);
    } catch (error) {
      set({ download: { kind: "failed", error: sentenceOf(error) } });
    }
  },

  reopenDownload: async () => {
    if (get().download.kind === "open") await worker().openDownload(openFiles);
  },

  closeDownload: () => {
    set({ download: { kind: "none" } });
    get().goTo("data");
  },

  showRun: (run) => {
    set({ run });
  },
}));

if (inBrowser) {
  window.addEventListener("hashchange", () => {
    const { hash } = window.location;
    // The bare address is where everybody starts.
    const step = hash === "" ? "data" : stepOf(hash);
    if (step) useSession.setState(({ visited }) => ({ step, visited: new Set([...visited, step]), instead: null }));
    else if (hash === downloadHash) useSession.setState(({ download }) => ({ instead: download.kind === "open" ? "download" : null }));
    else if (hash === runsHash) useSession.setState({ instead: "runs" });
  });
}
