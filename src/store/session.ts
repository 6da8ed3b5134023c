/**
 * Where the person is: a step, or a downloaded model that was opened again. The step lives in the address (`#model`), so
 * that the browser's back button, links and bookmarks work.
 */
import { create } from "zustand";
import type { ErrorSentence } from "../core/errors.ts";
import type { OpenedModel } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";
import { sentenceOf, worker } from "./client.ts";

export const stepIds = ["data", "model", "settings", "train", "results"] as const;
export type StepId = (typeof stepIds)[number];

export type Download =
  | { readonly kind: "none" }
  | { readonly kind: "opening"; readonly name: string }
  | { readonly kind: "open"; readonly model: OpenedModel }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

interface SessionState {
  readonly step: StepId;
  readonly download: Download;
  readonly goTo: (step: StepId) => void;
  /** Opens what Graft once saved: the zip, or its unpacked files. */
  readonly openDownload: (files: readonly SourceFile[]) => Promise<void>;
  readonly closeDownload: () => void;
}

function stepOf(hash: string): StepId {
  return stepIds.find((id) => `#${id}` === hash) ?? "data";
}

const inBrowser = typeof window !== "undefined";

export const useSession = create<SessionState>()((set) => ({
  step: inBrowser ? stepOf(window.location.hash) : "data",
  download: { kind: "none" },

  goTo: (step) => {
    if (inBrowser) window.location.hash = step;
    set({ step });
  },

  openDownload: async (files) => {
    set({ download: { kind: "opening", name: files[0]?.path ?? "" } });
    try {
      set({ download: { kind: "open", model: await worker().openDownload(files) } });
    } catch (error) {
      set({ download: { kind: "failed", error: sentenceOf(error) } });
    }
  },

  closeDownload: () => {
    set({ download: { kind: "none" } });
  },
}));

if (inBrowser) {
  window.addEventListener("hashchange", () => {
    useSession.setState({ step: stepOf(window.location.hash) });
  });
}
