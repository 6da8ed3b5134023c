/** Gathers what the rail shows from the stores. */
import { useMemo } from "react";
import { openSummary, useData } from "../../store/data.ts";
import { useModel } from "../../store/model.ts";
import { useRecipe } from "../../store/recipe.ts";
import { useSession } from "../../store/session.ts";
import { describeSteps, type StepState } from "./steps.ts";

export function useSteps(): readonly StepState[] {
  const data = useData(openSummary);
  const opening = useData(({ phase }) => phase.kind === "opening");
  const recipe = useRecipe((state) => state.recipe);
  const modelName = useModel(({ cards }) => cards.find(({ id }) => id === recipe.model)?.name ?? null);
  const visited = useSession((state) => state.visited);
  const run = useSession((state) => state.run);
  return useMemo(() => describeSteps({ data, opening, modelName, recipe, run, visited }), [data, opening, modelName, recipe, run, visited]);
}
