/** The optimizers that a recipe can name, in one list. The type checker names a missing one. */
import type { Recipe } from "../../protocol/recipe.ts";
import { adam } from "./adam.ts";
import { RuleOptimizer, type Optimizer } from "./optimizer.ts";
import { rmsprop } from "./rmsprop.ts";
import type { UpdateRule } from "./rule.ts";
import { sgd } from "./sgd.ts";

export { clipByGlobalNorm, globalNorm } from "./clip.ts";
export { decayOf, slotKey, type Optimizer, type OptimizerState } from "./optimizer.ts";

export type OptimizerKind = Recipe["optimizer"];

export interface OptimizerOptions {
  /** Decoupled for AdamW, added to the gradient for the others; never on parameters of rank 0 or 1. */
  readonly weightDecay: number;
  /** Of SGD and RMSprop; the others have their own. */
  readonly momentum: number;
}

const rules: Readonly<Record<OptimizerKind, (options: OptimizerOptions) => UpdateRule>> = {
  sgd: ({ momentum }) => sgd(momentum),
  adam: () => adam({ decoupledDecay: false }),
  adamw: () => adam({ decoupledDecay: true }),
  rmsprop: ({ momentum }) => rmsprop(momentum),
};

/** The rule alone, for who steps all parameters at once. */
export function updateRule(kind: OptimizerKind, options: OptimizerOptions): UpdateRule {
  return rules[kind](options);
}

/** With PyTorch's semantics and defaults. The caller disposes it. */
export function createOptimizer(kind: OptimizerKind, options: OptimizerOptions): Optimizer {
  return new RuleOptimizer(updateRule(kind, options), options);
}
