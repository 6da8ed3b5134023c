/** Shapes and the arrangement of elements. Indexing with tensors (Gather, Scatter, OneHot) is in indexing.ts. */
import type { Dim } from "../../../core/shape.ts";
import { equalParts, unsqueezed } from "../fold.ts";
import { integers, isFloatType, normalizeAxis, type HostTensor } from "../host-tensor.ts";
import { dataTypes } from "../messages.ts";
import type { OnnxNode } from "../node.ts";
import { requireOpenSize, widen } from "../open-sizes.ts";
import type { Reading } from "../reading.ts";
import { resolveReshape } from "../reshape.ts";
import { type SliceRange, sliceRanges } from "../slices.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, axisOf, requireKnown, reshapeTo, transpose } from "./types.ts";

const dimOf = (dim: Dim): number => dim ?? NaN;

/** Sizes are known while reading; those that are not stay open through the arithmetic that follows. */
function shape(node: OnnxNode, r: Reading): void {
  const name = node.inputs[0] ?? "";
  const dims = r.knownOf(name)?.tensor.shape ?? r.shapeOf(r.valueOf(name)).map(dimOf);
  const [start, end] = [node.integer("start", 0), node.integer("end", dims.length)];
  r.bindKnown(node, 0, { tensor: integers(dims.slice(start, end)) });
}

function constant(node: OnnxNode, r: Reading): void {
  const tensor = node.tensor("value");
  const floats = node.has("value_float") ? [node.float("value_float", 0)] : node.floats("value_floats");
  const ints = node.has("value_int") ? [node.integer("value_int", 0)] : node.integers("value_ints");
  const isScalar = node.has("value_float") || node.has("value_int");
  let known: HostTensor;
  if (tensor !== undefined) known = r.tensorOf(tensor);
  else if (floats !== undefined) known = { shape: isScalar ? [] : [floats.length], elementType: dataTypes.float, values: Float32Array.from(floats) };
  else if (ints !== undefined) known = integers(ints, isScalar ? [] : [ints.length]);
  else throw node.refuse("it is a constant of texts or of a sparse kind", "numbers");
  // Some tools keep all weights so; a few numbers are a setting of the model.
  r.bindKnown(node, 0, { tensor: known, weight: known.values.length > 16 ? node.outputs[0] : undefined });
}

function reshape(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const target = node.integers("shape") ?? r.sizes(node, 1);
  const open = target.findIndex(Number.isNaN);
  // Beside a size that is not known, -1 is the rest of one example only if that size is the batch as x has it.
  if (open !== -1 && target.includes(-1)) {
    const { value, axis } = requireOpenSize(node, r, 1, open);
    if (r.shapeOf(x).includes(null) && (r.shapeOf(value)[axis] !== null || r.timesOf(value) !== r.timesOf(x))) throw node.refuse("it reshapes to a size that is known only when the model runs and to the rest", "the batch of its input", "Export the model with fixed sizes, or give the sizes.");
  }
  return reshapeTo(node, r, x, resolveReshape(node, r.shapeOf(x), target, r.options.freedBatch));
}

function flatten(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const dims = r.shapeOf(x);
  const given = node.integer("axis", 1);
  const axis = given < 0 ? given + dims.length : given;
  const join = (part: readonly Dim[]): Dim => part.reduce<Dim>((product, dim) => (product === null || dim === null ? null : product * dim), 1);
  return reshapeTo(node, r, x, [join(dims.slice(0, axis)), join(dims.slice(axis))]);
}

