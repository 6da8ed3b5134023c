/** What a converter is, and the small compositions that several of them share. */
import type { Dim, Shape } from "../../../core/shape.ts";
import type { OpAttributes, OpName } from "../../../graph/types.ts";
import { normalizeAxis } from "../host-tensor.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";

/** Adds to the graph what `node` is. -> the value of its first output, if it did not bind its outputs itself. */
export type Convert = (node: OnnxNode, r: Reading) => string | void;
export type Converters = Readonly<Record<string, Convert>>;

/** Ops without attributes of their own. */
export type PlainOp = { [Op in OpName]: OpAttributes[Op] extends Readonly<Record<string, never>> ? Op : never }[OpName];

export const axisOf = (node: OnnxNode, name: string, fallback: number, rank: number): number => normalizeAxis(node.integer(name, fallback), rank);

/** [0, 1, …] */
export const axesUpTo = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** A reshape with one unknown size at most. */
export function reshapeTo(node: OnnxNode, r: Reading, x: string, shape: Shape): string {
  const from = r.shapeOf(x);
  if (from.length === shape.length && from.every((dim, axis) => dim === shape[axis]) && from.filter((dim) => dim === null).length <= 1) return x;
  if (shape.filter((dim) => dim === null).length > 1) {
    throw node.refuse(`it makes a shape with several sizes that depend on the input`, "only the batch to be free", "Export the model with fixed sizes, or give the sizes.");
  }
  return r.add("reshape", [x], { shape: shape.map((dim) => dim ?? -1) });
}

export function transpose(r: Reading, x: string, permutation: readonly number[]): string {
  return permutation.every((axis, i) => axis === i) ? x : r.add("transpose", [x], { permutation });
}

/** [batch, channels, …] -> [batch, …, channels] */
export function toChannelsLast(r: Reading, x: string): string {
  const rank = r.rankOf(x);
  return rank < 3 ? x : transpose(r, x, [0, ...axesUpTo(rank).slice(2), 1]);
}

/** [batch, …, channels] -> [batch, channels, …] */
export function toChannelsFirst(r: Reading, x: string): string {
  const rank = r.rankOf(x);
  return rank < 3 ? x : transpose(r, x, [0, rank - 1, ...axesUpTo(rank - 1).slice(1)]);
}

/** Runs `compute` with `axis` as the last one. */
export function onLastAxis(r: Reading, x: string, axis: number, compute: (x: string) => string): string {
  const rank = r.rankOf(x);
  if (axis === rank - 1) return compute(x);
  const permutation = [...axesUpTo(rank).filter((each) => each !== axis), axis];
  const inverse = axesUpTo(rank).map((each) => permutation.indexOf(each));
  return transpose(r, compute(transpose(r, x, permutation)), inverse);
}

export function requireKnown(node: OnnxNode, dim: Dim | undefined, what: string): number {
  if (dim === null || dim === undefined) throw node.refuse(`${what} is not known`, "a fixed size", "Export the model with fixed sizes, or give the sizes.");
  return dim;
}

/** A float scalar that x is combined with. */
export const scalar = (r: Reading, op: "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum" | "power", x: string, value: number): string => r.add(op, [x, r.constant(value, { dtype: r.dtypeOf(x) })], {});
