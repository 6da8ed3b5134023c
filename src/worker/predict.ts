/** One new example through a whole model, and what its answer is due to. */
import type { TextExplanation } from "../core/text-explanation.ts";
import { GraftError } from "../core/errors.ts";
import type { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import type { ModelInput } from "../models/types.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { Answer, ExplainRequest, PredictionInput } from "../protocol/run.ts";
import { engineOf } from "../tasks/engines.ts";
import { stack } from "../train/examples.ts";

export interface Asked {
  readonly recipe: Recipe;
  readonly input: ModelInput;
  /** What the model's outputs stand for. */
  readonly classes: readonly string[];
}

/** @throws GraftError if the recipe's task gives no answers, or the value is not what its model takes. */
export async function predict(module: GraphModule, value: PredictionInput, { recipe, input, classes }: Asked): Promise<Answer> {
  const { predictor } = engineOf(recipe.task);
  if (!predictor) throw new GraftError({ where: recipe.task, what: "its models write, they do not answer", next: "Give it a prompt" });
  const batch = stack([await predictor.encode(value, input, recipe)], input.kind === "text" ? "int32" : "float32");
  // Whichever there are when a device goes away.
  const held = [batch];
  try {
    const activations = module.runTrunk(new Map([[input.name, batch]]));
    held.push(...activations.values());
    const outputs = module.runTail(activations);
    held.push(outputs);
    return predictor.answer((await outputs.data()) as Float32Array, classes, recipe);
  } finally {
    tf.dispose(held);
  }
}

/** @throws GraftError if the recipe's task explains nothing; as TaskEngine.explain. */
export async function explain(module: GraphModule, { input: value, name }: ExplainRequest, asked: Asked, signal: AbortSignal): Promise<TextExplanation> {
  const { recipe } = asked;
  const explanation = await engineOf(recipe.task).explain?.(module, value, { ...asked, name, signal });
  if (!explanation) throw new GraftError({ where: recipe.task, what: "only the words of texts are explained", next: "Try a text model" });
  return explanation;
}
