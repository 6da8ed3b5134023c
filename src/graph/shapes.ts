/**
 * What shape every value of a graph has, without running it. Unknown dimensions stay unknown where they must; a node whose
 * inputs do not fit is named. The rule of each op is in shape-rules.ts.
 */
import { GraftError } from "../core/errors.ts";
import type { DType, Shape } from "../core/shape.ts";
import { formatShape } from "../core/shape.ts";
import { fits } from "./shape-checks.ts";
import { shapeRules } from "./shape-rules.ts";
import type { Graph, GraphNode } from "./types.ts";

/**
 * The shape of every input, parameter and node, by name. `inputShapes` makes declared shapes more precise.
 * @throws GraftError naming the node and the shapes that do not fit.
 */
export function inferShapes(graph: Graph, inputShapes: Readonly<Record<string, Shape>> = {}): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const { name, shape } of graph.inputs) {
    const given = Object.hasOwn(inputShapes, name) ? (inputShapes[name] as Shape) : shape;
    if (given.length !== shape.length || !given.every((dim, i) => fits(dim, shape[i] ?? null))) {
      throw new GraftError({ where: `input "${name}"`, what: `the shape is ${formatShape(given)}`, wanted: formatShape(shape) });
    }
    shapes.set(name, given);
  }
  for (const { name, shape } of graph.parameters) shapes.set(name, shape);
  for (const node of graph.nodes) shapes.set(node.name, nodeShape(node, shapes));
  return shapes;
}

export function nodeShape(node: GraphNode, shapes: ReadonlyMap<string, Shape>): Shape {
  const inputs = node.inputs.map((name) => shapes.get(name) as Shape);
  // The table's type ties each rule to its op's attributes; a union of rules cannot be called without this.
  const rule = shapeRules[node.op] as (attributes: unknown, ...inputs: readonly Shape[]) => Shape;
  // A rule's own parameters are the attributes and then the inputs; concat takes the inputs as a rest parameter.
  const wanted = node.op === "concat" ? Math.max(1, inputs.length) : rule.length - 1;
  try {
    if (inputs.length !== wanted) throw new GraftError({ what: `it has ${inputs.length} inputs`, wanted: String(wanted) });
    return rule(node.attributes, ...inputs);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    const found = inputs.length === 0 ? "" : `; its inputs are ${inputs.map(formatShape).join(" and ")}`;
    throw new GraftError({ ...error.sentence, where: `node "${node.name}" (${node.op})`, what: `${error.sentence.what}${found}` });
  }
}

/** The element type of every input, parameter and node, by name. */
export function inferDTypes(graph: Graph): ReadonlyMap<string, DType> {
  const dtypes = new Map<string, DType>();
  for (const { name, dtype } of [...graph.inputs, ...graph.parameters]) dtypes.set(name, dtype);
  for (const node of graph.nodes) dtypes.set(node.name, nodeDType(node, dtypes));
  return dtypes;
}

export function nodeDType(node: GraphNode, dtypes: ReadonlyMap<string, DType>): DType {
  switch (node.op) {
    case "constant":
    case "cast":
      return node.attributes.dtype;
    case "compare":
    case "argMax":
    case "topKIndices":
    case "positionIds":
      return "int32";
    case "paddingMask":
    case "oneHot":
    case "log":
    case "sin":
    case "cos":
    case "tan":
    case "asin":
    case "acos":
    case "atan":
    case "sinh":
    case "cosh":
    case "asinh":
    case "acosh":
    case "atanh":
    case "erf":
    case "fakeQuantize":
      return "float32";
    case "broadcastLike":
      // The second input gives its size alone.
      return dtypes.get(node.inputs[0] as string) ?? "float32";
    default:
      // Every other op keeps integers only if all of its inputs are integers; embedding's table is not.
      return node.inputs.every((name) => dtypes.get(name) === "int32") ? "int32" : "float32";
  }
}
