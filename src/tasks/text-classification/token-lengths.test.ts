/** Lengths made by hand, and a tokenizer that makes one token of a word. */
import { expect, test } from "vitest";
import { ClassTextDataset } from "../../data/text-dataset.ts";
import { summariseLengths, tokenLengths } from "./token-lengths.ts";

test("a text as long as the limit is whole, and lies on its side of it", () => {
  const { bins, ...counts } = summariseLengths([1, 20, 20, 21, 39, 5000], 20);
  expect(counts).toEqual({ texts: 6, longest: 5000, limit: 20, cut: 3 });
  expect(bins.filter(({ from }) => from >= 20).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  expect(bins.filter(({ to }) => to <= 20).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  expect(bins).toHaveLength(20);
  expect(bins.at(-1)).toEqual({ from: 38, to: 5000, count: 2 });
});

test("where nothing is cut, the bins end at the longest", () => {
  expect(summariseLengths([1, 2, 2], 128)).toEqual({ texts: 3, longest: 2, limit: 128, cut: 0, bins: [{ from: 0, to: 1, count: 1 }, { from: 1, to: 2, count: 2 }] });
  expect(summariseLengths([], 128)).toEqual({ texts: 0, longest: 0, limit: 128, cut: 0, bins: [] });
});

test("excluded texts do not count, and no text is read twice", async () => {
  let encoded = 0;
  const tokenizer = { encode: (text: string) => (encoded++, new Int32Array(text.split(" ").length)) };
  const input = { kind: "text", name: "ids", maxTokens: 512, tokenizer, tokenizerFiles: {} } as unknown as Parameters<typeof tokenLengths>[1];
  const items = ["a b c", "a", "a b", "c d", "e f"].map((text, i) => ({ name: `row ${i + 2}`, content: text, folder: null, text, label: String(i % 2) }));
  const dataset = new ClassTextDataset("words.csv", items, [], { text: "text", label: "label" });
  expect(await tokenLengths(dataset, input, { maxTokens: 2 })).toMatchObject({ texts: 5, longest: 3, cut: 1, limit: 2 });
  dataset.setExcluded([0], true);
  expect(await tokenLengths(dataset, input, { maxTokens: 2 })).toMatchObject({ texts: 4, longest: 2, cut: 0 });
  expect(encoded).toBe(5);
});
