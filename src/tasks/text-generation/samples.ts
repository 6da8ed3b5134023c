/** What a model under training writes of a few fixed beginnings, with the same chance every time: so one sees the style arrive. */
import type { CorpusDocument } from "../../data/corpus/documents.ts";
import type { TextCorpus } from "../../data/corpus/text-corpus.ts";
import type { TextGenerator } from "../../engine/generation/text-generator.ts";
import { generationSchema } from "../../protocol/generation.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { WrittenSample } from "../../protocol/run.ts";
import type { RunControl } from "../../train/control.ts";

const mostPrompts = 2;
/** Words of a held-back text that the model goes on from. */
const promptWords = 8;

/** The recipe's prompts, or the beginnings of held-back texts. */
export function promptsOf({ generation }: Pick<Recipe, "generation">, corpus: TextCorpus, chatPrompt: (document: Extract<CorpusDocument, { readonly kind: "chat" }>) => string): readonly string[] {
  if (generation.prompts.length > 0) return generation.prompts;
  const documents = corpus.documents("validation").map(({ document }) => document);
  const step = Math.max(1, Math.floor(documents.length / mostPrompts));
  return documents.filter((_, i) => i % step === 0).slice(0, mostPrompts).map((document) => (document.kind === "chat" ? chatPrompt(document) : beginningOf(document)));
}

function beginningOf(document: Exclude<CorpusDocument, { readonly kind: "chat" }>): string {
  if (document.kind === "pair" && document.prompt !== "") return document.prompt;
  const text = document.kind === "pair" ? document.completion : document.text;
  return text.trim().split(/\s+/).slice(0, promptWords).join(" ");
}

/** Ends early, with fewer, once the control has stopped. */
export async function drawSamples(writer: TextGenerator, prompts: readonly string[], { generation, seed }: Pick<Recipe, "generation" | "seed">, control: RunControl): Promise<readonly WrittenSample[]> {
  const options = { ...generationSchema.parse({}), maxNewTokens: generation.sampleTokens, seed };
  const samples: WrittenSample[] = [];
  for (const prompt of prompts) {
    if (control.stopped) break;
    samples.push({ prompt, text: (await writer.generate(prompt, options)).text });
  }
  return samples;
}
