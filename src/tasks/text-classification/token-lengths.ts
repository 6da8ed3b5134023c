/** How long the open texts are in a model's tokens, and how many of them a run would cut. Nothing is kept but the lengths, so that a changed limit costs nothing. */
import { Pace } from "../../data/pace.ts";
import type { TextDataset } from "../../data/text-dataset.ts";
import type { HistogramBin, TokenLengths } from "../../protocol/data.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { tokenLimit, tokensOf, type TextInput } from "./encode.ts";

/** Of each side of the limit, where texts are cut; of all lengths, where none is. */
const binsToLimit = 10;

const known = new WeakMap<TextDataset, WeakMap<TextInput["tokenizer"], Map<number, number>>>();

/** Over the included texts; a pair counts as the one sequence that it becomes. Lets other messages in while it counts. */
export async function tokenLengths(dataset: TextDataset, input: TextInput, recipe: Pick<Recipe, "maxTokens">): Promise<TokenLengths> {
  const byTokenizer = known.get(dataset) ?? new WeakMap<TextInput["tokenizer"], Map<number, number>>();
  known.set(dataset, byTokenizer);
  const counted = byTokenizer.get(input.tokenizer) ?? new Map<number, number>();
  byTokenizer.set(input.tokenizer, counted);
  const pace = new Pace({});
  const lengths: number[] = [];
  for (const index of (["train", "validation", "test"] as const).flatMap((split) => dataset.indices(split))) {
    if (pace.due) await pace.breathe();
    const length = counted.get(index) ?? tokensOf(dataset.texts(index), input).length;
    counted.set(index, length);
    lengths.push(length);
  }
  return summariseLengths(lengths, tokenLimit(recipe, input));
}

/** Each bin holds lengths above `from`, up to `to`; the last also what is longer than twice the limit. */
export function summariseLengths(lengths: readonly number[], limit: number): TokenLengths {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const isCut = longest > limit;
  const width = Math.max(1, (isCut ? limit : longest) / binsToLimit);
  const count = isCut ? Math.ceil(Math.min(longest, 2 * limit) / width) : Math.ceil(longest / width);
  const bins = Array.from({ length: count }, (_, i): { -readonly [Key in keyof HistogramBin]: HistogramBin[Key] } => ({ from: i * width, to: (i + 1) * width, count: 0 }));
  const last = bins.at(-1);
  if (last) last.to = Math.max(last.to, longest);
  for (const length of lengths) {
    const bin = bins[Math.min(count - 1, Math.max(0, Math.ceil(length / width) - 1))];
    if (bin) bin.count++;
  }
  return { texts: lengths.length, longest, limit, cut: lengths.filter((length) => length > limit).length, bins };
}
