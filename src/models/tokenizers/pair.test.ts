/** Two texts in one sequence: marks around and between, and the longer one cut first, as Hugging Face's "longest_first". */
import { expect, test } from "vitest";
import { pairIds } from "./pair.ts";

const marks = { opening: [101], middle: [102], closing: [103] };
const ids = (first: number, second: number, maxTokens?: number): number[] => [...pairIds(Array.from({ length: first }, (_, i) => i + 1), Array.from({ length: second }, (_, i) => i + 51), marks, maxTokens)];

test.each([
  ["both fit", 2, 3, 8, [101, 1, 2, 102, 51, 52, 53, 103]],
  ["the second is longer", 2, 9, 8, [101, 1, 2, 102, 51, 52, 53, 103]],
  ["the first is longer", 9, 2, 8, [101, 1, 2, 3, 102, 51, 52, 103]],
  ["the first is very short", 1, 9, 8, [101, 1, 102, 51, 52, 53, 54, 103]],
  ["both are too long", 9, 9, 8, [101, 1, 2, 102, 51, 52, 53, 103]],
  ["there is room for marks alone", 9, 9, 3, [101, 102, 103]],
  ["one is empty", 0, 2, 8, [101, 102, 51, 52, 103]],
] as const)("%s", (_, first, second, maxTokens, want) => {
  expect(ids(first, second, maxTokens)).toEqual(want);
});

test("nothing is cut where no limit is given", () => {
  expect(ids(9, 9)).toHaveLength(21);
});
