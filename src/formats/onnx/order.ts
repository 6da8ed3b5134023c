/** Which nodes the wanted outputs need, in an order in which each comes after what it reads. */
import { GraftError } from "../../core/errors.ts";
import type { GraphProto } from "./messages.ts";
import { OnnxNode } from "./node.ts";

/** All that a node reads: its inputs, and what the graphs within it take from outside. */
function reads(node: OnnxNode): readonly string[] {
  const within = (graph: GraphProto): readonly string[] => [...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap((inner) => reads(new OnnxNode(inner)))];
  return [...node.inputs, ...node.graphs().flatMap(within)].filter((name) => name !== "");
}

export function orderNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): readonly OnnxNode[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const sorted: OnnxNode[] = [];
  const state = new Map<OnnxNode, "entered" | "done">();
  const sources = new Map(nodes.map((node) => [node, reads(node)]));
  // Depth first with a stack of our own: a deep graph would overflow the call stack.
  const stack: OnnxNode[] = [];
  const push = (name: string): void => {
    const node = producers.get(name);
    if (node === undefined || state.get(node) === "done") return;
    if (state.get(node) === "entered") throw new GraftError({ where: node.where, what: "it depends on itself", wanted: "a graph without loops" });
    stack.push(node);
  };
  for (const output of outputs.toReversed()) push(output);
  while (stack.length > 0) {
    const node = stack.at(-1) as OnnxNode;
    const seen = state.get(node);
    if (seen === undefined) {
      state.set(node, "entered");
      for (const name of (sources.get(node) ?? []).toReversed()) push(name);
    } else {
      stack.pop();
      if (seen === "entered") {
        state.set(node, "done");
        sorted.push(node);
      }
    }
  }
  return sorted;
}
