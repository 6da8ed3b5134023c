/** A graph as the list of nodes that the layer map draws: inputs first, then every node in flow order, constants left out. */
import type { OutlineNode } from "../core/graph-outline.ts";
import type { Shape } from "../core/shape.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { describeLayer } from "./layer-details.ts";
import { layerGroups, leavesOf } from "./layer-groups.ts";
import { parentPath } from "./paths.ts";
import { inferShapes } from "./shapes.ts";
import type { Graph, Parameter } from "./types.ts";

export function outlineOf(graph: Graph, inputShapes: Readonly<Record<string, Shape>> = {}): readonly OutlineNode[] {
  const shapes = inferShapes(graph, inputShapes);
  const parameters = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  const leaves = new Set(leavesOf(layerGroups(graph)).map(({ path }) => path));
  const layerOf = ({ name }: Parameter): string => (leaves.has(name) ? name : parentPath(name));
  const details = detailsByLayer(graph, layerOf);
  const positions = new Map<string, number>();
  const counted = new Set<string>();
  const outline: OutlineNode[] = [];
  const add = (node: OutlineNode): void => {
    positions.set(node.name, outline.length);
    outline.push(node);
  };
  const shapeOf = (name: string): string => formatShape(shapes.get(name) ?? []);

  for (const { name } of graph.inputs) add({ name, op: "input", detail: "", inputs: [], shape: shapeOf(name), parameterCount: 0, layers: [] });
  for (const { name, op, inputs } of graph.nodes) {
    if (op === "constant") continue;
    const used = inputs.flatMap((input) => parameters.get(input) ?? []);
    const fresh = used.filter((parameter) => !counted.has(parameter.name) && parameter.role === "weight");
    for (const parameter of fresh) counted.add(parameter.name);
    const layers = [...new Set(used.map(layerOf))];
    add({
      name,
      op,
      detail: used.some(({ shape }) => shape.length > 1) ? (details.get(layers[0] ?? "") ?? "") : "",
      inputs: [...new Set(inputs.flatMap((input) => positions.get(input) ?? []))],
      shape: shapeOf(name),
      parameterCount: fresh.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      layers,
    });
  }
  return outline;
}

function detailsByLayer(graph: Graph, layerOf: (parameter: Parameter) => string): ReadonlyMap<string, string> {
  const byLayer = new Map<string, Parameter[]>();
  for (const parameter of graph.parameters) {
    const layer = layerOf(parameter);
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), parameter]);
  }
  return new Map([...byLayer].map(([layer, own]) => [layer, describeLayer(graph, own)]));
}
