/** A tokenizer out of the files that a download holds: those of the embedded encoder, or those of a published model. */
import { GraftError } from "../../core/errors.ts";
import type { Graph } from "../../graph/types.ts";
import type { Tokenizer, TokenizerFiles } from "../types.ts";
import { createTokenizer } from "../universal-sentence-encoder-lite/tokenizer.ts";
import { createHuggingFaceTokenizer } from "./hugging-face.ts";

/** All names that `TokenizerFiles` may have. */
export const tokenizerFileNames = ["tokenizer.json", "tokenizer_config.json", "vocab.json"] as const;

/** @throws GraftError if the files are those of no tokenizer, or of one for a larger table. */
export function openTokenizer(files: TokenizerFiles, options: { readonly paddingId: number; readonly rows: number }): Tokenizer {
  const json = files["tokenizer.json"];
  return json === undefined ? createTokenizer(files["vocab.json"]) : createHuggingFaceTokenizer(json, files["tokenizer_config.json"] ?? {}, { ...options, where: "tokenizer.json" });
}

/** Rows of the table of tokens that a graph looks its input up in. */
export function tokenRows({ nodes, parameters }: Graph, input: string): number {
  const table = nodes.find(({ op, inputs }) => op === "embedding" && inputs[1] === input)?.inputs[0];
  const [rows] = parameters.find(({ name }) => name === table)?.shape ?? [];
  if (rows === undefined) throw new GraftError({ where: `input "${input}"`, what: "the model does not look it up in a table", wanted: "a model of tokens" });
  return rows;
}
