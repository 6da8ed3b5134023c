/** Texts and pairs of texts as model inputs: token ids, padded to a few fixed lengths so that shapes stay static. */
import { GraftError } from "../../core/errors.ts";
import { bucketLength } from "../../data/batches.ts";
import type { TextDataset, TextPair } from "../../data/text-dataset.ts";
import { classificationColumns } from "../../protocol/data.ts";
import type { ModelInput } from "../../models/types.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { PredictionInput } from "../../protocol/run.ts";
import type { EncodedExample, ExampleSource } from "../../train/examples.ts";

export type TextInput = Extract<ModelInput, { readonly kind: "text" }>;

/** How many tokens of a text a run lets the model see. */
export function tokenLimit({ maxTokens }: Pick<Recipe, "maxTokens">, input: Pick<TextInput, "maxTokens">): number {
  return Math.min(maxTokens, input.maxTokens);
}

export function tokensOf({ text, secondText }: TextPair, { tokenizer }: Pick<TextInput, "tokenizer">, maxTokens?: number): Int32Array {
  return secondText === undefined ? tokenizer.encode(text, maxTokens) : tokenizer.encodePair(text, secondText, maxTokens);
}

/** Padded to a bucket's length. */
export function encodeTexts(texts: TextPair, input: TextInput, recipe: Pick<Recipe, "maxTokens">): EncodedExample {
  const limit = tokenLimit(recipe, input);
  const ids = tokensOf(texts, input, limit);
  return padded(ids, bucketLength(ids.length, limit), input.tokenizer.paddingId);
}

/** What a person tries, as the model was trained: with a second text where there was one, else without. @throws GraftError if it is no text. */
export function textsToTry(value: PredictionInput, { model, columns }: Pick<Recipe, "model" | "columns">): TextPair {
  if (value.kind !== "text") throw takesText(model);
  return classificationColumns(columns)?.secondText === undefined ? { text: value.text } : { text: value.text, secondText: value.secondText ?? "" };
}

export type Targets = Pick<ExampleSource, "target" | "targetDtype">;

export function textSource(dataset: TextDataset, input: TextInput, recipe: Pick<Recipe, "maxTokens">, targets: Targets): ExampleSource {
  const limit = tokenLimit(recipe, input);
  const known = new Map<number, Int32Array>();
  const tokens = (example: number): Int32Array => {
    let ids = known.get(example);
    if (ids === undefined) known.set(example, (ids = tokensOf(dataset.texts(example), input, limit)));
    return ids;
  };
  const bucket = (example: number): number => bucketLength(tokens(example).length, limit);
  return {
    inputName: input.name,
    dtype: "int32",
    augmentedViews: 0,
    bucket,
    encode: (example) => Promise.resolve(padded(tokens(example), bucket(example), input.tokenizer.paddingId)),
    ...targets,
  };
}

function padded(ids: Int32Array, length: number, paddingId: number): EncodedExample {
  const data = new Int32Array(length).fill(paddingId);
  data.set(ids);
  return { data, shape: [length] };
}

export function takesText(model: string): GraftError {
  return new GraftError({ where: `model ${model}`, what: "it does not take text", next: "Choose a text model" });
}
