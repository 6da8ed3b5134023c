/**
 * Tells a BERT which tokens are of the second text. Built for one text, it adds the first row of its segment table to every token; here
 * each token gets the row that it should have, found from the ids alone: what follows the first separator is the second text, its
 * own separator included, as transformers' token_type_ids. Padding comes out as the second text, and is masked.
 */
import { inferShapes } from "../shapes.ts";
import { GraphBuilder } from "../builder.ts";
import type { Graph, GraphNode } from "../types.ts";

const path = "segments";

/** The same graph where it has no table of at least two segments: RoBERTa and DistilBERT know the texts by their separators. */
export function separateTexts(graph: Graph, input: string, separatorId: number): Graph {
  const shapes = inferShapes(graph);
  const row = graph.nodes.find(({ op, name, inputs }) => op === "slice" && name.endsWith("token_type_embeddings/out") && (shapes.get(inputs[0] as string)?.[0] ?? 0) >= 2);
  if (row === undefined) return graph;
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  const separator = builder.add(`${path}/separator`, "constant", [], { shape: [], values: [separatorId], dtype: "int32" });
  const isSeparator = builder.add(`${path}/is_separator`, "cast", [builder.add(`${path}/found`, "compare", [input, separator], { relation: "equal" })], { dtype: "int32" });
  const before = builder.add(`${path}/before`, "cumulativeSum", [isSeparator], { axis: 1, exclusive: true, reverse: false });
  const one = builder.add(`${path}/one`, "constant", [], { shape: [], values: [1], dtype: "int32" });
  const segment = builder.add(`${path}/ids`, "minimum", [before, one], {});
  const nodes = graph.nodes.map((node): GraphNode => (node === row ? { name: row.name, op: "embedding", inputs: [row.inputs[0] as string, segment], attributes: {} } : node));
  const { nodes: first } = builder.build([]);
  return { ...graph, nodes: [...first, ...nodes] };
}
