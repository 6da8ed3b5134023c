/**
 * Computes ops whose inputs are known, as chains of Shape, StridedSlice and Pack are. By TensorFlow op name; an op that is not
 * here, or whose result cannot be said while the batch is open, is left to convert/.
 */
import type { DType } from "../../core/shape.ts";
import { broadcastShapes } from "../../core/shape.ts";
import { derived, isFoldable, isNumeric, type Known, maxFoldedSize, multiplySizes, product, type Size } from "./known.ts";
import { planSlice } from "./strided-slice.ts";
import { dtypeOf, sliceMasks, type TfNode } from "./tf-nodes.ts";

/** -> one tensor per output, or undefined where it cannot be said. */
type Fold = (inputs: readonly Known[], node: TfNode) => readonly Known[] | undefined;

/** @throws GraftError where the op does not fit its inputs. */
export function fold(node: TfNode, inputs: readonly (Known | undefined)[]): readonly Known[] | undefined {
  const rule = Object.hasOwn(folds, node.op) ? folds[node.op] : undefined;
  const known = inputs.filter((input) => input !== undefined && isFoldable(input)) as Known[];
  if (rule === undefined || known.length < inputs.length) return undefined;
  const results = rule(known, node);
  return results?.every(({ values }) => values.length <= maxFoldedSize) ? results : undefined;
}

export const isFolded = (op: string): boolean => Object.hasOwn(folds, op);

const one = (shape: readonly number[], dtype: DType, values: readonly (Size | undefined)[]): readonly Known[] | undefined =>
  values.includes(undefined) ? undefined : [derived(shape, dtype, values as Size[])];

const numbersOf = ({ values }: Known | undefined = derived([], "int32", [])): readonly number[] | undefined => (isNumeric(values) ? Array.from(values) : undefined);
const numberOf = (known: Known | undefined): number | undefined => numbersOf(known)?.[0];

