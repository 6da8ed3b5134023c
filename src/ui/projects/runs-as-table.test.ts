import { expect, test } from "vitest";
import type { RunCard } from "../../protocol/projects.ts";
import { parseRecipe } from "../../protocol/recipe.ts";
import { runsAsTable } from "./runs-as-table.ts";

const recipe = parseRecipe({ task: "text-classification", model: "bert", learningRate: 0.002 });
const card: RunCard = { run: 1, name: "Run 1", createdAt: Date.UTC(2026, 10, 30), state: "finished", recipe, data: "birds.csv", continues: null, headline: { name: "Accuracy", before: 0.5, after: 0.9137, better: "higher", isShare: true }, ended: { seconds: 8.25, epochs: 4, bestEpoch: 3, reason: "completed" }, error: null, notes: "=1+1" };

test("a row a run, with the settings in which they differ and no others", () => {
  const damaged: RunCard = { ...card, run: 3, name: "Run 3", createdAt: 0, state: "damaged", recipe: null, data: null, headline: null, ended: null, notes: "" };
  const second: RunCard = { ...card, run: 2, name: "Run 2", continues: 1, recipe: { ...recipe, learningRate: 0.003 }, notes: "" };
  expect(runsAsTable([damaged, second, card])).toEqual([
    ["Run", "Began", "State", "Model", "Data", "Began with the weights of", "Measure", "Result", "Epochs", "Seconds", "Notes", "Learning rate"],
    ["Run 3", null, "damaged", null, null, null, null, null, null, null, "", ""],
    ["Run 2", "2026-11-30T00:00:00.000Z", "finished", "bert", "birds.csv", "Run 1", "Accuracy", 0.9137, 4, 8.25, "", "0.003"],
    ["Run 1", "2026-11-30T00:00:00.000Z", "finished", "bert", "birds.csv", null, "Accuracy", 0.9137, 4, 8.25, "=1+1", "0.002"],
  ]);
});
