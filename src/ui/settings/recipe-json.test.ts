/** What is written is short and reads back whole; what cannot be used is refused in words that name the file and the cause. */
import { describe, expect, it } from "vitest";
import { formatSentence, type GraftError } from "../../core/errors.ts";
import { parseRecipe } from "../../protocol/recipe.ts";
import { presetOf, withPreset } from "./augmentation-presets.ts";
import { readRecipeFile, recipeFor, recipeText } from "./recipe-json.ts";

const short = { task: "text-classification", model: "m", columns: { text: "a", label: "b" }, unfreeze: ["encoder/**"], earlyStopping: { patience: 9 }, seed: 4 } as const;
const recipe = parseRecipe({ ...short, unfreeze: [...short.unfreeze] });
const file = (text: string, path = "recipe.json") => ({ path, blob: new Blob([text]) });

async function sentence(job: () => unknown): Promise<string> {
  try {
    await job();
  } catch (error) {
    return formatSentence((error as GraftError).sentence);
  }
  throw new Error("nothing was refused");
}

describe("a recipe as a file", () => {
  it("holds only what differs, and reads back whole", async () => {
    expect(JSON.parse(recipeText(recipe))).toEqual(short);
    expect(await readRecipeFile(file(`\uFEFF${recipeText(recipe)}`))).toEqual(recipe);
  });

  it("is refused with the file, and the field where one is wrong", async () => {
    expect(await sentence(() => readRecipeFile(file("PK..", "graft.zip")))).toMatch(/^graft\.zip: it is not readable JSON\. Unpack the zip/);
    expect(await sentence(() => readRecipeFile(file("[1]")))).toMatch(/^recipe\.json: this is JSON, but not a recipe/);
    expect(await sentence(() => readRecipeFile(file('{"task":"text-classification","model":"m","epochs":0}')))).toMatch(/^recipe\.json, field "epochs"/);
  });

  it("is for the open data, whose columns have been named already", async () => {
    const here = { task: "text-classification", columns: { text: "t", label: "l" }, models: ["m"] } as const;
    expect(recipeFor(recipe, here)).toEqual({ ...recipe, columns: here.columns });
    expect(await sentence(() => recipeFor(recipe, { ...here, task: "image-classification" }))).toMatch(/for text classification, and the open data is for image classification/);
    expect(await sentence(() => recipeFor(recipe, { ...here, models: ["n"] }))).toMatch(/"m", which is not here\. Expected one of n\./);
  });
});

describe("augmentation presets", () => {
  it("are told from a mixture, and leave the number of views", () => {
    const strong = withPreset({ ...recipe.augmentation, views: 9 }, "strong");
    expect([presetOf(recipe.augmentation), presetOf(strong), strong.views]).toEqual(["none", "strong", 9]);
    expect(presetOf({ ...strong, crop: 0.24 })).toBeUndefined();
  });
});
