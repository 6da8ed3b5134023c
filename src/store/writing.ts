/**
 * Where a model that writes is tried: the draft, the way it is used, how tokens are drawn, and what each model has made of it. Kept
 * here and not in the panel, so that a text goes on being written while one looks at another step.
 */
import { create, type StoreApi, type UseBoundStore } from "zustand";
import type { ErrorSentence } from "../core/errors.ts";
import { generationSchema, type ChatUse, type GenerationOptions } from "../protocol/generation.ts";
import type { Generated, GenerationRequest } from "../protocol/run.ts";
import { sentenceOf, worker } from "./client.ts";
import { useRun } from "./run.ts";
import { useSession } from "./session.ts";

/** The model after fine-tuning and the one before. */
export type Side = "tuned" | "base";

/** What the draft is given to the model for. */
export type WritingWay = "continue" | "rewrite" | "summarise";

/** How the model takes it: as a text to go on from, or as a message in a chat, to be answered. */
export type WritingForm = "text" | "chat";

export type Written =
  | { readonly kind: "nothing" }
  | { readonly kind: "writing"; readonly prompt: string; readonly text: string }
  | { readonly kind: "written"; readonly prompt: string; readonly text: string; readonly result: Generated }
  | { readonly kind: "failed"; readonly prompt: string; readonly text: string; readonly error: ErrorSentence };

/** In a template it stands for the draft. */
export const draftPlace = "{draft}";

type Templates = Readonly<Record<WritingForm, Readonly<Record<WritingWay, string>>>>;

/** Pairs of a prompt and a completion, or chats, are what makes a model follow these; the wording is the person's to change. */
export const defaultTemplates: Templates = {
  text: {
    continue: draftPlace,
    rewrite: `Rewrite this text in better words.\n\n${draftPlace}\n\nRewritten:\n`,
    summarise: `${draftPlace}\n\nIn one sentence:\n`,
  },
  chat: {
    continue: draftPlace,
    rewrite: `Rewrite this text in better words:\n\n${draftPlace}`,
    summarise: `Summarise this text in one sentence:\n\n${draftPlace}`,
  },
};

interface Drawing extends Omit<GenerationOptions, "stop"> {
  /** As typed: `\n` is a line break; empty for none. */
  readonly stopText: string;
}

export interface WritingState {
  readonly draft: string;
  readonly way: WritingWay;
  /** The way in which what stands there was written. */
  readonly writtenWay: WritingWay;
  /** As the person chose it; null for what the model is used to. */
  readonly chosenForm: WritingForm | null;
  readonly templates: Templates;
  readonly drawing: Drawing;
  readonly written: Readonly<Record<Side, Written>>;
  /** What was done to the draft, and the draft before. */
  readonly replaced: { readonly what: string; readonly draft: string } | null;

  readonly setDraft: (draft: string) => void;
  readonly setWay: (way: WritingWay) => void;
  readonly setForm: (form: WritingForm) => void;
  readonly setTemplate: (template: string) => void;
  readonly setDrawing: (change: Partial<Drawing>) => void;
  /** Both models at once, where there are two. */
  readonly write: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Puts what a model wrote where the way in which it did wants it. */
  readonly insert: (side: Side) => void;
  readonly undo: () => void;
  readonly dismiss: () => void;
}

const { stop: _none, ...defaultDrawing } = generationSchema.parse({});
const nothing: WritingState["written"] = { tuned: { kind: "nothing" }, base: { kind: "nothing" } };

/** Chats where the model was tuned on them, unless the person chose otherwise; never where it makes no sense. */
export function formOf({ chosenForm }: Pick<WritingState, "chosenForm">, chat: ChatUse | undefined): WritingForm {
  if (chat === undefined) return "text";
  return chosenForm ?? (chat.isUsual ? "chat" : "text");
}

/** The prompt as the model gets it. */
export function promptOf({ draft, way, templates }: Pick<WritingState, "draft" | "way" | "templates">, form: WritingForm): string {
  return templates[form][way].split(draftPlace).join(draft);
}

export function isWriting({ written }: Pick<WritingState, "written">): boolean {
  return written.tuned.kind === "writing" || written.base.kind === "writing";
}

