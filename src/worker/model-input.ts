/** The sizes that a recipe gives to a model's open dimensions. */
import type { Shape } from "../core/shape.ts";
import type { LoadedModel } from "../models/types.ts";
import type { Recipe } from "../protocol/recipe.ts";
import { isWriting } from "./writing.ts";

/** Input name -> shape with only the batch open. */
export function concreteInputShapes({ input }: Pick<LoadedModel, "input">, recipe: Pick<Recipe, "task" | "imageSize" | "maxTokens" | "generation">): Record<string, Shape> {
  if (input.kind === "text") return { [input.name]: [null, Math.min(isWriting(recipe) ? recipe.generation.contextLength : recipe.maxTokens, input.maxTokens)] };
  const size = input.size ?? recipe.imageSize;
  return { [input.name]: [null, size, size, 3] };
}
