/** The tokenizer of a checkpoint: tokenizer.json, or the older files that it can be made of, beside config.json. */
import { GraftError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { baseName, type ModelFile } from "../../formats/tfjs-files.ts";
import { bytePairJson, wordPieceJson } from "../tokenizers/legacy-files.ts";
import { openTokenizer } from "../tokenizers/open.ts";
import type { Tokenizer, TokenizerFiles } from "../types.ts";

interface TokenizerNeeds {
  readonly modelType: string;
  readonly paddingId: number;
  /** Of the model's table of tokens. */
  readonly rows: number;
  /** config.json's path, for errors. */
  readonly where: string;
}

/** @param files those beside config.json. */
export async function readTokenizer(files: readonly ModelFile[], needs: TokenizerNeeds): Promise<{ readonly tokenizer: Tokenizer; readonly tokenizerFiles: TokenizerFiles }> {
  const bytesOf = async (name: string): Promise<{ readonly path: string; readonly bytes: Uint8Array } | undefined> => {
    const file = files.find(({ path }) => baseName(path) === name);
    return file && { path: file.path, bytes: new Uint8Array(await file.blob.arrayBuffer()) };
  };
  const jsonOf = async (name: string): Promise<JsonCursor | undefined> => {
    const found = await bytesOf(name);
    return found && new JsonCursor(parseJson(found.bytes, found.path), found.path);
  };
  const textOf = async (name: string): Promise<{ readonly path: string; readonly text: string } | undefined> => {
    const found = await bytesOf(name);
    return found && { path: found.path, text: new TextDecoder().decode(found.bytes) };
  };

  const config = withChatTemplate((await jsonOf("tokenizer_config.json")) ?? new JsonCursor({}, "tokenizer_config.json"), (await textOf("chat_template.jinja"))?.text);
  const whole = await jsonOf("tokenizer.json");
  const json = whole === undefined ? await legacyJson() : withoutStrangers(whole, needs.rows);
  const tokenizerFiles = { "tokenizer.json": json, "tokenizer_config.json": config.value };
  return { tokenizer: openTokenizer(tokenizerFiles, needs), tokenizerFiles };

  async function legacyJson(): Promise<unknown> {
    const words = await textOf("vocab.txt");
    if (words !== undefined && (needs.modelType === "bert" || needs.modelType === "distilbert")) return wordPieceJson(words.text, config, words.path);
    const vocabulary = await jsonOf("vocab.json");
    const merges = await textOf("merges.txt");
    if (vocabulary !== undefined && merges !== undefined && (needs.modelType === "gpt2" || needs.modelType === "roberta")) return bytePairJson(vocabulary, merges.text, config);
    throw new GraftError({ where: needs.where, what: "there is no tokenizer beside it", wanted: `tokenizer.json${legacyNames(needs.modelType)}`, next: "Add it to the files; in Python, AutoTokenizer.from_pretrained(…).save_pretrained(folder) writes it." });
  }
}

function legacyNames(modelType: string): string {
  if (modelType === "bert" || modelType === "distilbert") return ", or vocab.txt";
  return modelType === "gpt2" || modelType === "roberta" ? ", or vocab.json and merges.txt" : "";
}

/** Newer repositories keep the chat template in a file of its own, which counts before what the config says. */
function withChatTemplate(config: JsonCursor, template: string | undefined): JsonCursor {
  if (template === undefined) return config;
  return config.as({ ...Object.fromEntries(config.entries().map(([key, { value }]) => [key, value] as const)), chat_template: template });
}

/** Without added tokens that the model has no row for, as where a padding was added to the tokenizer alone: no text can hold them. */
function withoutStrangers(json: JsonCursor, rows: number): unknown {
  const others = json.entries().map(([key, { value }]) => [key, value] as const);
  const added = json.get("added_tokens");
  const kept = added.isMissing ? [] : added.items().filter((token) => token.get("id").integer(0) < rows);
  return { ...Object.fromEntries(others), added_tokens: kept.map(({ value }) => value) };
}