function optionsOf({ stopText, ...drawing }: Drawing): GenerationOptions {
  return { ...drawing, stop: stopText === "" ? [] : [stopText.replaceAll("\\n", "\n")] };
}

/** What an insertion makes of the draft, and how that is said. */
const insertions: Readonly<Record<WritingWay, { readonly what: string; readonly apply: (draft: string, text: string, form: WritingForm) => string }>> = {
  continue: { what: "The text was added to the draft.", apply: (draft, text, form) => (form === "chat" ? `${draft.trimEnd()}\n\n${text.trim()}` : draft + text) },
  rewrite: { what: "The draft was replaced.", apply: (_, text) => text.trim() },
  summarise: { what: "The summary was put above the draft.", apply: (draft, text) => `${text.trim()}\n\n${draft}` },
};

type Ask = (request: Omit<GenerationRequest, "which">, onText: (piece: string) => void) => Promise<Generated>;

interface Models {
  readonly tuned: Ask;
  readonly base?: Ask;
  /** How they are asked as in a chat. */
  readonly chat: () => ChatUse | undefined;
}

function createWriting(models: Models): UseBoundStore<StoreApi<WritingState>> {
  return create<WritingState>()((set, get) => {
    const show = (side: Side, next: Written): void => {
      set(({ written }) => ({ written: { ...written, [side]: next } }));
    };

    const write = async (side: Side, ask: Ask, asked: string, form: WritingForm, options: GenerationOptions): Promise<void> => {
      // An answer stands below what it answers, a text goes on where the prompt ends.
      const [prompt, below] = form === "chat" ? [`${asked.trim()}\n\n`, (written: string) => written.trimStart()] : [asked, (written: string) => written];
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
        const result = await ask({ prompt: asked, asChat: form === "chat", options }, (piece) => {
          text = below(text + piece);
          tell({ kind: "writing", prompt, text });
        });
        tell({ kind: "written", prompt, text: below(result.text), result });
      } catch (error) {
        tell({ kind: "failed", prompt, text, error: sentenceOf(error) });
      }
    };

    return {
      draft: "",
      way: "continue",
      writtenWay: "continue",
      chosenForm: null,
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

      setForm: (chosenForm) => {
        set({ chosenForm });
      },

      setTemplate: (template) => {
        const form = formOf(get(), models.chat());
        set(({ way, templates }) => ({ templates: { ...templates, [form]: { ...templates[form], [way]: template } } }));
      },

      setDrawing: (change) => {
        set(({ drawing }) => ({ drawing: { ...drawing, ...change } }));
      },

      write: async () => {
        if (isWriting(get())) return;
        const form = formOf(get(), models.chat());
        const prompt = promptOf(get(), form);
        const options = optionsOf(get().drawing);
        if (get().writtenWay !== get().way) set({ writtenWay: get().way });
        await Promise.all([write("tuned", models.tuned, prompt, form, options), ...(models.base ? [write("base", models.base, prompt, form, options)] : [])]);
      },

      stop: () => worker().stopGenerating(),

      insert: (side) => {
        const { written, writtenWay, draft } = get();
        const from = written[side];
        if (from.kind === "nothing") return;
        const { what, apply } = insertions[writtenWay];
        set({ draft: apply(draft, from.text, formOf(get(), models.chat())), replaced: { what, draft } });
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
  tuned: (request, onText) => worker().generate({ ...request, which: "tuned" }, onText),
  base: (request, onText) => worker().generate({ ...request, which: "base" }, onText),
  chat: () => {
    const { results } = useRun.getState();
    return results.kind === "ready" ? results.results.chat : undefined;
  },
});

/** The model of an opened download, which holds no other. */
export const useOpenedWriting = createWriting({
  tuned: (request, onText) => worker().generateOpened(request, onText),
  chat: () => {
    const { download } = useSession.getState();
    return download.kind === "open" ? download.model.chat : undefined;
  },
});

useRun.subscribe(({ recipe }, before) => {
  if (recipe !== before.recipe) useRunWriting.setState({ written: nothing, chosenForm: null });
});
useSession.subscribe(({ download }, before) => {
  if (download !== before.download) useOpenedWriting.setState({ written: nothing, chosenForm: null });
});
