/** What an expansion of an op into TensorFlow nodes is given, and how it asks for what it cannot do without. */
import { GraftError } from "../../core/errors.ts";
import type { DType, Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import type { OpAttributes, OpName } from "../../graph/types.ts";
import type { Emitter } from "./emitter.ts";

export interface Expansion<Op extends OpName> {
  /** Of the node in the graph. */
  readonly name: string;
  readonly attributes: OpAttributes[Op];
  /** As the emitter calls them. */
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  readonly dtypes: readonly DType[];
  readonly emit: Emitter;
}

export type Expand<Op extends OpName> = (node: Expansion<Op>) => void;

/** A size of an input that has to be written into the graph. */
export function known(node: { readonly name: string; readonly shapes: readonly Shape[] }, input: number, axis: number): number {
  const shape = node.shapes[input] ?? [];
  const dim = shape[axis] ?? null;
  if (dim === null) throw new GraftError({ where: `exporting node "${node.name}"`, what: `its input has the shape ${formatShape(shape)}`, wanted: `a fixed size of dimension ${axis}`, next: "Export with a fixed input size." });
  return dim;
}

/** For what TensorFlow.js's executor has no nodes for. */
export function cannotExport(name: string, what: string, next: string): GraftError {
  return new GraftError({ where: `exporting node "${name}"`, what, wanted: "what a TensorFlow.js graph model can compute", next });
}
