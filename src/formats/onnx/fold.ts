/**
 * ONNX ops on tensors that are known while reading: the arithmetic on shapes that exporters write, and weights that are only
 * turned, reshaped or dequantised. Arithmetic on weights is not done here, so that each stays a parameter of its own.
 */
import { combine, foldArithmetic } from "./fold-arithmetic.ts";
import { broadcastTo, commonShape, emptyValues, type HostTensor, integers, isFloat, isFloatType, normalizeAxis, permute, product, strided, stridesOf } from "./host-tensor.ts";
import { dataTypes } from "./messages.ts";
import { isAnonymous } from "./names.ts";
import type { OnnxNode } from "./node.ts";
import { resolveReshape } from "./reshape.ts";
import type { Reading } from "./reading.ts";
import { sliceRanges } from "./slices.ts";

export type Fold = (node: OnnxNode, inputs: readonly HostTensor[], reading: Reading) => HostTensor | readonly HostTensor[] | undefined;

const withShape = (tensor: HostTensor, shape: readonly number[]): HostTensor => ({ ...tensor, shape });

/** Room is asked for before it is taken: a damaged file may want any amount. */
function wanted(reading: Reading, shape: readonly number[]): readonly number[] {
  reading.claim(product(shape) * 8);
  return shape;
}

/** Turned, reshaped, converted: what stays the same weight. */
const movements: Readonly<Record<string, Fold>> = {
  Identity: (_, [x]) => x,
  Cast: (node, [x]) => x && cast(x, node.integer("to", dataTypes.float)),
  CastLike: (_, [x, like]) => x && like && cast(x, like.elementType),
  Transpose: (node, [x]) => x && permute(x, node.integers("perm") ?? x.shape.map((_, axis) => x.shape.length - 1 - axis)),
  Reshape: (node, [x, target]) => {
    const shape = target === undefined ? node.integers("shape") : [...target.values];
    if (x === undefined || shape === undefined || shape.some(Number.isNaN)) return undefined;
    return withShape(x, resolveReshape(node, x.shape, shape, null) as readonly number[]);
  },
  Flatten: (node, [x]) => {
    if (x === undefined) return undefined;
    const axis = node.integer("axis", 1);
    const at = axis < 0 ? axis + x.shape.length : axis;
    return withShape(x, [product(x.shape.slice(0, at)), product(x.shape.slice(at))]);
  },
  Squeeze: (node, [x, second]) => {
    if (x === undefined) return undefined;
    const axes = node.integers("axes") ?? (second && [...second.values]);
    const gone = new Set(axes?.map((axis) => normalizeAxis(axis, x.shape.length)) ?? x.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
    return withShape(x, x.shape.filter((_, axis) => !gone.has(axis)));
  },
  Unsqueeze: (node, [x, second]) => {
    const axes = node.integers("axes") ?? (second && [...second.values]);
    return x && axes && withShape(x, unsqueezed<number>(x.shape, axes));
  },
  DequantizeLinear: (node, [x, scale, zero]) => x && scale && dequantize(node, x, scale, zero),
};

/** The shape with new axes of size 1, counted in the result. */
export function unsqueezed<Dim>(shape: readonly Dim[], axes: readonly number[]): readonly (Dim | 1)[] {
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() as Dim)));
}

export function cast(x: HostTensor, to: number): HostTensor {
  if (x.elementType === to) return x;
  if (isFloatType(to)) return { ...x, elementType: to, values: x.values instanceof Float32Array ? x.values : Float32Array.from(x.values) };
  const convert = to === dataTypes.bool ? (value: number): number => Number(value !== 0) : Math.trunc;
  return { ...x, elementType: to, values: isFloat(x) || to === dataTypes.bool ? Float64Array.from(x.values, convert) : x.values };
}

/** One scale, one for each index of `axis`, or one for each block of it. */
function dequantize(node: OnnxNode, x: HostTensor, scale: HostTensor, zero: HostTensor | undefined): HostTensor | undefined {
  const values = new Float32Array(x.values.length);
  const axis = scale.values.length === 1 && scale.shape.length < 2 ? -1 : normalizeAxis(node.integer("axis", 1), x.shape.length);
  const block = node.integer("block_size", 0);
  const strides = stridesOf(x.shape);
  const scaleStrides = stridesOf(scale.shape);
  for (let i = 0; i < values.length; i++) {
    let at = 0;
    if (axis >= 0 && scale.shape.length === 1) at = Math.floor(i / (strides[axis] as number)) % (x.shape[axis] as number);
    else if (axis >= 0) {
      at = x.shape.reduce((sum, dim, each) => {
        const index = Math.floor(i / (strides[each] as number)) % dim;
        return sum + (each === axis && block > 0 ? Math.floor(index / block) : index) * (scaleStrides[each] as number);
      }, 0);
    }
    values[i] = ((x.values[i] as number) - (zero?.values[at] ?? 0)) * (scale.values[at] as number);
  }
  return { shape: x.shape, elementType: dataTypes.float, values };
}

