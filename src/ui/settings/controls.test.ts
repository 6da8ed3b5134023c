/** Controls made of the schema: each field has one, what is typed is checked by it, and a reset leaves the rest alone. */
import { describe, expect, it } from "vitest";
import { parseRecipe, recipeSchema } from "../../protocol/recipe.ts";
import { defaultSettings, fieldControl, fieldLabel, fieldPaths, formatField, isChanged, parseTyped } from "./controls.ts";
import { fieldDefault, fieldHelp, fieldProblem } from "./fields.ts";
import { stepSetting } from "./stepping.ts";

const recipe = parseRecipe({ task: "image-classification", model: "m", unfreeze: "all", split: { test: 0.1 }, epochs: 7, seed: 3, augmentation: { crop: 0.2 } });

describe("controls", () => {
  it("there is one for every field of the recipe that no other step sets", () => {
    const elsewhere = new Set(["version", "task", "model", "columns", "split", "unfreeze"]);
    const tops = Object.keys(recipeSchema.shape).filter((name) => !elsewhere.has(name));
    expect(tops.length).toBeGreaterThan(15);
    expect([...new Set(fieldPaths.map((path) => path.split(".")[0]))].sort()).toEqual(tops.sort());
  });

  it("each has a label of its own, help, and a default that is valid", () => {
    expect(new Set(fieldPaths.map(fieldLabel)).size).toBe(fieldPaths.length);
    for (const path of fieldPaths) {
      expect(fieldHelp(path), path).toMatch(/\.$/);
      expect(fieldProblem(path, fieldDefault(recipe, path)), path).toBeNull();
      expect(formatField(fieldDefault(recipe, path)), path).toMatch(/\S/);
    }
  });

  it("take kind, range and choices from the schema", () => {
    expect(fieldControl("epochs")).toEqual({ kind: "number", integer: true, min: 1, max: 1000 });
    expect(fieldControl("dropout")).toMatchObject({ integer: false, min: 0, max: 0.9 });
    expect(fieldControl("earlyStopping.enabled").kind).toBe("switch");
    expect(fieldControl("schedule")).toMatchObject({ options: [{ value: "constant" }, { value: "cosine", label: "Cosine" }, { value: "one-cycle" }, { value: "plateau" }] });
  });

  it("read what was typed, in either notation, and refuse what is no number", () => {
    expect(parseTyped("learningRate", " 2e-5 ")).toEqual({ value: 0.00002, problem: null });
    expect(parseTyped("epochs", "").problem).toBe("Must be a number.");
    expect(parseTyped("epochs", "1,000").problem).toBe("Must be a number.");
    expect(parseTyped("epochs", "2000").problem).toBe("Must be 1000 or less.");
  });

  it("a reset keeps data, model and layers", () => {
    expect(isChanged(recipe, "augmentation.crop")).toBe(true);
    const reset = defaultSettings(recipe);
    expect(fieldPaths.filter((path) => isChanged(reset, path))).toEqual([]);
    expect(reset).toEqual(parseRecipe({ task: "image-classification", model: "m", unfreeze: "all", split: { test: 0.1 } }));
  });
});

describe("stepping", () => {
  it("goes along the series in which a setting is tried", () => {
    expect([stepSetting("learningRate", 0.002, 1), stepSetting("learningRate", 0.001, -1), stepSetting("learningRate", 0.003, -1)]).toEqual([0.005, 0.0005, 0.002]);
    expect([stepSetting("batchSize", 32, 1), stepSetting("batchSize", 48, 1), stepSetting("batchSize", 48, -1)]).toEqual([64, 64, 32]);
    expect([stepSetting("dropout", 0.1, 1), stepSetting("dropout", 0.15, 1), stepSetting("epochs", 20, -1)]).toEqual([0.15, 0.2, 19]);
  });

  it("stays inside the range", () => {
    expect([stepSetting("epochs", 1, -1), stepSetting("batchSize", 1024, 1), stepSetting("batchSize", 1, -1), stepSetting("dropout", 0.9, 1), stepSetting("learningRate", 10, 1)]).toEqual([1, 1024, 1, 0.9, 10]);
    expect(stepSetting("trunkLearningRateScale", 0.05, -1)).toBe(0.05);
  });
});