function squeeze(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const dims = r.shapeOf(x);
  const given = r.axes(node, "axes", 1);
  const gone = new Set(given?.map((axis) => normalizeAxis(axis, dims.length)) ?? dims.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
  if ([...gone].some((axis) => dims[axis] !== 1)) throw node.refuse(`it takes away axes ${[...gone].join(", ")}`, "axes of size 1");
  return reshapeTo(node, r, x, dims.filter((_, axis) => !gone.has(axis)));
}

function unsqueeze(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  return reshapeTo(node, r, x, unsqueezed(r.shapeOf(x), r.axes(node, "axes", 1) ?? []));
}

function concat(node: OnnxNode, r: Reading): string {
  const values = r.operands(node);
  const [first] = values;
  if (first === undefined) throw node.refuse("it has no inputs");
  const axis = axisOf(node, "axis", 1, r.rankOf(first));
  if (values.length === 1) return first;
  // A token that belongs to every example, beside those of each: one of it for each example of the batch.
  const open = values.find((value) => axis !== 0 && r.shapeOf(value)[0] === null);
  return r.add("concat", values.map((value) => (open !== undefined && r.shapeOf(value)[0] === 1 ? r.add("broadcastLike", [value, open], { axes: [0] }) : value)), { axis });
}

function split(node: OnnxNode, r: Reading): void {
  const x = r.operand(node, 0);
  const dims = r.shapeOf(x);
  const axis = axisOf(node, "axis", 0, dims.length);
  const sizes = r.axes(node, "split", 1) ?? equalParts(requireKnown(node, dims[axis], "the size that it splits"), node.outputs.length);
  let start = 0;
  sizes.forEach((size, i) => {
    r.bind(node, i, sliceAxis(r, x, axis, start, size));
    start += size;
  });
}

export function sliceAxis(r: Reading, x: string, axis: number, start: number, size: number): string {
  const rank = r.rankOf(x);
  return r.add("slice", [x], { begin: axesUpTo(rank).map((each) => (each === axis ? start : 0)), size: axesUpTo(rank).map((each) => (each === axis ? size : -1)) });
}

function slice(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const rest = node.has("starts") ? [] : [1, 2, 3, 4].map((index) => (node.hasInput(index) ? (index === 2 ? r.sizes(node, index) : r.numbers(node, index)) : undefined));
  rest[1]?.forEach((end, i) => {
    if (Number.isNaN(end)) requireOpenSize(node, r, 2, i);
  });
  return takeRanges(node, r, x, sliceRanges(node, r.shapeOf(x), rest));
}

function takeRanges(node: OnnxNode, r: Reading, x: string, ranges: readonly SliceRange[]): string {
  const dims = r.shapeOf(x);
  if (ranges.every(({ start, step, count }, axis) => start === 0 && step === 1 && count === dims[axis])) return x;
  if (ranges.some(({ count }) => count === 0)) throw node.refuse("it takes nothing", "at least one element");
  if (ranges.every(({ step }) => step === 1)) return r.add("slice", [x], { begin: ranges.map(({ start }) => start), size: ranges.map(({ start, count }, axis) => (count === null || (start === 0 && count === dims[axis]) ? -1 : count)) });
  // Backward steps are forward ones through the reversed axis.
  const backward = ranges.flatMap(({ step }, axis) => (step < 0 ? [axis] : []));
  const from = backward.length === 0 ? x : r.add("reverse", [x], { axes: backward });
  const begin = ranges.map(({ start, step }, axis) => (step > 0 ? start : requireKnown(node, dims[axis], "the size of an axis taken backward") - 1 - start));
  return r.add("stridedSlice", [from], {
    begin,
    end: ranges.map(({ step, count }, axis) => (count === null ? null : (begin[axis] as number) + (count - 1) * Math.abs(step) + 1)),
    strides: ranges.map(({ step }) => Math.abs(step)),
  });
}

function expand(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const target = r.sizes(node, 1);
  const rank = Math.max(target.length, r.rankOf(x));
  const from = [...axesUpTo(rank - r.rankOf(x)).map(() => 1), ...r.shapeOf(x)];
  const wanted = [...axesUpTo(rank - target.length).map(() => 1), ...target];
  const shape = from.map((dim, axis) => {
    const size = wanted[axis] as number;
    if (dim === 1) return Number.isNaN(size) ? 1 : size;
    if (size !== dim && size !== 1 && !Number.isNaN(size)) throw node.refuse(`it makes ${size} of ${dim ?? "a size that is known only when the model runs"}`, "sizes that broadcast");
    return dim ?? -1;
  });
  const aligned = reshapeTo(node, r, x, from);
  const known = shape.every((dim, axis) => dim === (from[axis] ?? -1)) ? aligned : r.add("broadcastTo", [aligned], { shape });
  return widenOpen(node, r, known, 1, wanted.map((size, axis) => from[axis] === 1 ? size : 1), target.length);
}

/** Along each axis that `sizes` leave open, as large as element by element of the input says; the last of them are its. */
function widenOpen(node: OnnxNode, r: Reading, x: string, input: number, sizes: readonly number[], length = sizes.length): string {
  return sizes.reduce((wide, size, axis) => (Number.isNaN(size) ? widen(r, wide, axis, requireOpenSize(node, r, input, axis - (sizes.length - length))) : wide), x);
}

/** What fold.ts leaves: one number for every element of a shape with open sizes. */
function constantOfShape(node: OnnxNode, r: Reading): string {
  const target = r.sizes(node, 0);
  const shape = target.map((dim) => (Number.isNaN(dim) ? 1 : dim));
  if (!shape.every((dim) => Number.isInteger(dim) && dim > 0)) throw node.refuse(`its shape is ${target.join(", ")}`, "sizes above 0");
  const value = node.tensor("value");
  const filler = value === undefined ? undefined : r.tensorOf(value);
  const dtype = filler === undefined || isFloatType(filler.elementType) ? "float32" : "int32";
  const point = r.constant([filler?.values[0] ?? 0], { shape: shape.map(() => 1), dtype });
  return widenOpen(node, r, shape.every((dim) => dim === 1) ? point : r.add("broadcastTo", [point], { shape }), 0, target);
}

function tile(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const times = r.sizes(node, 1);
  const repeats = times.map((count, axis) => (Number.isNaN(count) && r.shapeOf(x)[axis] === 1 ? 1 : count));
  if (!repeats.every((count) => Number.isInteger(count) && count > 0)) throw node.refuse(`it repeats ${repeats.map((count) => (Number.isNaN(count) ? "?" : count)).join(", ")} times`, "whole numbers");
  return widenOpen(node, r, repeats.every((count) => count === 1) ? x : r.add("tile", [x], { repeats }), 1, times);
}

function pad(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const rank = r.rankOf(x);
  const mode = node.string("mode", "constant");
  if (mode !== "constant" && mode !== "reflect" && mode !== "edge") throw node.refuse(`its mode is "${mode}"`, "constant, reflect or edge");
  const pads = node.integers("pads") ?? r.numbers(node, 1);
  const axes = node.hasInput(3) ? r.numbers(node, 3).map((axis) => normalizeAxis(axis, rank)) : axesUpTo(rank);
  const paddings = axesUpTo(rank).map(() => [0, 0] as [number, number]);
  axes.forEach((axis, i) => {
    paddings[axis] = [pads[i] ?? 0, pads[i + axes.length] ?? 0];
  });
  const isLarge = (size: number): boolean => !Number.isInteger(size) || Math.abs(size) > 1 << 20;
  if (paddings.flat().some(isLarge)) throw node.refuse(`its paddings are ${pads.join(", ")}`, "whole numbers");
  const value = node.has("value") ? node.float("value", 0) : node.hasInput(2) ? (r.numbers(node, 2)[0] ?? 0) : 0;
  // A negative padding takes away.
  const cropped = paddings.some((each) => each.some((size) => size < 0))
    ? takeRanges(node, r, x, paddings.map(([before, after], axis) => {
        const dim = r.shapeOf(x)[axis] ?? null;
        return { start: Math.max(0, -before), step: 1, count: before >= 0 && after >= 0 ? dim : requireKnown(node, dim, "the size that it cuts") + Math.min(0, before) + Math.min(0, after) };
      }))
    : x;
  const grown = paddings.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
  if (grown.flat().every((size) => size === 0)) return cropped;
  return r.add("pad", [cropped], { paddings: grown, ...(value === 0 ? {} : { value }), ...(mode === "constant" ? {} : { mode }) });
}

/** Blocks of channels become pixels. CRD keeps the block behind the channels, DCR before them. */
function depthToSpace(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const block = node.integer("blocksize", 1);
  const [batch = null, channels, height, width] = r.shapeOf(x);
  const [c, h, w] = [channels, height, width].map((dim) => requireKnown(node, dim, "the image's size")) as [number, number, number];
  const depth = c / block ** 2;
  if (!Number.isInteger(depth)) throw node.refuse(`${c} channels do not go into blocks of ${block}`);
  const isCrd = node.string("mode", "DCR") === "CRD";
  const apart = reshapeTo(node, r, x, isCrd ? [batch, depth, block, block, h, w] : [batch, block, block, depth, h, w]);
  const turned = transpose(r, apart, isCrd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return reshapeTo(node, r, turned, [batch, depth, h * block, w * block]);
}

function spaceToDepth(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const block = node.integer("blocksize", 1);
  const [batch = null, channels, height, width] = r.shapeOf(x);
  const [c, h, w] = [channels, height, width].map((dim) => requireKnown(node, dim, "the image's size")) as [number, number, number];
  if (h % block !== 0 || w % block !== 0) throw node.refuse(`an image of ${h} x ${w} does not go into blocks of ${block}`);
  const apart = reshapeTo(node, r, x, [batch, c, h / block, block, w / block, block]);
  return reshapeTo(node, r, transpose(r, apart, [0, 3, 5, 1, 2, 4]), [batch, c * block ** 2, h / block, w / block]);
}

/** x times a fixed triangle of ones. */
function trilu(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const [rows, columns] = r.shapeOf(x).slice(-2).map((dim) => requireKnown(node, dim, "the matrix's size")) as [number, number];
  const [k = 0] = node.hasInput(1) ? r.numbers(node, 1) : [];
  const upper = node.integer("upper", 1) === 1;
  r.claim(rows * columns * 8);
  const triangle = Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns);
    return Number(upper ? distance >= k : distance <= k);
  });
  // Selected, not multiplied: what is cut may be infinite.
  return r.add("select", [r.constant(triangle, { shape: [rows, columns], dtype: "int32" }), x, r.constant(0, { dtype: r.dtypeOf(x) })], {});
}

