/** Every control's help, default and limits come from the schema. */
import { describe, expect, it } from "vitest";
import { helpOf } from "../../core/zod.ts";
import { parseRecipe, recipeSchema } from "../../protocol/recipe.ts";
import { fieldDefault, fieldHelp, fieldPatch, fieldProblem, fieldValue } from "./fields.ts";

const recipe = parseRecipe({ task: "image-classification", model: "m", epochs: 7, earlyStopping: { patience: 9 } });

describe("a recipe's fields", () => {
  it("say what they do in the schema's words", () => {
    expect(fieldHelp("epochs")).toBe(helpOf(recipeSchema.shape.epochs));
    expect(fieldHelp("earlyStopping.patience")).toMatch(/epochs without improvement/);
    expect(fieldHelp("augmentation.crop")).toMatch(/Cut up to this share/);
  });

  it("know their value and their default", () => {
    expect([fieldValue(recipe, "epochs"), fieldDefault(recipe, "epochs")]).toEqual([7, 20]);
    expect([fieldValue(recipe, "earlyStopping.patience"), fieldDefault(recipe, "earlyStopping.patience")]).toEqual([9, 5]);
  });

  it("change only themselves", () => {
    expect(fieldPatch(recipe, "epochs", 3)).toEqual({ epochs: 3 });
    expect(fieldPatch(recipe, "earlyStopping.enabled", false)).toEqual({ earlyStopping: { ...recipe.earlyStopping, enabled: false } });
  });

  it("explain what is wrong in plain words", () => {
    expect(fieldProblem("epochs", 12)).toBeNull();
    expect(fieldProblem("epochs", 0)).toBe("Must be 1 or more.");
    expect(fieldProblem("epochs", 1.5)).toBe("Must be a whole number.");
    expect(fieldProblem("learningRate", 0)).toBe("Must be more than 0.");
    expect(fieldProblem("augmentation.crop", 0.6)).toBe("Must be 0.5 or less.");
    expect(fieldProblem("dropout", NaN)).toBe("Must be a number.");
    expect(fieldProblem("batchSize", "")).toBe("Must be a number.");
  });
});
