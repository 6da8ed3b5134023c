/**
 * What a recipe grafts onto a pre-trained trunk: the new head (pool, standardise, dropout, dense), dropout within the trunk, and
 * adapters. First weights come from the run's seed, the head's standardisation from the training examples' features, so that one
 * learning rate fits every trunk.
 */
import type { Rng } from "../../core/rng.ts";
import { insertDropout } from "../../graph/surgery/insert-dropout.ts";
import { insertLora, isAdapter } from "../../graph/surgery/lora.ts";
import { attachClassifierHead } from "../../graph/surgery/replace-head.ts";
import { rescaleInput, type PixelScale } from "../../graph/surgery/rescale-input.ts";
import type { Model } from "../../graph/types.ts";
import type { LoadedModel } from "../../models/types.ts";
import type { PixelRange, Recipe } from "../../protocol/recipe.ts";

export const headGroup = "head";

const imagenetMean = [0.485, 0.456, 0.406] as const;
const imagenetDeviation = [0.229, 0.224, 0.225] as const;

/** What an imported model's pixels are multiplied by, and what is added. */
const affine: Readonly<Record<PixelRange, PixelScale>> = {
  "0..255": { scale: 1, offset: 0 },
  "0..1": { scale: 1 / 255, offset: 0 },
  "-1..1": { scale: 2 / 255, offset: -1 },
  imagenet: { scale: imagenetDeviation.map((deviation) => 1 / (255 * deviation)), offset: imagenetMean.map((mean, i) => -mean / (imagenetDeviation[i] as number)) },
};

/** The model that a run trains: the trunk, taking RGB 0..255 or token ids, and what is new, with an output for each of `classes`. */
export function graftClassifier({ model, features, input }: LoadedModel, recipe: Pick<Recipe, "dropout" | "pixelRange" | "head" | "lora" | "trunkDropout">, classes: readonly string[], rng: Rng): Model {
  const { dropout, pixelRange, head, lora, trunkDropout } = recipe;
  const headed = attachClassifierHead(model.graph, { from: head.at === "default" ? features : head.at, classes: classes.length, dropout, pooling: head.pooling });
  const scaled = input.kind === "image" && input.scaled ? rescaleInput(headed, input.name, affine[pixelRange]) : headed;
  const graph = insertDropout(scaled, trunkDropout);
  const used = new Set(graph.parameters.map((parameter) => parameter.name));
  const weights = new Map([...model.weights].filter(([name]) => used.has(name)));
  for (const parameter of graph.parameters) {
    if (weights.has(parameter.name)) continue;
    weights.set(parameter.name, initialValues(parameter.name, parameter.shape, rng));
  }
  return lora.enabled ? insertLora({ graph, weights }, lora, rng) : { graph, weights };
}

/** What is new learns at the full rate. */
export function learningRateScale({ trunkLearningRateScale }: Pick<Recipe, "trunkLearningRateScale">): (parameter: string) => number {
  return (parameter) => (parameter.startsWith(`${headGroup}/`) || isAdapter(parameter) ? 1 : trunkLearningRateScale);
}

/** Kernels uniform in +-sqrt(1 / inputs), as PyTorch's Linear; scales one; everything else zero. */
function initialValues(name: string, shape: readonly number[], rng: Rng): Float32Array {
  const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  if (name.endsWith("/scale")) return values.fill(1);
  if (!name.endsWith("/kernel")) return values;
  const bound = 1 / Math.sqrt(shape[0] ?? 1);
  const draw = rng.fork(name);
  return values.map(() => (2 * draw.uniform() - 1) * bound);
}
