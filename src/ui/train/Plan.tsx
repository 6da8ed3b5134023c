/** What a run will do, before it starts. */
import type { BackendProbe } from "../../protocol/models.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { formatCompact, formatCount, formatPlural, formatShare } from "../primitives/format.ts";
import { Stat, StatRow } from "../primitives/Stat.tsx";
import { backendName, formatRate } from "./figures.ts";

interface PlanProps {
  readonly recipe: Recipe;
  readonly parameters: { readonly trainable: number; readonly total: number } | null;
  readonly examples: { readonly train: number; readonly validation: number; readonly test: number };
  /** The backend that it will run on; null while that is being measured. */
  readonly probe: BackendProbe | null;
}

const optimizers = { sgd: "SGD", adam: "Adam", adamw: "AdamW", rmsprop: "RMSprop" };

/** Which layers of which model will learn, as a sentence. */
export function describeLayers({ task, unfreeze, lora }: Pick<Recipe, "task" | "unfreeze" | "lora">, modelName: string): string {
  if (Array.isArray(unfreeze)) return `Your own choice of layers of ${modelName} learns.`;
  if (task === "text-generation") {
    return {
      head: lora.enabled ? `Only small adapters beside the layers of ${modelName} learn.` : `Nothing of ${modelName} learns: choose layers in the step Model.`,
      "last-block": `The last block of ${modelName} ${lora.enabled ? "and small adapters learn" : "learns"}.`,
      all: `Every layer of ${modelName} learns.`,
    }[unfreeze];
  }
  return {
    head: `Only the new head of ${modelName} learns.`,
    "last-block": `The new head and the last block of ${modelName} learn.`,
    all: `The new head and every layer of ${modelName} learn.`,
  }[unfreeze];
}

export function Plan({ recipe, parameters, examples, probe }: PlanProps) {
  const { epochs, batchSize, optimizer, learningRate } = recipe;
  const held = [`${formatCount(examples.validation)} to validate`, ...(examples.test > 0 ? [`${formatCount(examples.test)} to test`] : [])].join(", ");
  return (
    <StatRow>
      <Stat label="Parameters that learn" value={parameters ? formatCompact(parameters.trainable) : "–"} note={parameters && `${formatShare(parameters.trainable / parameters.total)} of ${formatCompact(parameters.total)}`} />
      <Stat label="Examples to learn from" value={formatCount(examples.train)} note={held} />
      <Stat label="Epochs" value={formatCount(epochs)} note={`${formatPlural(batchSize, "example")} a step, ${optimizers[optimizer]} at ${formatRate(learningRate)}`} />
      <Stat label="Computed by" value={probe ? backendName(probe.backend) : "Measuring"} note={probe ? probe.adapter : "Which backend is fastest here"} />
    </StatRow>
  );
}
