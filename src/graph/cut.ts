/**
 * Splits a graph where training starts. The trunk is what nothing trainable influences: it is computed once per example and its
 * outputs are kept. The tail is what a training step runs. See "cut" in the design.
 */
import type { Shape } from "../core/shape.ts";
import { isWithin, parentPath } from "./paths.ts";
import { inferDTypes, inferShapes } from "./shapes.ts";
import { prune } from "./surgery/prune.ts";
import type { Graph, GraphNode } from "./types.ts";

export interface SplitGraph {
  /** Its outputs are, in order, the tail's inputs: values, or graph inputs that pass through unchanged. */
  readonly trunk: Graph;
  readonly tail: Graph;
}

/**
 * A node belongs to the tail if it depends on a trainable parameter, is an active dropout among trainable parameters, or depends
 * on such a node. What depends on no graph input (constants and what is made of them) has no batch to cache, so the tail
 * computes its own copy. An output that the trunk computes passes through the tail.
 */
export function splitAtCut(whole: Graph, trainable: ReadonlySet<string>): SplitGraph {
  const graph = prune(whole, whole.outputs);
  const trained = new Set(trainable);
  const perExample = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    if (startsTail(node, trainable) || node.inputs.some((name) => trained.has(name))) trained.add(node.name);
    if (node.inputs.some((name) => perExample.has(name))) perExample.add(node.name);
  }

  const tailNodes = graph.nodes.filter(({ name }) => trained.has(name));
  const used = [...tailNodes.flatMap(({ inputs }) => inputs), ...graph.outputs];
  const crossing = [...new Set(used)].filter((name) => perExample.has(name) && !trained.has(name));

  const shapes = inferShapes(graph);
  const dtypes = inferDTypes(graph);
  const crossed = new Set(crossing);
  const tailInputs = crossing.map((name) => ({ name, shape: shapes.get(name) as Shape, dtype: dtypes.get(name) ?? "float32" }));
  const tail = prune({ ...graph, inputs: tailInputs, nodes: graph.nodes.filter(({ name }) => !crossed.has(name)) }, graph.outputs);
  return { trunk: prune(graph, crossing), tail };
}

/** Dropout in the head acts although nothing before it is trained. */
function startsTail(node: GraphNode, trainable: ReadonlySet<string>): boolean {
  if (node.op !== "dropout" || node.attributes.rate === 0) return false;
  const parent = parentPath(node.name);
  return parent !== "" && [...trainable].some((name) => isWithin(name, parent));
}
