import { expect, test } from "vitest";
import type { DataSummary } from "../../../src/protocol/data.ts";
import { parseRecipe } from "../../../src/protocol/recipe.ts";
import { createReporter, epochLine } from "./report.ts";

test("one line an epoch, in columns that a script can cut", () => {
  const point = { epoch: 3, step: 30, trainLoss: 0.4121, trainScore: 0.9, validationLoss: 0.3909, validationScore: 0.8611, learningRate: 0.0018, seconds: 2.13, best: true };
  expect(epochLine(point, 20)).toBe("epoch 3/20  loss 0.412  val loss 0.391  val score 0.861  lr 1.8e-3  2.1 s");
});

test.each([
  [["praise", "blame"], "data   films.csv: 1,200 examples in 2 classes (1,000 train, 200 validation)"],
  [[], "data   films.csv: 1,200 texts (1,000 train, 200 validation)"],
])("data with the classes %j are said to be so", (names, line) => {
  const summary = { name: "films.csv", itemCount: 1200, classes: names.map((name) => ({ name })), counts: { train: 1000, validation: 200, test: 0 }, issues: [] };
  const lines: string[] = [];
  createReporter(parseRecipe({ task: "text-generation", model: "m" }), (printed) => lines.push(printed))({ kind: "data", summary: summary as unknown as DataSummary });
  expect(lines).toEqual([line]);
});
