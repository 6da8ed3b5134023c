/** What a converter of one TensorFlow op is, and what most of them start with. */
import type { OpAttributes, OpName } from "../../../graph/types.ts";
import { type Reading, refuse } from "../reading.ts";
import type { TfNode } from "../tf-nodes.ts";

/** Adds to the graph what `node` computes, and binds its outputs. */
export type Convert = (node: TfNode, reading: Reading) => void;

/** Ops without attributes of their own. */
export type PlainOp = { [Op in OpName]: OpAttributes[Op] extends Readonly<Record<string, never>> ? Op : never }[OpName];

export function refuseChannelsFirst(node: TfNode): void {
  const format = node.attr.text("data_format", "NHWC");
  if (format !== "NHWC") throw refuse(node, `its data format is ${format}`, "NHWC, channels last");
}

/** The first number of a known input. */
export function numberAt(node: TfNode, reading: Reading, index: number): number {
  const [value] = reading.numbers(node, index);
  if (value === undefined) throw refuse(node, `its input ${index} has no number`, "one");
  return value;
}

/** An axis counted from the front. */
export function axisOf(node: TfNode, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) throw refuse(node, `axis ${axis} does not exist in ${rank} dimensions`, `-${rank} to ${rank - 1}`);
  return positive;
}