/** For shapes and constants only. */
const computations: Readonly<Record<string, Fold>> = {
  ...foldArithmetic,
  Concat: (node, inputs) => {
    const [first] = inputs;
    if (first === undefined || inputs.some((input) => input === undefined)) return undefined;
    const axis = normalizeAxis(node.integer("axis", 1), first.shape.length);
    const dims = inputs.map((input) => input.shape[axis] as number);
    const shape = first.shape.with(axis, dims.reduce((a, b) => a + b, 0));
    const inner = product(shape.slice(axis + 1));
    const values = emptyValues(first.elementType, product(shape));
    let at = 0;
    for (let outer = 0; outer < product(shape.slice(0, axis)); outer++) {
      inputs.forEach(({ values: from }, i) => {
        const run = (dims[i] as number) * inner;
        for (let j = 0; j < run; j++) values[at++] = from[outer * run + j] as number;
      });
    }
    return { shape, elementType: first.elementType, values };
  },
  Gather: (node, [x, indices], reading) => {
    if (x === undefined || indices === undefined) return undefined;
    const axis = normalizeAxis(node.integer("axis", 0), x.shape.length);
    const size = x.shape[axis] as number;
    const inner = product(x.shape.slice(axis + 1));
    const shape = wanted(reading, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
    const values = emptyValues(x.elementType, product(shape));
    let at = 0;
    for (let outer = 0; outer < product(x.shape.slice(0, axis)); outer++) {
      for (const index of indices.values) {
        const from = (outer * size + normalizeAxis(index, size)) * inner;
        for (let j = 0; j < inner; j++) values[at++] = x.values[from + j] as number;
      }
    }
    return { shape, elementType: x.elementType, values };
  },
  Slice: (node, [x, ...rest]) => {
    if (x === undefined || rest.some((each) => each?.values.some(Number.isNaN))) return undefined;
    const ranges = sliceRanges(node, x.shape, rest.map((each) => each && [...each.values]));
    const strides = stridesOf(x.shape);
    const offset = ranges.reduce((sum, { start }, axis) => sum + start * (strides[axis] as number), 0);
    return strided(x, ranges.map(({ count }) => count as number), ranges.map(({ step }, axis) => step * (strides[axis] as number)), offset);
  },
  Split: (node, [x, sizes]) => {
    if (x === undefined || sizes?.values.some(Number.isNaN) === true) return undefined;
    const axis = normalizeAxis(node.integer("axis", 0), x.shape.length);
    const size = x.shape[axis] as number;
    const parts = node.integers("split") ?? (sizes && [...sizes.values]) ?? equalParts(size, node.outputs.length);
    const strides = stridesOf(x.shape);
    let start = 0;
    return parts.map((part) => {
      const offset = start * (strides[axis] as number);
      start += part;
      return strided(x, x.shape.with(axis, part), strides, offset);
    });
  },
  Expand: (_, [x, target], reading) => (x && target && !target.values.some(Number.isNaN) ? broadcastTo(x, wanted(reading, commonShape([x.shape, [...target.values]]))) : undefined),
  Tile: (_, [x, repeats], reading) => {
    if (x === undefined || repeats === undefined || repeats.values.some(Number.isNaN)) return undefined;
    const shape = wanted(reading, x.shape.map((dim, axis) => dim * (repeats.values[axis] ?? 1)));
    const strides = stridesOf(x.shape);
    // An axis that is repeated is walked again and again: [repeats, size] with stride 0 on the first.
    return withShape(strided(x, x.shape.flatMap((dim, axis) => [repeats.values[axis] ?? 1, dim]), strides.flatMap((stride) => [0, stride])), shape);
  },
  Range: (_, [start, limit, delta], reading) => {
    const [a, b, step] = [start?.values[0], limit?.values[0], delta?.values[0]];
    if (start === undefined || a === undefined || b === undefined || step === undefined || [a, b, step].some(Number.isNaN)) return undefined;
    const [count = 0] = wanted(reading, [Math.max(0, Math.ceil((b - a) / step))]);
    const values = emptyValues(start.elementType, count);
    for (let i = 0; i < count; i++) values[i] = a + i * step;
    return { shape: [count], elementType: start.elementType, values };
  },
  ConstantOfShape: (node, [target], reading) => {
    if (target === undefined || target.values.some(Number.isNaN)) return undefined;
    const shape = wanted(reading, [...target.values]);
    const value = node.tensor("value");
    const filler = value === undefined ? undefined : reading.tensorOf(value);
    const elementType = filler?.elementType ?? dataTypes.float;
    return { shape, elementType, values: emptyValues(elementType, product(shape)).fill(filler?.values[0] ?? 0) };
  },
  Trilu: (node, [x, offset]) => {
    if (x === undefined) return undefined;
    const [rows, columns] = [x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1];
    if (offset?.values.some(Number.isNaN) === true) return undefined;
    const [k = 0, upper] = [offset?.values[0], node.integer("upper", 1) === 1];
    const values = emptyValues(x.elementType, x.values.length);
    for (let i = 0; i < values.length; i++) {
      const distance = (i % columns) - (Math.floor(i / columns) % rows);
      values[i] = (upper ? distance >= k : distance <= k) ? (x.values[i] as number) : 0;
    }
    return { ...x, values };
  },
  EyeLike: (node, [x]) => {
    if (x === undefined) return undefined;
    const elementType = node.integer("dtype", x.elementType);
    const [, columns = 1] = x.shape;
    const k = node.integer("k", 0);
    const values = emptyValues(elementType, x.values.length);
    for (let i = 0; i < values.length; i++) values[i] = Number((i % columns) - Math.floor(i / columns) === k);
    return { shape: x.shape, elementType, values };
  },
  NonZero: (_, [x]) => {
    if (x === undefined) return undefined;
    const strides = stridesOf(x.shape);
    const found = [...x.values.keys()].filter((i) => x.values[i] !== 0);
    return integers(strides.flatMap((stride, axis) => found.map((i) => Math.floor(i / stride) % (x.shape[axis] as number))), [x.shape.length, found.length]);
  },
  Size: (_, [x]) => x && integers([product(x.shape)], []),
  Where: (_, [condition, a, b], reading) => condition && a && b && combine(reading, [condition, a, b], a.elementType, (which, yes, no) => (which === 0 ? no : yes)),
  ScatterND: (_, [x, indices, updates]) => {
    if (x === undefined || indices === undefined || updates === undefined) return undefined;
    const values = emptyValues(x.elementType, x.values.length);
    values.set(x.values);
    const depth = indices.shape.at(-1) ?? 1;
    const strides = stridesOf(x.shape);
    const run = product(x.shape.slice(depth));
    for (let i = 0; i < indices.values.length / depth; i++) {
      let at = 0;
      for (let axis = 0; axis < depth; axis++) at += normalizeAxis(indices.values[i * depth + axis] as number, x.shape[axis] as number) * (strides[axis] as number);
      for (let j = 0; j < run; j++) values[at + j] = updates.values[i * run + j] as number;
    }
    return { ...x, values };
  },
  CumSum: (node, [x, axes]) => {
    const [only = 0] = axes?.values ?? [];
    // Positions counted over a mask are one row.
    if (x === undefined || x.shape.length !== 1 || only > 0) return undefined;
    const [exclusive, reverse] = [node.integer("exclusive", 0) === 1, node.integer("reverse", 0) === 1];
    const values = emptyValues(x.elementType, x.values.length);
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const at = reverse ? values.length - 1 - i : i;
      const next = sum + (x.values[at] as number);
      values[at] = exclusive ? sum : next;
      sum = next;
    }
    return { ...x, values };
  },
};

