/**
 * The new head that is grafted onto a pre-trained trunk: pool, standardise, dropout, dense. Its first weights come from
 * the run's seed, its standardisation from the training examples' features, so that one learning rate fits every trunk.
 */
import type { Rng } from "../../core/rng.ts";
import { attachClassifierHead } from "../../graph/surgery/replace-head.ts";
import type { Model } from "../../graph/types.ts";

export const headGroup = "head";

export function attachHead(model: Model, features: string, { classes, dropout, rng }: { readonly classes: number; readonly dropout: number; readonly rng: Rng }): Model {
  const graph = attachClassifierHead(model.graph, { from: features, classes, dropout });
  const used = new Set(graph.parameters.map((parameter) => parameter.name));
  const weights = new Map([...model.weights].filter(([name]) => used.has(name)));
  for (const parameter of graph.parameters) {
    if (weights.has(parameter.name)) continue;
    weights.set(parameter.name, initialValues(parameter.name, parameter.shape, rng));
  }
  return { graph, weights };
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
