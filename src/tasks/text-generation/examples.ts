/** A corpus as windows of tokens, split by split, and the source that a run trains on. */
import { CancelledError, GraftError } from "../../core/errors.ts";
import { Pace } from "../../data/pace.ts";
import type { TextCorpus } from "../../data/corpus/text-corpus.ts";
import type { ModelInput } from "../../models/types.ts";
import type { Split } from "../../protocol/data.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Progress } from "../../protocol/api.ts";
import type { RunControl } from "../../train/control.ts";
import type { ExampleSource } from "../../train/examples.ts";
import { concatenated, DocumentCodec, runsOf, type Sequence } from "./tokens.ts";
import { inputOf, packedWhole, paddedLength, targetOf, windowsOf, type Window } from "./windows.ts";

type TextInput = Extract<ModelInput, { readonly kind: "text" }>;

export interface CorpusExamples {
  readonly source: ExampleSource;
  /** Numbers of windows that the source knows. */
  readonly bySplit: Readonly<Record<Split, readonly number[]>>;
}

function contextLengthOf({ generation }: Pick<Recipe, "generation">, { maxTokens }: Pick<TextInput, "maxTokens">): number {
  return Math.min(generation.contextLength, maxTokens);
}

/** @throws GraftError if a split that is needed has no token to learn; CancelledError soon after the control has stopped. */
export async function corpusExamples(corpus: TextCorpus, input: TextInput, recipe: Recipe, { onProgress, control }: { readonly onProgress: (progress: Progress) => void; readonly control: RunControl }): Promise<CorpusExamples> {
  const length = contextLengthOf(recipe, input);
  const codec = new DocumentCodec(input, recipe.generation);
  const pace = new Pace({ onProgress });
  const windows: Window[] = [];
  const bySplit: Record<Split, number[]> = { train: [], validation: [], test: [] };
  for (const split of ["train", "validation", "test"] as const) {
    const places = corpus.documents(split);
    const encoded: Sequence[] = [];
    for (const { document } of places) {
      encoded.push(codec.encode(document));
      if (!pace.due) continue;
      pace.report("Reading the texts as tokens", encoded.length, places.length);
      await pace.breathe();
      if (control.stopped) throw new CancelledError();
    }
    const documents = runsOf(places).map((run, n) => codec.closed(concatenated(run.map((i) => encoded[i] as Sequence)), { follows: recipe.generation.packing && n > 0 }));
    const found = !recipe.generation.packing ? documents.flatMap((document) => windowsOf(document, length)) : corpus.format === "text" ? windowsOf(concatenated(documents), length) : packedWhole(documents, length);
    for (const window of found) bySplit[split].push(windows.push(window) - 1);
  }
  for (const split of ["train", "validation"] as const) {
    if (bySplit[split].length === 0) throw new GraftError({ where: corpus.name, what: `the ${split} split holds no token to learn`, next: "Add text, or change the split" });
  }
  const at = (example: number): Window => windows[example] as Window;
  return {
    bySplit,
    source: {
      inputName: input.name,
      dtype: "int32",
      augmentedViews: 0,
      bucket: (example) => paddedLength(at(example), length),
      encode: (example) => Promise.resolve(inputOf(at(example), length, input.tokenizer.paddingId)),
      targetDtype: "int32",
      target: (example) => targetOf(at(example), length),
      weight: (example) => at(example).counted,
    },
  };
}
