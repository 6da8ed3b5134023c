/** Mistakes as rows for a spreadsheet, of each kind of results. */
import { expect, test } from "vitest";
import type { DataItem } from "../../../protocol/data.ts";
import type { AnsweredSplit } from "../../../protocol/run.ts";
import { mistakesAsTable } from "./figures.ts";

const item = (index: number, more: Partial<DataItem> = {}): DataItem => ({ index, name: `row ${index + 2}`, label: "x", split: "validation", excluded: false, ...more });
/** Only what the table reads. */
const results = (part: Pick<AnsweredSplit, "kind" | "mistakes">): AnsweredSplit => part as AnsweredSplit;

test("texts and pairs stand beside what was said of them, in the order of the examples", () => {
  const single = results({ kind: "single-label", mistakes: [{ item: 4, actual: "ham", predicted: "spam", confidence: 0.9, actualProbability: 0.1 }, { item: 1, actual: "spam", predicted: "ham", confidence: 0.6, actualProbability: 0.4 }] });
  expect(mistakesAsTable(single, [item(4, { text: "=1+1" }), item(1, { text: "hello" })])).toEqual([
    ["Example", "Text", "Truth", "Predicted", "Probability of the predicted", "Probability of the truth"],
    ["row 6", "=1+1", "ham", "spam", 0.9, 0.1],
    ["row 3", "hello", "spam", "ham", 0.6, 0.4],
  ]);
  const numbers = results({ kind: "regression", mistakes: [{ item: 0, actual: 4, predicted: 1.5 }] });
  expect(mistakesAsTable(numbers, [item(0, { text: "a", secondText: "b" })])).toEqual([
    ["Example", "Text", "Second text", "Truth", "Predicted", "Off by"],
    ["row 2", "a", "b", 4, 1.5, -2.5],
  ]);
});

test("images by their file, and several labels in one cell", () => {
  const labels = results({ kind: "multi-label", mistakes: [{ item: 2, missed: ["red", "big"], wrong: [], confidence: 0.7 }] });
  expect(mistakesAsTable(labels, [item(2, { name: "a/b.png" })])).toEqual([
    ["Example", "Missed", "Wrongly given", "Probability of the worst"],
    ["a/b.png", "red; big", "", 0.7],
  ]);
});
