/** Lets a model that was trained on scaled pixels take plain ones, so that every image model's input is RGB 0..255. */
import { GraphBuilder } from "../builder.ts";
import type { Graph } from "../types.ts";

export interface PixelScale {
  /** One number, or one for each channel. */
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
}

/** The new first nodes compute `input * scale + offset`; all that read the input read that instead. */
export function rescaleInput(graph: Graph, input: string, { scale, offset }: PixelScale): Graph {
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  const constant = (name: string, value: number | readonly number[]): string =>
    builder.add(builder.freeName(name), "constant", [], typeof value === "number" ? { shape: [], values: [value], dtype: "float32" } : { shape: [value.length], values: value, dtype: "float32" });
  const scaled = builder.add(builder.freeName("input/scaled"), "multiply", [input, constant("input/scale", scale)], {});
  const shifted = builder.add(builder.freeName("input/shifted"), "add", [scaled, constant("input/offset", offset)], {});
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === input ? shifted : name));
    builder.add(node.name, node.op, inputs, node.attributes);
  }
  return builder.build(graph.outputs.map((name) => (name === input ? shifted : name)));
}
