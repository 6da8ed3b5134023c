/**
 * Puts the bias that is added to a product or a convolution into the node itself, as a third input, where PyTorch and ONNX have it.
 * For writers alone: the engine does not know such nodes.
 */
import type { Shape } from "../../core/shape.ts";
import type { Graph, GraphNode } from "../../graph/types.ts";

const fusible: ReadonlySet<string> = new Set(["conv2d", "depthwiseConv2d", "convTranspose2d", "matMul"]);

function countUses(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** The node takes the name of the sum, so whoever read that reads it. */
export function fuseBiases(graph: Graph, shapes: ReadonlyMap<string, Shape>): readonly GraphNode[] {
  const uses = countUses(graph);
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const fused = new Map<string, GraphNode>();
  const gone = new Set<string>();
  for (const { name, op, inputs } of graph.nodes) {
    if (op !== "add") continue;
    const [left, right] = inputs as [string, string];
    const [of, bias] = parameters.has(right) ? [left, right] : [right, left];
    const node = byName.get(of);
    if (node === undefined || !fusible.has(node.op) || uses.get(of) !== 1 || !parameters.has(bias) || !parameters.has(node.inputs[1] as string)) continue;
    // A bias has one number for each channel of the result, which broadcasting would also take from a single one.
    if (shapes.get(bias)?.length !== 1 || shapes.get(bias)?.[0] !== shapes.get(of)?.at(-1)) continue;
    if (node.op === "matMul" && (shapes.get(node.inputs[1] as string)?.length !== 2 || node.attributes.transposeA)) continue;
    fused.set(name, { ...node, name, inputs: [...node.inputs, bias] });
    gone.add(of);
  }
  return graph.nodes.filter(({ name }) => !gone.has(name)).map((node) => fused.get(node.name) ?? node);
}