/** The values of a tensor rearranged: `source` gives, for an index into the result, the index into `x`. */
function rearrange(x: Known, shape: readonly number[], source: (index: readonly number[]) => readonly number[]): readonly Known[] | undefined {
  const size = product(shape);
  if (size > maxFoldedSize) return undefined;
  const index = new Array<number>(shape.length).fill(0);
  const values = Array.from({ length: size }, () => {
    const from = source(index).reduce((flat, place, axis) => flat * (x.shape[axis] ?? 1) + place, 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
    return x.values[from];
  });
  return one(shape, x.dtype, values);
}

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const binary =
  (compute: (a: Size, b: Size) => Size | undefined, result?: DType): Fold =>
  ([a, b]) => {
    if (a === undefined || b === undefined) return undefined;
    const shape = broadcastShapes(a.shape, b.shape) as readonly number[] | null;
    if (shape === null || product(shape) > maxFoldedSize) return undefined;
    const spread = (x: Known): Known | undefined => rearrange(x, shape, (index) => index.slice(shape.length - x.shape.length).map((place, axis) => (x.shape[axis] === 1 ? 0 : place)))?.[0];
    const [left, right] = [spread(a), spread(b)];
    if (left === undefined || right === undefined) return undefined;
    const dtype = a.dtype === "int32" && b.dtype === "int32" ? "int32" : "float32";
    return one(shape, result ?? dtype, Array.from(left.values, (value, i) => rounded(compute(value, right.values[i] as Size), dtype)));
  };

/** In the precision that the executor would have. */
function rounded(value: Size | undefined, dtype: DType): Size | undefined {
  return typeof value === "number" && dtype === "float32" ? Math.fround(value) : value;
}

/** Numbers alone. */
const arithmetic = (compute: (a: number, b: number) => number, result?: DType): Fold =>
  binary((a, b) => (typeof a === "number" && typeof b === "number" ? compute(a, b) : undefined), result);

const relation = (holds: (a: number, b: number) => boolean): Fold => arithmetic((a, b) => Number(holds(a, b)), "int32");

const unary =
  (compute: (a: number) => number): Fold =>
  ([x]) =>
    x && one(x.shape, x.dtype, Array.from(x.values, (value) => (typeof value === "number" ? rounded(compute(value), x.dtype) : undefined)));

const add: Fold = binary((a, b) => {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return typeof a === "number" || typeof b === "number" ? undefined : { times: a.times + b.times };
});

const divide: Fold = ([a, b], node) =>
  binary((x, y) => {
    const exact = a?.dtype === "float32" || b?.dtype === "float32";
    if (typeof x === "number" && typeof y === "number") return exact && node.op !== "FloorDiv" ? x / y : Math.floor(x / y);
    if (typeof x !== "number" && typeof y === "number" && x.times % y === 0) return { times: x.times / y };
    return typeof x !== "number" && typeof y !== "number" && x.times % y.times === 0 ? x.times / y.times : undefined;
  })(a && b ? [a, b] : [], node);

const reduce =
  (start: number, combine: (a: Size, b: Size) => Size | undefined): Fold =>
  ([x, axes], node) => {
    const reduced = numbersOf(axes)?.map((axis) => axisOf(axis, x?.shape.length ?? 0));
    // Shapes are vectors; whatever has more axes is left to the graph.
    if (x === undefined || reduced === undefined || x.shape.length !== 1 || reduced[0] !== 0) return undefined;
    const total = Array.from<Size>(x.values).reduce<Size | undefined>((sum, value) => (sum === undefined ? undefined : combine(sum, value)), start);
    return one(node.attr.boolean("keep_dims", false) ? [1] : [], x.dtype, [total]);
  };

const onNumbers = (combine: (a: number, b: number) => number) => (a: Size, b: Size) => (typeof a === "number" && typeof b === "number" ? combine(a, b) : undefined);

function cast([x]: readonly Known[], node: TfNode): readonly Known[] | undefined {
  if (x === undefined) return undefined;
  const type = node.attr.type("DstT");
  const dtype = dtypeOf(node, "DstT");
  return one(x.shape, dtype, Array.from(x.values, (value) => (typeof value !== "number" || dtype === "float32" ? value : type === "DT_BOOL" ? Number(value !== 0) : Math.trunc(value))));
}

function reshape([x, target]: readonly Known[]): readonly Known[] | undefined {
  const shape = numbersOf(target);
  if (x === undefined || shape === undefined) return undefined;
  const rest = product(shape.filter((dim) => dim !== -1));
  const full = shape.map((dim) => (dim === -1 ? x.values.length / rest : dim));
  return product(full) === x.values.length ? [{ ...x, shape: full, isDerived: true }] : undefined;
}

function squeeze([x]: readonly Known[], node: TfNode): readonly Known[] | undefined {
  const given = node.attr.integers("squeeze_dims");
  return x && [{ ...x, isDerived: true, shape: x.shape.filter((dim, axis) => dim !== 1 || (given.length > 0 && !given.some((each) => axisOf(each, x.shape.length) === axis))) }];
}

function expandDims([x, axis]: readonly Known[]): readonly Known[] | undefined {
  const given = numberOf(axis);
  return x && given !== undefined ? [{ ...x, isDerived: true, shape: x.shape.toSpliced(axisOf(given, x.shape.length + 1), 0, 1) }] : undefined;
}

/** Tensors of one shape side by side, or one after the other, on `axis`. */
function join(tensors: readonly Known[], axis: number): readonly Known[] | undefined {
  const [first] = tensors;
  if (first === undefined) return undefined;
  const along = axisOf(axis, first.shape.length);
  const fits = ({ shape, dtype }: Known): boolean => dtype === first.dtype && shape.length === first.shape.length && shape.every((dim, i) => i === along || dim === first.shape[i]);
  if (along >= first.shape.length || along < 0 || !tensors.every(fits)) return undefined;
  const outer = product(first.shape.slice(0, along));
  const values = Array.from({ length: outer }, (_, row) =>
    tensors.flatMap((tensor) => {
      const length = tensor.values.length / outer;
      return Array.from<Size>(tensor.values).slice(row * length, (row + 1) * length);
    }),
  ).flat();
  return one(first.shape.with(along, tensors.reduce((sum, { shape }) => sum + (shape[along] as number), 0)), first.dtype, values);
}

function pack(tensors: readonly Known[], node: TfNode): readonly Known[] | undefined {
  const given = node.attr.integer("axis", 0);
  const raised = tensors.map((tensor) => ({ ...tensor, shape: tensor.shape.toSpliced(axisOf(given, tensor.shape.length + 1), 0, 1) }));
  return join(raised, given);
}

function concat(inputs: readonly Known[]): readonly Known[] | undefined {
  const axis = numberOf(inputs.at(-1));
  return axis === undefined ? undefined : join(inputs.slice(0, -1), axis);
}

function slice([x, begin, size]: readonly Known[]): readonly Known[] | undefined {
  const [from, count] = [numbersOf(begin), numbersOf(size)];
  if (x === undefined || from?.length !== x.shape.length || count?.length !== x.shape.length) return undefined;
  const shape = x.shape.map((dim, axis) => (count[axis] === -1 ? dim - (from[axis] as number) : (count[axis] as number)));
  if (shape.some((dim, axis) => dim < 0 || (from[axis] as number) < 0 || (from[axis] as number) + dim > (x.shape[axis] as number))) return undefined;
  return rearrange(x, shape, (index) => index.map((place, axis) => place + (from[axis] as number)));
}

function stridedSlice([x, begin, end, strides]: readonly Known[], node: TfNode): readonly Known[] | undefined {
  const [from, to, steps] = [numbersOf(begin), numbersOf(end), numbersOf(strides)];
  if (x === undefined || from === undefined || to === undefined || steps === undefined) return undefined;
  const { windows, shape } = planSlice(x.shape, from, to, steps, sliceMasks(node));
  const taken = rearrange(x, windows.map(({ count }) => count as number), (index) => index.map((place, axis) => (windows[axis]?.begin ?? 0) + place * (windows[axis]?.stride ?? 1)));
  return taken?.map((known) => ({ ...known, shape: shape as readonly number[] }));
}

function unpack([x]: readonly Known[], node: TfNode): readonly Known[] | undefined {
  if (x === undefined) return undefined;
  const axis = axisOf(node.attr.integer("axis", 0), x.shape.length);
  const parts = Array.from({ length: Math.min(x.shape[axis] ?? 0, maxFoldedSize) }, (_, i) => rearrange(x, x.shape.toSpliced(axis, 1), (index) => index.toSpliced(axis, 0, i))?.[0]);
  return parts.includes(undefined) ? undefined : (parts as Known[]);
}

function gather([x, indices, axes]: readonly Known[], node: TfNode): readonly Known[] | undefined {
  const places = numbersOf(indices);
  if (x === undefined || indices === undefined || places === undefined || node.attr.integer("batch_dims", 0) !== 0) return undefined;
  const axis = axisOf(axes === undefined ? 0 : (numberOf(axes) ?? 0), x.shape.length);
  if (axis < 0 || axis >= x.shape.length) return undefined;
  const rank = indices.shape.length;
  return rearrange(x, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], (index) => {
    const flat = index.slice(axis, axis + rank).reduce((sum, place, i) => sum * (indices.shape[i] as number) + place, 0);
    return [...index.slice(0, axis), places[flat] as number, ...index.slice(axis + rank)];
  });
}

