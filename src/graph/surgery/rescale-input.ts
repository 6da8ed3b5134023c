/** Lets a model that was trained on scaled pixels take plain ones, so that every image model's input is RGB 0..255. */
import { GraphBuilder } from "../builder.ts";
import type { Graph } from "../types.ts";

/** The new first node computes `input * scale + offset`; all that read the input read that instead. */
export function rescaleInput(graph: Graph, input: string, { scale, offset }: { readonly scale: number; readonly offset: number }): Graph {
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  const scalar = (name: string, value: number): string => builder.add(builder.freeName(name), "constant", [], { shape: [], values: [value], dtype: "float32" });
  const scaled = builder.add(builder.freeName("input/scaled"), "multiply", [input, scalar("input/scale", scale)], {});
  const shifted = builder.add(builder.freeName("input/shifted"), "add", [scaled, scalar("input/offset", offset)], {});
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === input ? shifted : name));
    builder.add(node.name, node.op, inputs, node.attributes);
  }
  return builder.build(graph.outputs.map((name) => (name === input ? shifted : name)));
}
