/** Which of a repository's files Graft needs, and why it cannot use a repository that lacks them. */
import type { ErrorSentence } from "../core/errors.ts";
import type { HubFile } from "../protocol/hub.ts";

const small = /^(config|generation_config|preprocessor_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$|^chat_template\.jinja$|^(README\.md|LICEN[CS]E(\.(txt|md))?)$/i;
const vocabulary = /^(vocab\.txt|vocab\.json|merges\.txt)$/;
const shard = /^model-\d{5}-of-\d{5}\.safetensors$/;
const weightsOrder = (path: string): number => (path.endsWith(".safetensors") ? 1 : 0);

export const isWeights = (path: string): boolean => path.endsWith(".safetensors");

/** Small files first: whatever is wrong shows before the weights are on their way. */
export function neededFiles(all: readonly HubFile[]): readonly HubFile[] {
  const has = (path: string): boolean => all.some((file) => file.path === path);
  const whole = has("model.safetensors");
  return all
    .filter(({ path }) => small.test(path) || (vocabulary.test(path) && !has("tokenizer.json")) || path === "model.safetensors" || (!whole && (shard.test(path) || path === "model.safetensors.index.json")))
    .toSorted((a, b) => weightsOrder(a.path) - weightsOrder(b.path) || a.path.localeCompare(b.path));
}

export function missingFiles(name: string, files: readonly HubFile[]): ErrorSentence | null {
  const next = "Search for another: the list shows only models that Graft reads";
  if (!files.some(({ path }) => path === "config.json")) return { where: name, what: "it has no config.json, which says what the model is", next };
  if (!files.some(({ path }) => isWeights(path))) return { where: name, what: "it has no weights as safetensors (model.safetensors, or its shards)", next };
  return null;
}
