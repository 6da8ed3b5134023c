/**
 * Divides a graph into segments that hand over a single value: where activations are computed a second time instead of kept,
 * only these values stay from the forward pass to the backward pass (Chen et al., 2016).
 */
import type { Graph, GraphNode } from "./types.ts";

export interface Segment {
  readonly nodes: readonly GraphNode[];
  /** The one value that later segments read, or the graph's outputs where it is the last. */
  readonly outputs: readonly string[];
}

/** About as many segments as the square root of the nodes, of even length, as far as single values allow; one where none do. */
export function segmentsOf({ nodes, outputs }: Pick<Graph, "nodes" | "outputs">): Segment[] {
  const length = Math.ceil(Math.sqrt(nodes.length));
  const segments: Segment[] = [];
  let begin = 0;
  for (const position of bottlenecks(nodes, outputs)) {
    if (position + 1 - begin < length || position + 1 === nodes.length) continue;
    segments.push({ nodes: nodes.slice(begin, position + 1), outputs: [(nodes[position] as GraphNode).name] });
    begin = position + 1;
  }
  return [...segments, { nodes: nodes.slice(begin), outputs }];
}

/** Positions after which nothing of what was computed so far is read but the value of the node at the position. */
function bottlenecks(nodes: readonly GraphNode[], outputs: readonly string[]): number[] {
  const lastRead = new Map<string, number>(outputs.map((name) => [name, nodes.length]));
  nodes.forEach(({ inputs }, position) => inputs.forEach((name) => lastRead.set(name, Math.max(lastRead.get(name) ?? 0, position))));
  const found: number[] = [];
  let reach = -1;
  nodes.forEach(({ name }, position) => {
    if (reach <= position) found.push(position);
    reach = Math.max(reach, lastRead.get(name) ?? position);
  });
  return found;
}
