/** What an op's expansion into ONNX is given, and what several of them share. */
import type { DType, Shape } from "../../core/shape.ts";
import type { OpAttributes, OpName } from "../../graph/types.ts";
import { dataTypeOf, type Attributes, type Emitter } from "./emitter.ts";

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

type Node = Pick<Expansion<OpName>, "name" | "inputs" | "shapes" | "dtypes" | "emit">;

/** An op with a counterpart of the same meaning. */
export const direct =
  (opType: string, attributes: Attributes = {}): Expand<OpName> =>
  ({ emit, name, inputs }) =>
    emit.result(name, opType, inputs, attributes);

export function castTo(emit: Emitter, owner: string, x: string, dtype: DType): string {
  return emit.step(owner, "Cast", [x], { to: dataTypeOf(dtype) });
}

/** Integers beside floats become floats; ONNX mixes no types. */
export function alike({ emit, name, inputs, dtypes }: Node): readonly string[] {
  const mixed = new Set(dtypes).size > 1;
  return inputs.map((input, i) => (mixed && dtypes[i] === "int32" ? castTo(emit, name, input, "float32") : input));
}

/** A function that has floats, whatever it is of. */
export const ofFloats =
  (opType: string): Expand<OpName> =>
  ({ emit, name, inputs, dtypes }) =>
    emit.result(name, opType, inputs.map((input, i) => (dtypes[i] === "int32" ? castTo(emit, name, input, "float32") : input)));

export const binary =
  (opType: string): Expand<OpName> =>
  (node) =>
    node.emit.result(node.name, opType, alike(node));

/** Reductions have had their axes as an input since different versions. */
export function reduce(emit: Emitter, opType: string, x: string, axes: readonly number[], keepDims: boolean): readonly [string, readonly string[], Attributes] {
  const byInput = opType === "ReduceSum" || emit.opset >= 18;
  return [opType, byInput ? [x, emit.ints(axes)] : [x], { keepdims: keepDims ? 1 : 0, ...(byInput ? {} : { axes }) }];
}

/** The mean over the last axis, which stays. */
export function meanOfLast(emit: Emitter, owner: string, x: string): string {
  return emit.step(owner, ...reduce(emit, "ReduceMean", x, [-1], true));
}

/** A size as an int64 scalar, taken as the model runs where it is not known. */
export function sizeOf({ name, inputs, shapes, emit }: Node, input: number, axis: number): string {
  const known = shapes[input]?.[axis] ?? null;
  if (known !== null) return emit.int(known);
  return emit.step(name, "Gather", [emit.step(name, "Shape", [inputs[input] as string]), emit.int(axis)]);
}

/** The same in a list of one. */
export function listedSizeOf(node: Node, input: number, axis: number): string {
  const known = node.shapes[input]?.[axis] ?? null;
  if (known !== null) return node.emit.ints([known]);
  return node.emit.step(node.name, "Gather", [node.emit.step(node.name, "Shape", [node.inputs[input] as string]), node.emit.ints([axis])]);
}
