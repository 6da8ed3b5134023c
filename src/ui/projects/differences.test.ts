import { expect, test } from "vitest";
import { parseRecipe } from "../../protocol/recipe.ts";
import { differences } from "./differences.ts";

const recipe = parseRecipe({ task: "text-classification", model: "a" });

test("only what differs is named, in the words of the settings, with every recipe's value", () => {
  const others = [
    { ...recipe, learningRate: 0.01, unfreeze: ["block_1/**", "head/**"], earlyStopping: { ...recipe.earlyStopping, enabled: false } },
    { ...recipe, model: "b", columns: { text: "t", label: "l" } },
  ];
  expect(differences([recipe, ...others])).toEqual([
    { path: "model", label: "Model", values: ["a", "a", "b"] },
    { path: "unfreeze", label: "Layers that learn", values: ["head", "block_1/**, head/**", "head"] },
    { path: "learningRate", label: "Learning rate", values: ["0.002", "0.01", "0.002"] },
    { path: "earlyStopping.enabled", label: "Early stopping", values: ["on", "off", "on"] },
    { path: "columns", label: "Columns", values: ["none", "none", '{"text":"t","label":"l"}'] },
  ]);
});

test("recipes that are alike, and one alone, differ in nothing", () => {
  expect(differences([recipe, { ...recipe }])).toEqual([]);
  expect(differences([recipe])).toEqual([]);
  expect(differences([])).toEqual([]);
});
