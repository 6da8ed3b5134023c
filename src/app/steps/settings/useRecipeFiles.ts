/** The recipe out to a file and in from one, and the way back from whatever replaced it. */
import { useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { DataSummary, SourceFile } from "../../../protocol/data.ts";
import type { Recipe } from "../../../protocol/recipe.ts";
import { sentenceOf } from "../../../store/client.ts";
import { useModel } from "../../../store/model.ts";
import { useRecipe } from "../../../store/recipe.ts";
import { defaultSettings } from "../../../ui/settings/controls.ts";
import { readRecipeFile, recipeFor, recipeText } from "../../../ui/settings/recipe-json.ts";

export function useRecipeFiles(summary: DataSummary) {
  const current = useRecipe((state) => state.recipe);
  const replace = useRecipe((state) => state.replace);
  const [error, setError] = useState<ErrorSentence | null>(null);
  const [replaced, setReplaced] = useState<{ readonly what: string; readonly before: Recipe; readonly after: Recipe } | null>(null);

  const put = (recipe: Recipe, what: string): void => {
    setReplaced({ what, before: useRecipe.getState().recipe, after: recipe });
    replace(recipe);
    setError(null);
  };

  return {
    error,
    /** What replaced the settings, as long as undoing it would lose nothing that was done since. */
    replaced: replaced?.after === current ? replaced.what : null,

    resetAll: () => put(defaultSettings(useRecipe.getState().recipe), "All settings are at their defaults."),

    open: async (file: SourceFile): Promise<void> => {
      try {
        const models = useModel.getState().cards.map(({ id }) => id);
        put(recipeFor(await readRecipeFile(file), { task: summary.task, columns: summary.columns, models }), `The recipe of ${file.path} is in place.`);
      } catch (failure) {
        setError(sentenceOf(failure));
      }
    },

    undo: () => {
      if (replaced) replace(replaced.before);
      setReplaced(null);
    },

    dismiss: () => setReplaced(null),

    save: () => {
      const url = URL.createObjectURL(new Blob([recipeText(useRecipe.getState().recipe)], { type: "application/json" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = "recipe.json";
      link.click();
      URL.revokeObjectURL(url);
    },
  };
}
