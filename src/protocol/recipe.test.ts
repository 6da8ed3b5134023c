import { describe, expect, it } from "vitest";
import { parseRecipe, recipeForTask } from "./recipe.ts";

describe("the defaults of a task", () => {
  it("fill what is not written, within objects too", () => {
    const { epochs, batchSize, lora } = parseRecipe({ task: "text-generation", model: "m", epochs: 7, lora: { enabled: true, rank: 4 } });
    expect({ epochs, batchSize, lora }).toEqual({ epochs: 7, batchSize: 8, lora: { enabled: true, rank: 4, alpha: 16, dropout: 0, targets: ["**"] } });
  });

  it("give way to what is written", () => {
    expect(parseRecipe({ task: "text-generation", model: "m", lora: { targets: [] } }).lora.targets).toEqual([]);
    expect(() => parseRecipe({ task: "text-generation", model: "m", lora: ["**"] })).toThrow('field "lora"');
  });

  it("are nobody else's, and change with the task", () => {
    const classifier = parseRecipe({ task: "text-classification", model: "m", epochs: 7 });
    expect(classifier.lora.targets).toEqual([]);
    const writer = recipeForTask(classifier, "text-generation");
    expect([writer.epochs, writer.batchSize, writer.lora.targets]).toEqual([7, 8, ["**"]]);
    expect(recipeForTask(writer, "text-classification")).toEqual(classifier);
  });
});
