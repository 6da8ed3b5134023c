/** Opens a model of token ids behind its table of tokens: what was looked up comes in from outside, so that it can be varied. */
import { GraftError } from "../../core/errors.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph, GraphNode } from "../types.ts";
import { prune } from "./prune.ts";

export interface OpenedEmbeddings {
  /** Has an input [batch, tokens, width] called `embeddings`; the ids stay an input where something else reads them (masks, positions). */
  readonly graph: Graph;
  readonly embeddings: string;
  /** The parameter [rows, width] that the ids were looked up in. */
  readonly table: string;
}

/**
 * @param ids the input of token ids
 * @throws GraftError if nothing looks it up in a table.
 */
export function embeddingsAsInput(graph: Graph, ids: string): OpenedEmbeddings {
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const sameIds = new Set([ids]);
  const looksUp = ({ op, attributes, inputs: [table, indices] }: GraphNode): boolean =>
    (op === "embedding" || (op === "gather" && attributes.axis === 0)) && parameters.has(table ?? "") && sameIds.has(indices ?? "");
  for (const node of graph.nodes) {
    if (node.op === "cast" && sameIds.has(node.inputs[0] ?? "")) sameIds.add(node.name);
    if (!looksUp(node)) continue;
    const { name } = node;
    const opened = { ...graph, inputs: [...graph.inputs, { name, shape: inferShapes(graph).get(name) ?? [], dtype: "float32" as const }], nodes: graph.nodes.filter((other) => other !== node) };
    return { graph: prune(opened, graph.outputs), embeddings: name, table: node.inputs[0] as string };
  }
  throw new GraftError({ where: `input "${ids}"`, what: "the model does not look it up in a table", wanted: "a model of tokens" });
}
