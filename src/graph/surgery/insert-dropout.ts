/** Dropout in the trunk: before the products of chosen layers, where it acts while the layer, or one before it, learns. */
import { GraphBuilder } from "../builder.ts";
import { kernelLayers, matchingLayers, type KernelLayer } from "../kernels.ts";
import type { Graph } from "../types.ts";

export interface TrunkDropout {
  /** The share of each layer's inputs that is dropped. */
  readonly rate: number;
  /** Patterns of layer paths; none means all dense layers, or all convolutions where there are none. */
  readonly targets: readonly string[];
}

/** @throws GraftError for a pattern that matches no layer with a product. */
export function insertDropout(graph: Graph, { rate, targets }: TrunkDropout): Graph {
  if (rate === 0) return graph;
  const all = kernelLayers(graph);
  const dense = all.filter(({ products: [{ op }] }) => op === "matMul");
  const layers = targets.length > 0 ? matchingLayers(all, targets, "trunk dropout") : dense.length > 0 ? dense : all;
  const layerOf = new Map<string, KernelLayer>(layers.flatMap((layer) => layer.products.map((product) => [product.name, layer] as const)));
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) {
    const layer = layerOf.get(node.name);
    const [x = "", ...rest] = node.inputs;
    // In the layer's own group, so that the cut knows which layer it belongs to.
    const inputs = layer ? [builder.add(builder.freeName(`${layer.path}/dropout`), "dropout", [x], { rate }), ...rest] : node.inputs;
    builder.add(node.name, node.op, inputs, node.attributes);
  }
  return builder.build(graph.outputs);
}