export const shapes: Converters = {
  Shape: shape,
  Size: (node, r) => {
    const name = node.inputs[0] ?? "";
    const dims = r.knownOf(name)?.tensor.shape ?? r.shapeOf(r.valueOf(name)).map(dimOf);
    r.bindKnown(node, 0, { tensor: integers([dims.reduce((a, b) => a * b, 1)], []) });
  },
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: (node, r) => void [0, 1, 2].map((index) => r.numbers(node, index)),
  EyeLike: (node, r) => {
    const [rows, columns] = r.shapeOf(r.operand(node, 0)).map((dim) => requireKnown(node, dim, "the matrix's size")) as [number, number];
    const k = node.integer("k", 0);
    const type = node.integer("dtype", r.dtypeOf(r.operand(node, 0)) === "float32" ? dataTypes.float : dataTypes.int32);
    r.claim(rows * columns * 8);
    const values = Array.from({ length: rows * columns }, (_, i) => Number((i % columns) - Math.floor(i / columns) === k));
    return r.constant(values, { shape: [rows, columns], dtype: [dataTypes.float, dataTypes.double, dataTypes.float16].includes(type as 1) ? "float32" : "int32" });
  },
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: (node, r) => {
    const x = r.operand(node, 0);
    return transpose(r, x, node.integers("perm") ?? axesUpTo(r.rankOf(x)).reverse());
  },
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
};
