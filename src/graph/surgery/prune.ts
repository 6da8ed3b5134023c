/** Keeps what some values need and nothing else: the last step of most other surgeries. */
import type { Graph } from "../types.ts";

/** The graph that computes `outputs`, with only the inputs, parameters and nodes that they need. */
export function prune(graph: Graph, outputs: readonly string[]): Graph {
  const needed = new Set(outputs);
  for (const node of graph.nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.inputs) needed.add(input);
  }
  const isNeeded = ({ name }: { readonly name: string }): boolean => needed.has(name);
  return { inputs: graph.inputs.filter(isNeeded), parameters: graph.parameters.filter(isNeeded), nodes: graph.nodes.filter(isNeeded), outputs: [...outputs] };
}
