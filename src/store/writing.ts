/**
 * Where a model that writes is tried: the draft, the way it is used, how tokens are drawn, and what each model has made of it. Kept
 * here and not in the panel, so that a text goes on being written while one looks at another step.
 */
import { create, type StoreApi, type UseBoundStore } from "zustand";
import type { ErrorSentence } from "../core/errors.ts";
import { generationSchema, type GenerationOptions } from "../protocol/generation.ts";
import type { Generated } from "../protocol/run.ts";
import { sentenceOf, worker } from "./client.ts";
import { useRun } from "./run.ts";
import { useSession } from "./session.ts";

/** The model after fine-tuning and the one before. */
export type Side = "tuned" | "base";

/** What the draft is given to the model for. */
export type WritingWay = "continue" | "rewrite" | "summarise";

export type Written =
  | { readonly kind: "nothing" }
  | { readonly kind: "writing"; readonly prompt: string; readonly text: string }
  | { readonly kind: "written"; readonly prompt: string; readonly text: string; readonly result: Generated }
  | { readonly kind: "failed"; readonly prompt: string; readonly text: string; readonly error: ErrorSentence };

/** In a template it stands for the draft. */
export const draftPlace = "{draft}";

/** Pairs of a prompt and a completion are what makes a model follow these; the wording is the person's to change. */
export const defaultTemplates: Readonly<Record<WritingWay, string>> = {
  continue: draftPlace,
  rewrite: `Rewrite this text in better words.\n\n${draftPlace}\n\nRewritten:\n`,
  summarise: `${draftPlace}\n\nIn one sentence:\n`,
};

interface Drawing extends Omit<GenerationOptions, "stop"> {
  /** As typed: `\n` is a line break; empty for none. */
  readonly stopText: string;
}

export interface WritingState {
  readonly draft: string;
  readonly way: WritingWay;
  readonly templates: Readonly<Record<WritingWay, string>>;
  readonly drawing: Drawing;
  readonly written: Readonly<Record<Side, Written>>;
  /** What was done to the draft, and the draft before. */
  readonly replaced: { readonly what: string; readonly draft: string } | null;

  readonly setDraft: (draft: string) => void;
  readonly setWay: (way: WritingWay) => void;
  readonly setTemplate: (template: string) => void;
  readonly setDrawing: (change: Partial<Drawing>) => void;
  /** Both models at once, where there are two. */
  readonly write: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Puts what a model wrote where the way wants it. */
  readonly insert: (side: Side) => void;
  readonly undo: () => void;
  readonly dismiss: () => void;
}

const { stop: _none, ...defaultDrawing } = generationSchema.parse({});
const nothing: WritingState["written"] = { tuned: { kind: "nothing" }, base: { kind: "nothing" } };

/** The prompt as the model gets it. */
export function promptOf({ draft, way, templates }: Pick<WritingState, "draft" | "way" | "templates">): string {
  return templates[way].split(draftPlace).join(draft);
}

export function isWriting({ written }: Pick<WritingState, "written">): boolean {
  return written.tuned.kind === "writing" || written.base.kind === "writing";
}

function optionsOf({ stopText, ...drawing }: Drawing): GenerationOptions {
  return { ...drawing, stop: stopText === "" ? [] : [stopText.replaceAll("\\n", "\n")] };
}

/** What an insertion makes of the draft, and how that is said. */
const insertions: Readonly<Record<WritingWay, { readonly what: string; readonly apply: (draft: string, text: string) => string }>> = {
  continue: { what: "The text was added to the draft.", apply: (draft, text) => draft + text },
  rewrite: { what: "The draft was replaced.", apply: (_, text) => text.trim() },
  summarise: { what: "The summary was put above the draft.", apply: (draft, text) => `${text.trim()}\n\n${draft}` },
};

type Ask = (prompt: string, options: GenerationOptions, onText: (piece: string) => void) => Promise<Generated>;

function createWriting(models: { readonly tuned: Ask; readonly base?: Ask }): UseBoundStore<StoreApi<WritingState>> {
  return create<WritingState>()((set, get) => {
    const show = (side: Side, next: Written): void => {
      set(({ written }) => ({ written: { ...written, [side]: next } }));
    };

    const write = async (side: Side, ask: Ask, prompt: string, options: GenerationOptions): Promise<void> => {
      let text = "";
      const mine: Written = { kind: "writing", prompt, text };
      let shown: Written = mine;
      // A run that has begun since, or another download, has cleared what was written for the last.
      const isWanted = (): boolean => get().written[side] === shown;
      const tell = (next: Written): void => {
        if (!isWanted()) return;
        shown = next;
        show(side, next);
      };
      show(side, mine);
      try {
        const result = await ask(prompt, options, (piece) => {
          text += piece;
          tell({ kind: "writing", prompt, text });
        });
        tell({ kind: "written", prompt, text: result.text, result });
      } catch (error) {
        tell({ kind: "failed", prompt, text, error: sentenceOf(error) });
      }
    };

    return {
      draft: "",
      way: "continue",
      templates: defaultTemplates,
      drawing: { ...defaultDrawing, stopText: "" },
      written: nothing,
      replaced: null,

      setDraft: (draft) => {
        set({ draft, replaced: null });
      },

      setWay: (way) => {
        set({ way });
      },

      setTemplate: (template) => {
        set(({ way, templates }) => ({ templates: { ...templates, [way]: template } }));
      },

      setDrawing: (change) => {
        set(({ drawing }) => ({ drawing: { ...drawing, ...change } }));
      },

      write: async () => {
        if (isWriting(get())) return;
        const prompt = promptOf(get());
        const options = optionsOf(get().drawing);
        await Promise.all([write("tuned", models.tuned, prompt, options), ...(models.base ? [write("base", models.base, prompt, options)] : [])]);
      },

      stop: () => worker().stopGenerating(),

      insert: (side) => {
        const { written, way, draft } = get();
        const from = written[side];
        if (from.kind === "nothing") return;
        const { what, apply } = insertions[way];
        set({ draft: apply(draft, from.text), replaced: { what, draft } });
      },

      undo: () => {
        set(({ replaced, draft }) => ({ draft: replaced?.draft ?? draft, replaced: null }));
      },

      dismiss: () => {
        set({ replaced: null });
      },
    };
  });
}

/** The model of the run that has ended, beside the model before. */
export const useRunWriting = createWriting({
  tuned: (prompt, options, onText) => worker().generate({ prompt, which: "tuned", options }, onText),
  base: (prompt, options, onText) => worker().generate({ prompt, which: "base", options }, onText),
});

/** The model of an opened download, which holds no other. */
export const useOpenedWriting = createWriting({ tuned: (prompt, options, onText) => worker().generateOpened({ prompt, options }, onText) });

useRun.subscribe(({ recipe }, before) => {
  if (recipe !== before.recipe) useRunWriting.setState({ written: nothing });
});
useSession.subscribe(({ download }, before) => {
  if (download !== before.download) useOpenedWriting.setState({ written: nothing });
});
