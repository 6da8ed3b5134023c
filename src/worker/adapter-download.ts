/** The small download: a run's adapters alone, as PEFT keeps them, for those who have the model that they were grown from. */
import { strToU8 } from "fflate";
import { GraftError, printable } from "../core/errors.ts";
import { configFile, weightsFile } from "../formats/peft/write.ts";
import { isAdapter } from "../graph/surgery/lora.ts";
import { countWeights } from "../graph/parameters.ts";
import type { Model } from "../graph/types.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { RunInfo } from "../protocol/run.ts";
import { adapterFiles, baseModelName, causalAdapterExample, jsonFile } from "./export-parts.ts";
import { isWriting } from "./writing.ts";

interface AdapterSource {
  readonly recipe: Recipe;
  /** With its adapters beside its layers. */
  readonly tuned: Model;
  readonly info: Pick<RunInfo, "trainableParameters">;
  /** Of the model that the run started from. */
  readonly licence: string;
}

/** Path in the zip -> bytes. @throws GraftError if the run had no adapters. */
export function adapterDownload({ recipe, tuned, info, licence }: AdapterSource): Record<string, Uint8Array> {
  const adapter = adapterFiles(tuned, recipe);
  if (Object.keys(adapter).length === 0) {
    throw new GraftError({ where: "the adapter's download", what: "this run has no adapters: its layers themselves learned", next: "Download the whole model, or train with adapters (LoRA) switched on." });
  }
  // The head, and whatever the recipe unfroze: what an adapter's file has no place for.
  const others = info.trainableParameters - countWeights(tuned.graph, isAdapter);
  return { ...adapter, "recipe.json": jsonFile(recipe), "README.md": strToU8(describeAdapter(recipe, licence, others)) };
}

function describeAdapter(recipe: Recipe, licence: string, others: number): string {
  const base = baseModelName(recipe.model);
  const missing = others > 0 ? `\nThe run trained ${others} other weights too, of the new head or of layers that were unfrozen. They are not in here: the whole download has them.\n` : "";
  const example = isWriting(recipe)
    ? causalAdapterExample(recipe, ".")
    : `\`\`\`python
from peft import PeftModel
model = PeftModel.from_pretrained(base, ".")   # base: the model that this started from; ".": this folder
\`\`\`
`;
  return `# Adapters for ${printable(base)}

What a fine-tuning in Graft learned for ${recipe.task}, and nothing else. It needs the model that it was grown from: ${printable(base)}.
${missing}
## What is in here

| file | what |
|---|---|
| ${weightsFile}, ${configFile} | the adapters, as PEFT keeps them |
| recipe.json | every setting of the run; the page and the command line take it back |

## With PEFT

${example}
## Licence

The pre-trained model that this started from: ${licence}
`;
}
