/** What the rail says at each point of the journey. */
import { describe, expect, it } from "vitest";
import type { DataSummary } from "../../protocol/data.ts";
import { parseRecipe } from "../../protocol/recipe.ts";
import { describeSteps, type StepsInput } from "./steps.ts";

const data: DataSummary = {
  name: "pets",
  task: "image-classification",
  classes: [
    { name: "cat", counts: { train: 96, validation: 24, test: 0 }, excluded: 0 },
    { name: "dog", counts: { train: 95, validation: 24, test: 0 }, excluded: 1 },
  ],
  itemCount: 240,
  counts: { train: 191, validation: 48, test: 0 },
  excluded: 1,
  splitSource: "seeded",
  issues: [],
  trainable: true,
};
const start: StepsInput = { data: null, opening: false, modelName: null, recipe: parseRecipe({ task: "image-classification", model: "m" }), run: { kind: "none" }, visited: new Set(["data"]) };
const lines = (input: StepsInput) => describeSteps(input).map(({ name, line, status }) => `${name}: ${line} (${status})`);

describe("the steps", () => {
  it("wait for data", () => {
    expect(lines(start)).toEqual([
      "Data: Images, a table or texts (open)",
      "Model: Needs data first (locked)",
      "Settings: Needs data first (locked)",
      "Train: Needs data first (locked)",
      "Results: After training (locked)",
    ]);
  });

  it("say what is chosen before anybody looked", () => {
    expect(lines({ ...start, data, modelName: "MobileNetV3" }).slice(1, 3)).toEqual(["Model: MobileNetV3 · head only (open)", "Settings: 20 epochs · AdamW (open)"]);
    const adapted = { ...start, recipe: { ...start.recipe, lora: { ...start.recipe.lora, enabled: true } } };
    expect(lines({ ...adapted, data, modelName: "MobileNetV3" })[1]).toBe("Model: MobileNetV3 · head and adapters (open)");
  });

  it("say what was chosen", () => {
    expect(lines({ ...start, data, modelName: "MobileNetV3", visited: new Set(["data", "model", "settings"]) })).toEqual([
      "Data: 239 images, 2 classes (done)",
      "Model: MobileNetV3 · head only (done)",
      "Settings: 20 epochs · AdamW (done)",
      "Train: Ready to start (open)",
      "Results: After training (locked)",
    ]);
  });

  it("name the number to predict, for which there are no classes", () => {
    const numbers = { name: "stars", least: 1, mean: 3, greatest: 5, bins: [] };
    expect(lines({ ...start, data: { ...data, task: "text-classification", classes: [], numbers } })[0]).toBe("Data: 239 rows, to predict stars (done)");
  });

  it("stay locked while the data cannot be trained on, and say why", () => {
    expect(lines({ ...start, data: { ...data, trainable: false } })[1]).toBe("Model: The data needs fixing first (locked)");
  });

  it("count texts to write like, and say what of a writing model learns", () => {
    const corpus: DataSummary = { ...data, task: "text-generation", classes: [], itemCount: 153, excluded: 3, corpus: { format: "text", documents: 153, characters: 81_217 } };
    const model = (recipe: object) => lines({ ...start, data: corpus, modelName: "Small", recipe: parseRecipe({ task: "text-generation", model: "m", ...recipe }) })[1];
    expect(lines({ ...start, data: corpus })[0]).toBe("Data: 150 texts, 81.2 k characters (done)");
    expect(model({ unfreeze: "head", lora: { enabled: true } })).toContain("Small · adapters only");
    expect(model({ unfreeze: "head" })).toContain("nothing learns");
    expect(model({ unfreeze: "all" })).toContain("everything");
  });

  it("follow the run", () => {
    const running: StepsInput = { ...start, data, modelName: "MobileNetV3", run: { kind: "running", epoch: 3, epochs: 20, paused: false } };
    expect(lines(running)[3]).toBe("Train: Epoch 3 of 20 (busy)");
    expect(lines({ ...running, run: { kind: "finished", headline: { name: "Accuracy", before: 0.5, after: 0.914, isShare: true, better: "higher" } } }).slice(3)).toEqual(["Train: Finished (done)", "Results: 0.91 accuracy (done)"]);
  });
});
