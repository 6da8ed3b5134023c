/** A graph as text, one line per input, parameter and node: for reading, and for golden files that show what a change did. */
import { formatShape } from "../core/shape.ts";
import { inferShapes } from "./shapes.ts";
import type { Graph } from "./types.ts";

/** `block/conv: [?, 7, 7, 96] = conv2d(x, block/kernel) strides=[1,1] …` */
export function printGraph(graph: Graph): string {
  const shapes = inferShapes(graph);
  const shapeOf = (name: string): string => formatShape(shapes.get(name) ?? []);
  return [
    ...graph.inputs.map(({ name, dtype }) => `input ${name}: ${dtype} ${shapeOf(name)}`),
    ...graph.parameters.map(({ name, dtype, role }) => `${role} ${name}: ${dtype} ${shapeOf(name)}`),
    ...graph.nodes.map(({ name, op, inputs, attributes }) => {
      const settings = Object.entries(attributes).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      return `${name}: ${shapeOf(name)} = ${op}(${inputs.join(", ")})${settings.join("")}`;
    }),
    `outputs ${graph.outputs.join(", ")}`,
  ].join("\n");
}
