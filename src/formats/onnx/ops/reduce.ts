/** Reductions over axes, which are an attribute in older opsets and an input in newer ones; and running sums. */
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { normalizeAxis } from "../host-tensor.ts";
import type { Convert, Converters } from "./types.ts";
import { axesUpTo, axisOf, onLastAxis, reshapeTo } from "./types.ts";

interface Over {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const reduction =
  (compute: (r: Reading, x: string, over: Over) => string): Convert =>
  (node, r) => {
    const x = r.operand(node, 0);
    const rank = r.rankOf(x);
    const given = r.axes(node, "axes", 1) ?? [];
    // Nothing is summed, but what else the op does (a square, a logarithm) it does to each number.
    if (given.length === 0 && node.integer("noop_with_empty_axes", 0) === 1) return compute(r, reshapeTo(node, r, x, [...r.shapeOf(x), 1]), { axes: [rank], keepDims: false });
    const axes = given.length === 0 ? axesUpTo(rank) : given.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
    return compute(r, x, { axes, keepDims: node.integer("keepdims", 1) === 1 });
  };

/** Of integers, the fraction is dropped. */
function mean(r: Reading, x: string, over: Over): string {
  if (r.dtypeOf(x) === "float32") return r.add("mean", [x], over);
  return r.add("cast", [r.add("mean", [r.add("cast", [x], { dtype: "float32" })], over)], { dtype: "int32" });
}

function logSumExp(r: Reading, x: string, over: Over): string {
  const largest = r.add("max", [x], { ...over, keepDims: true });
  const sum = r.add("sum", [r.add("exp", [r.add("subtract", [x, largest], {})], {})], over);
  return r.add("add", [r.add("log", [sum], {}), r.add("max", [x], over)], {});
}

/** The last of equal ones is the first of the reversed. */
const arg =
  (of: "max" | "min"): Convert =>
  (node, r) => {
    const x = r.operand(node, 0);
    const axis = axisOf(node, "axis", 0, r.rankOf(x));
    const keepDims = node.integer("keepdims", 1) === 1;
    if (node.integer("select_last_index", 0) === 0) return r.add("argMax", [x], { axis, keepDims, of });
    const size = r.shapeOf(x)[axis];
    if (size === null || size === undefined) throw node.refuse("it looks for the last of a size that is not known", "a fixed size");
    const found = r.add("argMax", [r.add("reverse", [x], { axes: [axis] })], { axis, keepDims, of });
    return r.add("subtract", [r.constant(size - 1, { dtype: "int32" }), found], {});
  };

function topK(node: OnnxNode, r: Reading): void {
  const x = r.operand(node, 0);
  const rank = r.rankOf(x);
  const axis = axisOf(node, "axis", -1, rank);
  const k = node.has("k") ? node.integer("k", 1) : (r.numbers(node, 1)[0] ?? 1);
  if (Number.isNaN(k)) throw node.refuse("how many it takes is not known", "a fixed number");
  const indices = onLastAxis(r, x, axis, (last) => r.add("topKIndices", [last], { k, largest: node.integer("largest", 1) === 1 }));
  r.bind(node, 0, r.add("gatherElements", [x, indices], { axis }));
  r.bind(node, 1, indices);
}

export const reductions: Converters = {
  ReduceSum: reduction((r, x, over) => r.add("sum", [x], over)),
  ReduceMean: reduction(mean),
  ReduceMax: reduction((r, x, over) => r.add("max", [x], over)),
  ReduceMin: reduction((r, x, over) => r.add("min", [x], over)),
  ReduceProd: reduction((r, x, over) => r.add("product", [x], over)),
  ReduceL1: reduction((r, x, over) => r.add("sum", [r.add("abs", [x], {})], over)),
  ReduceL2: reduction((r, x, over) => r.add("sqrt", [r.add("sum", [r.add("square", [x], {})], over)], {})),
  ReduceSumSquare: reduction((r, x, over) => r.add("sum", [r.add("square", [x], {})], over)),
  ReduceLogSum: reduction((r, x, over) => r.add("log", [r.add("sum", [x], over)], {})),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: arg("max"),
  ArgMin: arg("min"),
  TopK: topK,
  CumSum: (node, r) => {
    const x = r.operand(node, 0);
    const [axis = 0] = r.numbers(node, 1);
    return r.add("cumulativeSum", [x], { axis: normalizeAxis(axis, r.rankOf(x)), exclusive: node.integer("exclusive", 0) === 1, reverse: node.integer("reverse", 0) === 1 });
  },
};

/** Mean and variance over `axes`, kept as size 1. */
export function moments(r: Reading, x: string, axes: readonly number[]): { readonly centred: string; readonly mean: string; readonly variance: string } {
  const average = r.add("mean", [x], { axes, keepDims: true });
  const centred = r.add("subtract", [x, average], {});
  return { centred, mean: average, variance: r.add("mean", [r.add("square", [centred], {})], { axes, keepDims: true }) };
}

/** (x - mean) / sqrt(variance + epsilon) */
export function standardised(r: Reading, x: string, axes: readonly number[], epsilon: number): string {
  const { centred, variance } = moments(r, x, axes);
  return r.add("divide", [centred, r.add("sqrt", [r.add("add", [variance, r.constant(epsilon)], {})], {})], {});
}