/** The last part is smaller where the size cannot be divided. */
export function equalParts(size: number, count: number): readonly number[] {
  const part = Math.ceil(size / Math.max(1, count));
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, size - i * part)));
}

/** Does `node` now, if all that it needs is known. @returns whether it did. */
export function foldNode(node: OnnxNode, reading: Reading): boolean {
  const given = node.inputs.map((name) => (name === "" ? undefined : reading.knownOf(name)));
  if (given.length === 0 || node.inputs.some((name, i) => name !== "" && given[i] === undefined)) return false;
  const inputs = given.map((each) => each?.tensor) as HostTensor[];
  const [first] = given;
  const isMovement = Object.hasOwn(movements, node.opType);
  const isWeight = first?.weight !== undefined && first.tensor.shape.length > 0 && isFloat(first.tensor);
  // Bytes are weights that wait for their scale; other integers are none.
  const weight = isWeight || (first !== undefined && isMovement && first.tensor.values.BYTES_PER_ELEMENT === 1) ? first.weight : undefined;
  // A weight that others read too is turned in the graph, so that it stays one weight.
  if (isWeight && !(isMovement && (node.opType === "Identity" || reading.readersOf(node.inputs[0] as string) === 1))) return false;
  if (given.some((each, i) => i > 0 && each?.weight !== undefined && (inputs[i] as HostTensor).shape.length > 0 && isFloat(inputs[i] as HostTensor) && !isMovement)) return false;
  const fold = isMovement ? movements[node.opType] : Object.hasOwn(computations, node.opType) ? computations[node.opType] : undefined;
  if (fold === undefined) return false;
  if (!isMovement) reading.claim(inputs.reduce((sum, input) => Math.max(sum, input?.values.length ?? 0), 0) * 8);
  const results = fold(node, inputs, reading);
  if (results === undefined) return false;
  (Array.isArray(results) ? (results as readonly HostTensor[]) : [results as HostTensor]).forEach((tensor, index) => reading.bindKnown(node, index, { tensor, weight: weight !== undefined && node.opType === "Identity" ? ownName(weight, node.outputs[0] as string) : weight }));
  return true;
}

/** Weights that are equal are stored once, and get their names back from identities. */
function ownName(weight: string, output: string): string {
  return isAnonymous(output) ? weight : output;
}

export const foldedOps: readonly string[] = [...Object.keys(movements), ...Object.keys(computations)];
