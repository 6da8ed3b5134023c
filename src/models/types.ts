/** What a pre-trained model is to Graft: a card, its files, and a loaded graph with the place where a new head belongs. */
import type { Model } from "../graph/types.ts";
import type { ModelCard } from "../protocol/models.ts";

/** What a tokenizer is made of, and is written to a download as: file name -> its JSON, parsed. */
export type TokenizerFiles = Readonly<Record<string, unknown>>;

export interface Tokenizer {
  /** Ids without padding, at most `maxTokens`: a longer text is cut, and the marks that open and close texts stay. An empty text gives the marks alone. */
  encode(text: string, maxTokens?: number): Int32Array;
  /** As `encode`, for two texts with what the model expects between them; the longer is cut first. */
  encodePair(first: string, second: string, maxTokens?: number): Int32Array;
  /** The id after which the model expects another segment, where it has segments. */
  readonly separatorId?: number | undefined;
  pieces(text: string): string[];
  /** The text of ids, without marks: what was encoded, as far as the vocabulary keeps its case and spaces. */
  decode(ids: Iterable<number>): string;
  readonly vocabularySize: number;
  readonly paddingId: number;
}

/** The model's one input, and how examples become it. */
export type ModelInput =
  /** RGB, [batch, size, size, 3]; `size` only where the model takes no other. `scaled`: it wants the recipe's pixel range instead of 0..255. */
  | { readonly kind: "image"; readonly name: string; readonly size?: number; readonly scaled?: boolean }
  /** Token ids int32 [batch, tokens], never more than `maxTokens`. `endOfText`: only of models that write, ids that end a text. */
  | { readonly kind: "text"; readonly name: string; readonly maxTokens: number; readonly tokenizer: Tokenizer; readonly tokenizerFiles: TokenizerFiles; readonly endOfText?: readonly number[] };

export interface LoadedModel {
  readonly model: Model;
  /** The value that a new head reads: [batch, features] or [batch, height, width, features]. */
  readonly features: string;
  /** Paths of the layer groups that count as blocks, in flow order. */
  readonly blocks: readonly string[];
  readonly input: ModelInput;
  /** One line for the download's README. */
  readonly licence: string;
  /** config.json of a published checkpoint, parsed: with it and the weights by their names, others open the model too. */
  readonly config?: unknown;
}

export interface ModelFamily {
  readonly card: ModelCard;
  /** Paths below the folder of embedded files. */
  readonly files: readonly string[];
  /** @throws GraftError if a file is missing or broken. */
  load(fetchFile: (path: string) => Promise<ArrayBuffer>): Promise<LoadedModel>;
}
