/** Counts a graph's weights, as people count a model's size: the statistics of batch norms are not among them. */
import { sizeOf } from "../core/shape.ts";
import type { Graph } from "./types.ts";

export function countWeights(graph: Graph, isCounted: (name: string) => boolean = () => true): number {
  return graph.parameters.filter(({ name, role }) => role === "weight" && isCounted(name)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
