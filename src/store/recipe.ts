/** The recipe that the page is writing: every control's value, and nothing else. */
import { create } from "zustand";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";

interface RecipeState {
  readonly recipe: Recipe;
  readonly update: (patch: Partial<Recipe>) => void;
  readonly replace: (recipe: Recipe) => void;
}

export const useRecipe = create<RecipeState>()((set) => ({
  recipe: parseRecipe({ task: "image-classification", model: "mobilenet-v3-coco" }),

  update: (patch) => {
    set(({ recipe }) => ({ recipe: { ...recipe, ...patch } }));
  },

  replace: (recipe) => {
    set({ recipe });
  },
}));
