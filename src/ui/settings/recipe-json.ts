/** The recipe as a file: what is written out, and what is accepted back. */
import { GraftError } from "../../core/errors.ts";
import { longestRecipe, parseRecipe, readRecipe, type Recipe } from "../../protocol/recipe.ts";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** The entries of `value` that differ from `base`, objects entry by entry. */
function difference(value: Json, base: Json): Json {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, mine]) => {
      const theirs = base[name];
      if (JSON.stringify(mine) === JSON.stringify(theirs) || mine === undefined) return [];
      return [[name, isObject(mine) && isObject(theirs) ? difference(mine, theirs) : mine]];
    }),
  );
}

/** Task, model, and what differs from the defaults: `parseRecipe` of it gives the recipe back. */
export function recipeText(recipe: Recipe): string {
  const { task, model } = recipe;
  return JSON.stringify({ task, model, ...difference(recipe, parseRecipe({ task, model })) }, null, 2);
}

/** @throws GraftError naming the file, and the field where one is wrong. */
export async function readRecipeFile({ path, blob }: { readonly path: string; readonly blob: Blob }): Promise<Recipe> {
  // Of a zip or a film that somebody took for a recipe, its first bytes tell as much as all of it.
  const text = await blob.slice(0, longestRecipe.bytes + 1).text();
  return readRecipe(text, path, /\.zip$/i.test(path) ? { next: "Unpack the zip and choose the recipe.json in it" } : {});
}

interface Surroundings {
  readonly task: Recipe["task"];
  readonly columns: Recipe["columns"];
  /** The models that can be started from; empty while they are not known. */
  readonly models: readonly string[];
}

/**
 * The recipe as it applies to the open data: its columns have been named already.
 * @throws GraftError where the recipe is for another task or for a model that is not here.
 */
export function recipeFor(recipe: Recipe, { task, columns, models }: Surroundings): Recipe {
  if (recipe.task !== task) {
    throw new GraftError({ what: `this recipe is for ${recipe.task.replace("-", " ")}, and the open data is for ${task.replace("-", " ")}`, next: "Open fitting data first, or choose another recipe" });
  }
  if (models.length > 0 && !models.includes(recipe.model)) {
    throw new GraftError({ what: `this recipe starts from the model "${recipe.model}", which is not here`, wanted: `one of ${models.join(", ")}`, next: "If it is a model of your own, open it in the step Model first" });
  }
  return { ...recipe, columns };
}
