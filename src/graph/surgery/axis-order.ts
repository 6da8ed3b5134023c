/** Which ops give the same values whatever order the axes of their first input are in, and what their attributes are in another order. */
import type { GraphNode, OpName } from "../types.ts";
import type { Permutation } from "./permutations.ts";

/** Each element for itself, operands broadcast. */
export const elementwiseOps: ReadonlySet<OpName> = new Set<OpName>([
  "add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "modulo", "compare", "select",
  "relu", "relu6", "leakyRelu", "elu", "sigmoid", "hardSigmoid", "tanh", "silu", "gelu", "softplus", "exp", "sqrt", "square", "negate",
  "abs", "sign", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "erf", "floor", "ceil", "round",
  "fakeQuantize", "cast", "dropout",
]);

interface Pushed {
  readonly attributes: unknown;
  /** What is left to do to the result. */
  readonly order: Permutation;
}

/** What was given for each axis, for the axes before `order`. */
function placed<T>(values: readonly T[], order: Permutation): T[] {
  const result = new Array<T>(values.length);
  values.forEach((value, i) => {
    result[order[i] as number] = value;
  });
  return result;
}

/** The axes that are left when some are taken away, counted anew. */
function without(order: Permutation, gone: ReadonlySet<number>): Permutation {
  const kept = order.filter((axis) => !gone.has(axis));
  const sorted = kept.toSorted((a, b) => a - b);
  return kept.map((axis) => sorted.indexOf(axis));
}

/** `node` on its first input before `order`. -> undefined where its result depends on the order. */
export function pushThrough(node: GraphNode, order: Permutation): Pushed | undefined {
  const rank = order.length;
  const axisBefore = (axis: number): number => order[axis < 0 ? axis + rank : axis] as number;
  switch (node.op) {
    case "mean":
    case "sum":
    case "max":
    case "min":
    case "product": {
      const axes = node.attributes.axes.map(axisBefore);
      return { attributes: { ...node.attributes, axes: axes.toSorted((a, b) => a - b) }, order: node.attributes.keepDims ? order : without(order, new Set(axes)) };
    }
    case "argMax": {
      const axis = axisBefore(node.attributes.axis);
      return { attributes: { ...node.attributes, axis }, order: node.attributes.keepDims ? order : without(order, new Set([axis])) };
    }
    case "cumulativeSum":
      return { attributes: { ...node.attributes, axis: axisBefore(node.attributes.axis) }, order };
    case "slice":
      return { attributes: { begin: placed(node.attributes.begin, order), size: placed(node.attributes.size, order) }, order };
    case "stridedSlice":
      return { attributes: { begin: placed(node.attributes.begin, order), end: placed(node.attributes.end, order), strides: placed(node.attributes.strides, order) }, order };
    case "pad":
      return { attributes: { ...node.attributes, paddings: placed(node.attributes.paddings, order) }, order };
    case "reverse":
      return { attributes: { axes: node.attributes.axes.map(axisBefore) }, order };
    case "tile":
      return { attributes: { repeats: placed(node.attributes.repeats, order) }, order };
    case "softmax":
    case "l2Normalize":
    case "layerNorm":
    case "rmsNorm":
    case "batchNorm":
      // They know the last axis alone.
      return order[rank - 1] === rank - 1 ? { attributes: node.attributes, order } : undefined;
    default:
      return undefined;
  }
}
