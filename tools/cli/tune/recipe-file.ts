/** Reads the recipe that a person names: a JSON file, or the zip that the page downloads, which holds one. */
import { strFromU8, unzipSync } from "fflate";
import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { longestRecipe, readRecipe, type Recipe } from "../../../src/protocol/recipe.ts";
import { CommandError } from "../project.mjs";

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new CommandError(`--recipe ${path}: ${code === "ENOENT" ? "there is no such file" : `the file cannot be read (${code})`}.`);
  }
}

function recipeInZip(path: string, bytes: Uint8Array): string {
  const isRecipe = (name: string): boolean => basename(name) === "recipe.json";
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: ({ name, originalSize }) => isRecipe(name) && originalSize <= longestRecipe.bytes });
  } catch {
    throw new CommandError(`--recipe ${path}: this zip cannot be read. Download it again.`);
  }
  const [recipe] = Object.values(files);
  if (!recipe) throw new CommandError(`--recipe ${path}: this zip holds no recipe.json. Expected the zip that Graft's page downloads.`);
  return strFromU8(recipe);
}

/**
 * The checked and completed recipe, with `overrides` from the command line in place of its own fields.
 * @throws GraftError or CommandError with a sentence that names the field, or what is wrong with the file.
 */
export function readRecipeFile(path: string, overrides: { readonly backend?: string; readonly model?: string } = {}): Recipe {
  const bytes = readBytes(path);
  const text = extname(path).toLowerCase() === ".zip" ? recipeInZip(path, bytes) : strFromU8(bytes);
  return readRecipe(text, basename(path), { overrides });
}
