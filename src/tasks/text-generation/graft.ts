/** A causal language model as a run trains it: its own output stays; adapters and dropout go into its layers. */
import { GraftError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import { writesText } from "../../graph/surgery/decode-step.ts";
import { insertDropout } from "../../graph/surgery/insert-dropout.ts";
import { insertLora } from "../../graph/surgery/lora.ts";
import { prune } from "../../graph/surgery/prune.ts";
import type { Graph, Model } from "../../graph/types.ts";
import type { LoadedModel } from "../../models/types.ts";
import type { Recipe } from "../../protocol/recipe.ts";

/** @throws GraftError if the model does not say what comes after each token. */
export function graftWriter({ model, input }: LoadedModel, { model: id, lora, trunkDropout }: Pick<Recipe, "model" | "lora" | "trunkDropout">, rng: Rng): Model {
  if (input.kind !== "text" || !writesText(model.graph)) {
    throw new GraftError({ where: `model ${id}`, what: "it does not write text", wanted: "a causal language model, such as GPT-2 or Llama, with its language model head", next: "Choose another model" });
  }
  const graph = insertDropout(attendingToAll(prune(model.graph, model.graph.outputs)), trunkDropout);
  const used = new Set(graph.parameters.map(({ name }) => name));
  const weights = new Map([...model.weights].filter(([name]) => used.has(name)));
  return lora.enabled ? insertLora({ graph, weights }, lora, rng) : { graph, weights };
}

/**
 * Padding stands on the right, where causal attention does not look; so nothing is masked as padding. Published models often pad with
 * the token that ends a text, which between the texts of a window is a real token.
 */
function attendingToAll(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.op === "paddingMask" ? { ...node, attributes: { ...node.attributes, paddingId: -1 } } : node)) };
}
