/** Models that come with the page as published checkpoints do: their card is ours, everything else is read from their files. */
import type { ModelCard } from "../protocol/models.ts";
import { openCheckpoint } from "./checkpoints/open.ts";
import type { ModelFamily } from "./types.ts";

const fileNames = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

function embeddedCheckpoint(card: ModelCard): ModelFamily {
  const paths = fileNames.map((name) => `models/${card.id}/${name}`);
  return {
    card,
    files: paths,
    async load(fetchFile) {
      const files = await Promise.all(paths.map(async (path) => ({ path, blob: new Blob([await fetchFile(path)]) })));
      const { loaded } = await openCheckpoint(files);
      return { ...loaded, licence: card.licence };
    },
  };
}

const trainedOn = "Novels of Jane Austen, the King James Bible, sayings, the Jargon File, WordNet's definitions and Webster's Dictionary of 1913, all from Debian packages.";
const licence = "Apache-2.0 (pre-trained by Graft; tools/pretrain says how)";

export const graftBert = embeddedCheckpoint({
  id: "graft-bert",
  name: "Graft BERT mini",
  tasks: ["text-classification"],
  summary: "A small BERT that Graft pre-trained itself: reads both ways, a token at a time.",
  trainedOn,
  licence,
  source: "tools/pretrain in Graft's repository",
  input: "English text, up to 256 tokens (about 180 words); longer texts are cut",
  goodAt: "Trying out how a BERT is fine-tuned, with all layers unfrozen; longer texts than the sentence encoder takes.",
  limits: "It is small and has read little, most of it old: the sentence encoder, or a BERT from the hub, is better where accuracy counts. English only.",
  parameters: 5_322_752,
  downloadBytes: 10_980_574,
  origin: "embedded",
});

export const graftGpt2 = embeddedCheckpoint({
  id: "graft-gpt2",
  name: "Graft GPT-2 mini",
  tasks: ["text-generation", "text-classification"],
  summary: "A small GPT-2 that Graft pre-trained itself: writes on, a token at a time.",
  trainedOn,
  licence,
  source: "tools/pretrain in Graft's repository",
  input: "English text, up to 256 tokens at once (about 180 words)",
  goodAt: "Taking on the style of a text of yours within minutes, without a network.",
  limits: "It knows no facts to rely on and follows no instructions; what it writes is fluent at best. For more, bring a larger model from the hub. English only.",
  parameters: 4_291_584,
  downloadBytes: 9_137_769,
  origin: "embedded",
});
