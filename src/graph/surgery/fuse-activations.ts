/**
 * Joins a batch norm and the activation behind it into one node, which a device can run in one pass over the values. For
 * execution only: what is saved, shown or split into layer groups is the graph before.
 */
import type { FusedActivation, Graph, GraphNode } from "../types.ts";

/** The same outputs and parameters; a joined node is called as its activation was. */
export function fuseActivations(graph: Graph): Graph {
  const outputs = new Set(graph.outputs);
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node]);
  /** Who reads a value, if that is nobody outside of the graph. */
  const innerReaders = (name: string): readonly GraphNode[] => (outputs.has(name) ? [] : (readers.get(name) ?? []));

  const joined = new Map<string, GraphNode>();
  const gone = new Set<string>();
  for (const node of graph.nodes) {
    if (node.op !== "batchNorm" || node.attributes.activation !== undefined) continue;
    const found = activationOf(node.name, innerReaders);
    if (found === null) continue;
    joined.set(found.last, { ...node, name: found.last, attributes: { ...node.attributes, activation: found.activation } });
    for (const name of [node.name, ...found.between]) gone.add(name);
  }
  return { ...graph, nodes: graph.nodes.filter(({ name }) => !gone.has(name)).map((node) => joined.get(node.name) ?? node) };
}

interface Found {
  readonly activation: FusedActivation;
  readonly between: readonly string[];
  readonly last: string;
}

function activationOf(value: string, innerReaders: (name: string) => readonly GraphNode[]): Found | null {
  const readers = innerReaders(value);
  const [only] = readers;
  if (readers.length === 1 && only !== undefined && (only.op === "relu" || only.op === "relu6")) return { activation: only.op, between: [], last: only.name };
  const gate = readers.find(({ op }) => op === "hardSigmoid");
  const product = readers.find(({ op }) => op === "multiply");
  if (readers.length !== 2 || gate === undefined || product === undefined) return null;
  const gateReaders = innerReaders(gate.name);
  if (gateReaders.length !== 1 || gateReaders[0] !== product) return null;
  return { activation: "hardSwish", between: [gate.name], last: product.name };
}
