/** Arithmetic, comparisons and reductions on tensors that are known while reading. A size that is not known (NaN) stays so through all of it. */
import { type HostTensor, commonShape, emptyValues, isFloat, mapTensors, normalizeAxis, product, stridesOf } from "./host-tensor.ts";
import { dataTypes } from "./messages.ts";
import type { Fold } from "./fold.ts";
import type { Reading } from "./reading.ts";

/** Broadcast operands may together be far larger than each: what that takes is asked for before. */
export function combine(reading: Reading, tensors: readonly HostTensor[], elementType: number, f: (...values: number[]) => number): HostTensor {
  reading.claim(product(commonShape(tensors.map(({ shape }) => shape))) * 8 * (tensors.length + 1));
  return mapTensors(tensors, elementType, f);
}

const map =
  (f: (...values: number[]) => number): Fold =>
  (_, inputs, reading) => {
    const [first] = inputs;
    return first && inputs.every((input) => input !== undefined) ? combine(reading, inputs, first.elementType, f) : undefined;
  };

/** Undefined where a size that is not known decides: nothing is known of it but that it is no negative number. */
const compare =
  (relation: (a: number, b: number) => boolean): Fold =>
  (_, [a, b], reading) => {
    if (a === undefined || b === undefined) return undefined;
    const isOpen = (x: HostTensor, y: HostTensor): boolean => x.values.some(Number.isNaN) && y.values.some((value) => !(value < 0));
    if (isOpen(a, b) || isOpen(b, a)) return undefined;
    // Compared with a negative number, any size is as good as another.
    const size = (value: number): number => (Number.isNaN(value) ? 1 : value);
    return combine(reading, [a, b], dataTypes.bool, (x, y) => Number(relation(size(x), size(y))));
  };

const logic =
  (f: (a: boolean, b: boolean) => boolean): Fold =>
  (_, [a, b], reading) =>
    a && b && combine(reading, [a, b], dataTypes.bool, (x, y) => Number(f(x !== 0, y !== 0)));

const fold =
  (start: number, f: (a: number, b: number) => number): Fold =>
  (node, [x, second]) => {
    if (x === undefined) return undefined;
    const given = node.integers("axes") ?? (second && [...second.values]);
    const reduced = new Set((given === undefined || given.length === 0 ? x.shape.map((_, axis) => axis) : given).map((axis) => normalizeAxis(axis, x.shape.length)));
    const kept = x.shape.map((dim, axis) => (reduced.has(axis) ? 1 : dim));
    const values = emptyValues(x.elementType, product(kept)).fill(start);
    const strides = stridesOf(x.shape);
    const to = stridesOf(kept);
    x.values.forEach((value, i) => {
      const at = x.shape.reduce((sum, dim, axis) => sum + (reduced.has(axis) ? 0 : (Math.floor(i / (strides[axis] as number)) % dim) * (to[axis] as number)), 0);
      values[at] = f(values[at] as number, value);
    });
    return { shape: node.integer("keepdims", 1) === 1 ? kept : x.shape.filter((_, axis) => !reduced.has(axis)), elementType: x.elementType, values };
  };

export const foldArithmetic: Readonly<Record<string, Fold>> = {
  Add: map((a, b) => (a) + (b)),
  Sub: map((a, b) => (a) - (b)),
  Mul: map((a, b) => (a) * (b)),
  Div: (node, inputs, reading) => {
    const [a] = inputs;
    return a && map((x, y) => (isFloat(a) ? (x) / (y) : Math.trunc((x) / (y))))(node, inputs, reading);
  },
  Mod: (node, inputs, reading) => {
    const truncated = node.integer("fmod", 0) === 1;
    return map((a, b) => (truncated ? (a) % (b) : (a) - (b) * Math.floor((a) / (b))))(node, inputs, reading);
  },
  Pow: map((a, b) => (a) ** (b)),
  Min: map((...values) => Math.min(...values)),
  Max: map((...values) => Math.max(...values)),
  Neg: map((x) => -(x)),
  Abs: map((x) => Math.abs(x)),
  Sign: map((x) => Math.sign(x)),
  Floor: map((x) => Math.floor(x)),
  Ceil: map((x) => Math.ceil(x)),
  Sqrt: map((x) => Math.sqrt(x)),
  Exp: map((x) => Math.exp(x)),
  Log: map((x) => Math.log(x)),
  Reciprocal: map((x) => 1 / (x)),
  Not: (_, [x]) => x && mapTensors([x], dataTypes.bool, (value) => Number(value === 0)),
  And: logic((a, b) => a && b),
  Or: logic((a, b) => a || b),
  Xor: logic((a, b) => a !== b),
  Equal: compare((a, b) => a === b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  ReduceProd: fold(1, (a, b) => a * b),
  ReduceSum: fold(0, (a, b) => a + b),
  ReduceMax: fold(-Infinity, Math.max),
  ReduceMin: fold(Infinity, Math.min),
};
