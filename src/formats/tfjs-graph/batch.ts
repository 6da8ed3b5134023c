/** Whether a graph treats what stands along axis 0 as examples that know nothing of each other: only then may a batch that the file fixes be opened. */
import { GraftError } from "../../core/errors.ts";
import { inferShapes } from "../../graph/shapes.ts";
import type { Graph, GraphNode } from "../../graph/types.ts";

/** Ops whose result has the shape of their inputs broadcast to each other. */
const broadcasting: ReadonlySet<string> = new Set(["add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "modulo", "compare", "select"]);
const overLastAxis: ReadonlySet<string> = new Set(["softmax", "layerNorm", "l2Normalize", "topKIndices"]);

/** @throws GraftError naming the node that mixes examples. `timesOf` says how many times the batch a value's open size is. */
export function expectIndependentExamples(graph: Graph, timesOf: (value: string) => number): void {
  const shapes = inferShapes(graph);
  /** What depends on the input. */
  const examples = new Set(graph.inputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    const read = node.inputs.filter((name) => examples.has(name));
    if (read.length === 0) continue;
    examples.add(node.name);
    const shape = shapes.get(node.name) ?? [];
    const keeps = shape[0] === null && timesOf(node.name) === 1;
    const aligned = !broadcasting.has(node.op) || read.every((name) => shapes.get(name)?.length === shape.length);
    if (!keeps || !aligned || mixes(node, shape.length, examples, (index) => shapes.get(node.inputs[index] ?? "")?.length ?? 0)) {
      throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: "it takes the examples of a batch together", wanted: "a batch of one" });
    }
  }
}

/** Whether the op itself reaches over axis 0. `rank` is that of the result, `rankOf` that of an input. */
function mixes(node: GraphNode, rank: number, examples: ReadonlySet<string>, rankOf: (index: number) => number): boolean {
  const isExamples = (index: number): boolean => examples.has(node.inputs[index] ?? "");
  if (overLastAxis.has(node.op)) return rank < 2 && node.op !== "topKIndices";
  switch (node.op) {
    case "matMul":
      // A matrix on the right serves all that is on the left: its rows or columns are examples.
      return isExamples(1) && rankOf(1) === 2;
    case "concat":
    case "cumulativeSum":
    case "gatherElements":
    case "scatterElements":
      return node.attributes.axis === 0 || node.attributes.axis === -rank;
    case "reverse":
      return node.attributes.axes.some((axis) => axis === 0 || axis === -rank);
    case "gather":
      return isExamples(0) && (node.attributes.axis === 0 || isExamples(1));
    case "gatherNd":
      return isExamples(0) && node.attributes.batchDims === 0;
    case "scatterNd":
      return true;
    case "slice":
      return node.attributes.begin[0] !== 0;
    case "stridedSlice":
      return node.attributes.begin[0] !== 0 || node.attributes.end[0] !== null || node.attributes.strides[0] !== 1;
    case "pad":
      return (node.attributes.paddings[0] ?? [0, 0]).some((size) => size !== 0);
    case "tile":
      return node.attributes.repeats[0] !== 1;
    default:
      return false;
  }
}
