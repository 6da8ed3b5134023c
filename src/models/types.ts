/** What a pre-trained model is to Graft: a card, its files, and a loaded graph with the place where a new head belongs. */
import type { Model } from "../graph/types.ts";
import type { ModelCard } from "../protocol/models.ts";

export interface Tokenizer {
  /** Ids without padding; an empty text gives none. */
  encode(text: string): Int32Array;
  pieces(text: string): string[];
  readonly vocabularySize: number;
  readonly paddingId: number;
}

/** The model's one input, and how examples become it. */
export type ModelInput =
  /** RGB, [batch, size, size, 3]; `size` only where the model takes no other. `scaled`: it wants the recipe's pixel range instead of 0..255. */
  | { readonly kind: "image"; readonly name: string; readonly size?: number; readonly scaled?: boolean }
  /** Token ids int32 [batch, tokens], never more than `maxTokens`; `vocabulary` is what the tokenizer was made of, for the download. */
  | { readonly kind: "text"; readonly name: string; readonly maxTokens: number; readonly tokenizer: Tokenizer; readonly vocabulary: unknown };

export interface LoadedModel {
  readonly model: Model;
  /** The value that a new head reads: [batch, features] or [batch, height, width, features]. */
  readonly features: string;
  /** Paths of the layer groups that count as blocks, in flow order. */
  readonly blocks: readonly string[];
  readonly input: ModelInput;
  /** One line for the download's README. */
  readonly licence: string;
}

export interface ModelFamily {
  readonly card: ModelCard;
  /** Paths below the folder of embedded files. */
  readonly files: readonly string[];
  /** @throws GraftError if a file is missing or broken. */
  load(fetchFile: (path: string) => Promise<ArrayBuffer>): Promise<LoadedModel>;
}
