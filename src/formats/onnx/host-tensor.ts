/**
 * Tensors that are known while a file is read: weights, axes, sizes. Integers are doubles in which NaN stands for a size that is
 * known only when the graph runs, so that the free batch survives arithmetic on shapes. No TensorFlow.js here.
 */
import { GraftError } from "../../core/errors.ts";
import { broadcastShapes, formatShape } from "../../core/shape.ts";
import { dataTypes } from "./messages.ts";

export type HostValues = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array;

export interface HostTensor {
  readonly shape: readonly number[];
  /** One of `dataTypes`: what the file says, though all floats are float32 here. */
  readonly elementType: number;
  readonly values: HostValues;
}

export const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

const floatTypes: ReadonlySet<number> = new Set([dataTypes.float, dataTypes.double, dataTypes.float16, dataTypes.bfloat16]);

export function isFloatType(elementType: number): boolean {
  return floatTypes.has(elementType);
}

export function isFloat({ elementType }: HostTensor): boolean {
  return isFloatType(elementType);
}

export function integers(values: readonly number[], shape: readonly number[] = [values.length]): HostTensor {
  return { shape, elementType: dataTypes.int64, values: Float64Array.from(values) };
}

/** Room for `count` elements of the type. */
export function emptyValues(elementType: number, count: number): Float32Array | Float64Array {
  return isFloatType(elementType) ? new Float32Array(count) : new Float64Array(count);
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of shape.toReversed()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

/** Calls `visit` with every position of a walk through `shape` with these strides, in row-major order. */
export function walk(shape: readonly number[], strides: readonly number[], offset: number, visit: (position: number, index: number) => void): void {
  const rank = shape.length;
  const total = product(shape);
  const counters = new Array<number>(rank).fill(0);
  let position = offset;
  for (let index = 0; index < total; index++) {
    visit(position, index);
    for (let axis = rank - 1; axis >= 0; axis--) {
      position += strides[axis] as number;
      if (++(counters[axis] as number) < (shape[axis] as number)) break;
      position -= (strides[axis] as number) * (shape[axis] as number);
      counters[axis] = 0;
    }
  }
}

/** A copy of what a walk meets, of the same kind of array. */
export function strided(tensor: HostTensor, shape: readonly number[], strides: readonly number[], offset = 0): HostTensor {
  const from = tensor.values;
  const to = new (from.constructor as new (length: number) => HostValues)(product(shape));
  walk(shape, strides, offset, (position, index) => {
    to[index] = from[position] as number;
  });
  return { shape, elementType: tensor.elementType, values: to };
}

export function permute(tensor: HostTensor, permutation: readonly number[]): HostTensor {
  const strides = stridesOf(tensor.shape);
  return strided(tensor, permutation.map((axis) => tensor.shape[axis] as number), permutation.map((axis) => strides[axis] as number));
}

export function broadcastTo(tensor: HostTensor, shape: readonly number[]): HostTensor {
  const missing = shape.length - tensor.shape.length;
  const own = stridesOf(tensor.shape);
  const strides = shape.map((_, axis) => (axis < missing || tensor.shape[axis - missing] === 1 ? 0 : (own[axis - missing] as number)));
  return strided(tensor, shape, strides);
}

/** The shape that all of them have together. */
export function commonShape(shapes: readonly (readonly number[])[]): readonly number[] {
  return shapes.reduce((a, b) => {
    const shape = broadcastShapes(a, b);
    if (shape === null) throw new GraftError({ what: `${formatShape(a)} and ${formatShape(b)} cannot be broadcast to one shape` });
    return shape as readonly number[];
  }, []);
}

/** Element by element, with broadcasting. */
export function mapTensors(tensors: readonly HostTensor[], elementType: number, f: (...values: number[]) => number): HostTensor {
  const shape = commonShape(tensors.map((tensor) => tensor.shape));
  const sources = tensors.map((tensor) => (product(tensor.shape) === product(shape) ? tensor : broadcastTo(tensor, shape)).values);
  const values = emptyValues(elementType, product(shape));
  for (let i = 0; i < values.length; i++) values[i] = f(...sources.map((source) => source[i] as number));
  return { shape, elementType, values };
}

export function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= Math.max(rank, 1)) throw new GraftError({ what: `axis ${axis} does not exist in ${rank} dimensions` });
  return positive;
}
