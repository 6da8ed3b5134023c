/** What a model under training writes of a few fixed beginnings, with the same chance every time: so one sees the style arrive. */
import type { ChatTurn, CorpusDocument } from "../../data/corpus/documents.ts";
import type { TextCorpus } from "../../data/corpus/text-corpus.ts";
import { generationSchema } from "../../protocol/generation.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { WrittenSample } from "../../protocol/run.ts";
import type { RunControl } from "../../train/control.ts";
import type { Writer } from "../engine.ts";
import type { ChatWriter } from "./writers.ts";

const mostPrompts = 2;
/** Words of a held-back text that the model goes on from. */
const promptWords = 8;

/** What is shown as the prompt, and the turns of a conversation that lead to it where the model answers instead of going on. */
export interface SamplePrompt {
  readonly prompt: string;
  readonly turns?: readonly ChatTurn[];
}

/** The recipe's prompts, or the beginnings of held-back texts; of a corpus of conversations, what a person says in one. */
export function promptsOf({ generation }: Pick<Recipe, "generation">, corpus: TextCorpus): readonly SamplePrompt[] {
  if (generation.prompts.length > 0) return generation.prompts.map((prompt) => (corpus.format === "chat" ? { prompt, turns: [{ role: "user", content: prompt }] } : { prompt }));
  const documents = corpus.documents("validation").map(({ document }) => document);
  const step = Math.max(1, Math.floor(documents.length / mostPrompts));
  return documents.filter((_, i) => i % step === 0).slice(0, mostPrompts).map(beginningOf);
}

function beginningOf(document: CorpusDocument): SamplePrompt {
  if (document.kind === "chat") {
    const first = document.turns.findIndex(({ role }) => role === "assistant");
    const turns = first === -1 ? document.turns : document.turns.slice(0, first);
    return { prompt: turns.findLast(({ role }) => role === "user")?.content ?? turns.at(-1)?.content ?? "", turns };
  }
  if (document.kind === "pair" && document.prompt !== "") return { prompt: document.prompt };
  const text = document.kind === "pair" ? document.completion : document.text;
  return { prompt: text.trim().split(/\s+/).slice(0, promptWords).join(" ") };
}

/** Ends early, with fewer, once the control has stopped. */
export async function drawSamples(writers: { readonly text: Writer; readonly chat: ChatWriter }, prompts: readonly SamplePrompt[], { generation, seed }: Pick<Recipe, "generation" | "seed">, control: RunControl): Promise<readonly WrittenSample[]> {
  const options = { ...generationSchema.parse({}), maxNewTokens: generation.sampleTokens, seed };
  const samples: WrittenSample[] = [];
  for (const { prompt, turns } of prompts) {
    if (control.stopped) break;
    samples.push({ prompt, text: (turns ? await writers.chat.answer(turns, options) : await writers.text.generate(prompt, options)).text });
  }
  return samples;
}