function transpose([x, permutation]: readonly Known[]): readonly Known[] | undefined {
  const axes = numbersOf(permutation);
  if (x === undefined || axes === undefined || axes.length !== x.shape.length || new Set(axes).size !== axes.length) return undefined;
  return rearrange(x, axes.map((axis) => x.shape[axis] ?? NaN), (index) => x.shape.map((_, axis) => index[axes.indexOf(axis)] as number));
}

function tile([x, repeats]: readonly Known[]): readonly Known[] | undefined {
  const times = numbersOf(repeats);
  if (x === undefined || times?.length !== x.shape.length) return undefined;
  return rearrange(x, x.shape.map((dim, axis) => dim * (times[axis] as number)), (index) => index.map((place, axis) => place % (x.shape[axis] as number)));
}

function filled(shape: readonly number[] | undefined, dtype: DType, value: Size | undefined): readonly Known[] | undefined {
  if (shape === undefined || value === undefined || !(product(shape) <= maxFoldedSize)) return undefined;
  return one(shape, dtype, new Array<Size>(product(shape)).fill(value));
}

function range(inputs: readonly Known[]): readonly Known[] | undefined {
  const [start, stop, step] = inputs.map(numberOf);
  if (start === undefined || stop === undefined || !step) return undefined;
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= maxFoldedSize)) return undefined;
  return one([count], inputs[0]?.dtype ?? "int32", Array.from({ length: count }, (_, i) => start + i * step));
}

