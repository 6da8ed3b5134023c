/** Texts as model inputs: token ids, padded to a few fixed lengths so that shapes stay static. */
import { GraftError } from "../../core/errors.ts";
import { bucketLength } from "../../data/batches.ts";
import { TextDataset } from "../../data/dataset.ts";
import type { Tokenizer } from "../../models/types.ts";
import type { EncodedExample, ExampleSource } from "../../train/examples.ts";
import { graftClassifier } from "../classification/head.ts";
import { classesOf, labelsOf, prepareClassification } from "../classification/prepare.ts";
import { answerOf } from "../classification/results.ts";
import type { TaskEngine } from "../engine.ts";

export const textClassificationEngine: TaskEngine = {
  id: "text-classification",
  classes: classesOf,
  graft: graftClassifier,

  prepare({ recipe, dataset, input }) {
    if (input.kind !== "text" || !(dataset instanceof TextDataset)) throw wrongModel(recipe.model);
    return prepareClassification(recipe, dataset, textSource(dataset, { inputName: input.name, tokenizer: input.tokenizer, maxTokens: Math.min(recipe.maxTokens, input.maxTokens) }));
  },

  predictor: {
    encode(value, input, recipe) {
      if (value.kind !== "text" || input.kind !== "text") throw wrongModel(recipe.model);
      const maxTokens = Math.min(recipe.maxTokens, input.maxTokens);
      const ids = input.tokenizer.encode(value.text, maxTokens);
      return Promise.resolve(padded(ids, bucketLength(ids.length, maxTokens), input.tokenizer.paddingId));
    },
    answer: answerOf,
  },
};

interface TextSourceOptions {
  readonly inputName: string;
  readonly tokenizer: Tokenizer;
  readonly maxTokens: number;
}

function textSource(dataset: TextDataset, { inputName, tokenizer, maxTokens }: TextSourceOptions): ExampleSource {
  const labels = labelsOf(dataset);
  const known = new Map<number, Int32Array>();
  const tokens = (example: number): Int32Array => {
    let ids = known.get(example);
    if (ids === undefined) known.set(example, (ids = tokenizer.encode(dataset.text(example), maxTokens)));
    return ids;
  };
  const bucket = (example: number): number => bucketLength(tokens(example).length, maxTokens);
  return {
    inputName,
    dtype: "int32",
    augmentedViews: 0,
    bucket,
    encode: (example) => Promise.resolve(padded(tokens(example), bucket(example), tokenizer.paddingId)),
    targetDtype: "int32",
    target: (example) => ({ data: Int32Array.of(labels.get(example) ?? 0), shape: [] }),
  };
}

function padded(ids: Int32Array, length: number, paddingId: number): EncodedExample {
  const data = new Int32Array(length).fill(paddingId);
  data.set(ids);
  return { data, shape: [length] };
}

function wrongModel(model: string): GraftError {
  return new GraftError({ where: `model ${model}`, what: "it does not take text", next: "Choose a text model" });
}
