/**
 * Whether the examples of a batch know nothing of each other: only then may a batch that the file fixes be opened. The batch is
 * followed wherever transposes and reshapes take it, also into one axis with others (`[batch * heads, …]`).
 */
import { GraftError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { inferShapes } from "../../graph/shapes.ts";
import { normalizeAxis, product } from "../../graph/shape-checks.ts";
import type { Graph, GraphNode } from "../../graph/types.ts";

/** Where the batch lies in the one open axis: as [outer, batch, inner] made one. */
interface Batch {
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

/** What the other sizes are taken for that the file leaves open: pixels enough for five halvings, tokens within most limits. */
const sampleSize = 128;
/** Ops that work on the last axis. */
const overLastAxis: ReadonlySet<string> = new Set(["softmax", "layerNorm", "rmsNorm", "l2Normalize", "batchNorm"]);
/** Ops whose inputs have the batch in front, and which work on what is behind it. */
const batchInFront: ReadonlySet<string> = new Set(["conv2d", "depthwiseConv2d", "convTranspose2d", "maxPool2d", "averagePool2d", "resize2d", "attention", "rotaryEmbedding", "paddingMask", "positionIds", "addTimingSignal", "maskedMean"]);
/** Ops of one input whose result may have other axes; that it still has an open one says that they left it alone. */
const rearranging: ReadonlySet<string> = new Set(["transpose", "mean", "sum", "max", "min", "product", "argMax", "topKIndices", "oneHot"]);
/** Ops whose second input is a kernel, which all examples share. */
const windows: ReadonlySet<string> = new Set(["conv2d", "depthwiseConv2d", "convTranspose2d"]);

/** @throws GraftError naming the node that mixes examples, or where that cannot be told. */
export function expectSeparateExamples(graph: Graph): void {
  const shapes = inferShapes(graph, Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, shape.map((dim, axis) => (axis === 0 ? dim : (dim ?? sampleSize)))])));
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const batches = new Map<string, Batch>();
  for (const { name } of graph.inputs) if (shapeOf(name).includes(null)) batches.set(name, { axis: 0, outer: 1, inner: 1 });
  for (const node of graph.nodes) {
    const read = node.inputs.filter((name) => batches.has(name));
    if (read.length === 0) continue;
    const axes = [node.name, ...read].map((name) => shapeOf(name).flatMap((dim, axis) => (dim === null ? [axis] : [])));
    const batch = axes.every(({ length }) => length === 1) ? batchAfter(node, (axes[0] as readonly number[])[0] as number, shapeOf, batches) : undefined;
    if (batch === undefined) throw new GraftError({ where: `node "${node.name}" (${node.op})`, what: "it takes the examples of a batch together", wanted: "the batch that the file fixes" });
    batches.set(node.name, batch);
  }
}

/** @param axis the only open one of the result. @returns undefined where examples meet, or may. */
function batchAfter(node: GraphNode, axis: number, shapeOf: (name: string) => Shape, batches: ReadonlyMap<string, Batch>): Batch | undefined {
  const found = node.inputs.map((name) => batches.get(name));
  const given = found.filter((batch) => batch !== undefined);
  const [first] = given as [Batch, ...Batch[]];
  if (node.op === "reshape") return reshaped(first, shapeOf(node.inputs[0] as string), shapeOf(node.name), axis);
  if (given.some(({ outer, inner }) => outer !== first.outer || inner !== first.inner)) return undefined;
  return keepsApart(node, axis, shapeOf, found) ? { ...first, axis } : undefined;
}

/** @param found the batch of each input that has one, all of them laid out alike. */
function keepsApart(node: GraphNode, axis: number, shapeOf: (name: string) => Shape, found: readonly (Batch | undefined)[]): boolean {
  if (rearranging.has(node.op)) return true;
  if (batchInFront.has(node.op)) return axis === 0 && found.every((batch, i) => batch === undefined || (batch.axis === 0 && !(i === 1 && windows.has(node.op))));
  const rank = shapeOf(node.name).length;
  const isAligned = node.inputs.every((name, i) => found[i] === undefined || shapeOf(name).length - found[i].axis === rank - axis);
  const [first, second] = found;
  switch (node.op) {
    case "embedding":
      return first === undefined;
    case "gather":
      return first === undefined || (second === undefined && !reachesOver(node, first.axis, shapeOf));
    case "gatherNd":
      return first === undefined || (axis === 0 && second !== undefined && node.attributes.batchDims > 0);
    case "scatterNd":
      return false;
    case "matMul":
      // A matrix of examples on the right would meet each on the left.
      return first === undefined || second === undefined || (isAligned && axis < rank - 2);
    default:
      return isAligned && !reachesOver(node, axis, shapeOf);
  }
}

/** Reshaping keeps the order: as much stands before the batch as before. */
function reshaped({ axis: from, outer, inner }: Batch, x: Shape, shape: Shape, axis: number): Batch | undefined {
  const known = (dims: Shape): number => product(dims.map((dim) => dim ?? 1));
  const result = { axis, outer: (outer * known(x.slice(0, from))) / known(shape.slice(0, axis)), inner: (inner * known(x.slice(from + 1))) / known(shape.slice(axis + 1)) };
  return Number.isInteger(result.outer) && Number.isInteger(result.inner) ? result : undefined;
}

/** Whether the op's attributes name the axis for something else than all of it as it is. */
function reachesOver(node: GraphNode, axis: number, shapeOf: (name: string) => Shape): boolean {
  const rank = shapeOf(node.inputs[0] as string).length;
  if (overLastAxis.has(node.op)) return axis === rank - 1;
  switch (node.op) {
    case "concat":
    case "cumulativeSum":
    case "gather":
    case "gatherElements":
    case "scatterElements":
      return normalizeAxis(node.attributes.axis, rank) === axis;
    case "reverse":
      return node.attributes.axes.some((each) => normalizeAxis(each, rank) === axis);
    case "slice":
      return node.attributes.begin[axis] !== 0 || node.attributes.size[axis] !== -1;
    case "stridedSlice":
      return node.attributes.begin[axis] !== 0 || node.attributes.end[axis] !== null || node.attributes.strides[axis] !== 1;
    case "pad":
      return (node.attributes.paddings[axis] ?? [0, 0]).some((size) => size !== 0);
    case "tile":
      return node.attributes.repeats[axis] !== 1;
    default:
      return false;
  }
}