/** Places of what is not 0. */
function where([condition]: readonly Known[]): readonly Known[] | undefined {
  const values = numbersOf(condition);
  if (condition === undefined || values === undefined) return undefined;
  const rows = values.flatMap((value, flat) => {
    if (value === 0) return [];
    let rest = flat;
    return [condition.shape.toReversed().map((dim) => {
      const place = rest % dim;
      rest = Math.floor(rest / dim);
      return place;
    }).toReversed()];
  });
  return one([rows.length, condition.shape.length], "int32", rows.flat());
}

function select([condition, a, b]: readonly Known[]): readonly Known[] | undefined {
  const choices = numbersOf(condition);
  if (choices === undefined || a === undefined || b === undefined || a.shape.join() !== b.shape.join() || (choices.length !== 1 && condition?.shape.join() !== a.shape.join())) return undefined;
  return one(a.shape, a.dtype, Array.from(a.values, (value, i) => (choices[choices.length === 1 ? 0 : i] === 0 ? b.values[i] : value)));
}

const folds: Readonly<Record<string, Fold>> = {
  Add: add,
  AddV2: add,
  Sub: (inputs, node) => binary((a, b) => (typeof b === "number" ? (typeof a === "number" ? a - b : b === 0 ? a : undefined) : typeof a === "number" ? undefined : a.times === b.times ? 0 : { times: a.times - b.times }))(inputs, node),
  Mul: binary(multiplySizes),
  RealDiv: divide,
  Div: divide,
  FloorDiv: divide,
  FloorMod: arithmetic((a, b) => a - Math.floor(a / b) * b),
  Maximum: arithmetic(Math.max),
  Minimum: arithmetic(Math.min),
  Pow: arithmetic(Math.pow),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((x) => 1 / Math.sqrt(x)),
  Equal: relation((a, b) => a === b),
  NotEqual: relation((a, b) => a !== b),
  Greater: relation((a, b) => a > b),
  GreaterEqual: relation((a, b) => a >= b),
  Less: relation((a, b) => a < b),
  LessEqual: relation((a, b) => a <= b),
  LogicalAnd: relation((a, b) => a !== 0 && b !== 0),
  LogicalOr: relation((a, b) => a !== 0 || b !== 0),
  LogicalNot: unary((x) => Number(x === 0)),
  Select: select,
  SelectV2: select,
  Where: where,
  Cast: cast,

  Prod: reduce(1, multiplySizes),
  Sum: reduce(0, onNumbers((a, b) => a + b)),
  Max: reduce(-Infinity, onNumbers(Math.max)),
  Min: reduce(Infinity, onNumbers(Math.min)),

  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Pack: pack,
  ConcatV2: concat,
  Slice: slice,
  StridedSlice: stridedSlice,
  Unpack: unpack,
  Gather: gather,
  GatherV2: gather,
  Transpose: transpose,
  Tile: tile,
  BroadcastTo: ([x, shape]) => (x?.values.length === 1 ? filled(numbersOf(shape), x.dtype, x.values[0]) : undefined),
  Fill: ([shape, value]) => filled(numbersOf(shape), value?.dtype ?? "float32", value?.values[0]),
  ZerosLike: ([x]) => x && filled(x.shape, x.dtype, 0),
  OnesLike: ([x]) => x && filled(x.shape, x.dtype, 1),
  Range: range,
};
