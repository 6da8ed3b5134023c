/** Ops that move, repeat, join or cut what is there, and those that fill a tensor. */
import type { DType, Shape } from "../../../core/shape.ts";
import { product, type Size } from "../known.ts";
import { type Reading, refuse } from "../reading.ts";
import { planSlice } from "../strided-slice.ts";
import { dtypeOf, sliceMasks, type TfNode } from "../tf-nodes.ts";
import { axisOf, type Convert, numberAt } from "./convert.ts";
import { rearrange, withAxis, withoutAxes } from "./reshape.ts";

/** More outputs than this are a damaged file's. */
const maxParts = 4096;

function transpose(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const { length } = reading.shapeOf(x);
  reading.add(node, "transpose", [x], { permutation: reading.numbers(node, 1).map((axis) => axisOf(node, axis, length)) });
}

function concat(node: TfNode, reading: Reading): void {
  const count = node.inputs.length - 1;
  const values = Array.from({ length: count }, (_, i) => reading.operand(node, i));
  const [first] = values;
  if (first === undefined) throw refuse(node, "it joins nothing", "two inputs or more");
  const axis = axisOf(node, numberAt(node, reading, count), reading.shapeOf(first).length);
  reading.add(node, "concat", values, { axis });
}

function pack(node: TfNode, reading: Reading): void {
  const values = node.inputs.map((_, i) => reading.operand(node, i));
  const [first] = values;
  if (first === undefined) throw refuse(node, "it joins nothing", "one input or more");
  const axis = axisOf(node, node.attr.integer("axis", 0), reading.shapeOf(first).length + 1);
  if (values.length === 1) return void withAxis(node, reading, first, axis);
  reading.add(node, "concat", values.map((value) => withAxis(node, reading, value, axis, "part")), { axis });
}

/** Cuts x along an axis into parts of these sizes, each an output of `node`. */
function cut(node: TfNode, reading: Reading, x: string, axis: number, sizes: readonly number[], squeezed = false): void {
  if (sizes.length > maxParts) throw refuse(node, `it has ${sizes.length} outputs`, `at most ${maxParts}`);
  const { length } = reading.shapeOf(x);
  let begin = 0;
  sizes.forEach((size, i) => {
    const window = { begin: new Array<number>(length).fill(0).with(axis, begin), size: new Array<number>(length).fill(-1).with(axis, size) };
    const part = reading.add(node, "slice", [x], window, `part_${i}`);
    reading.bind(node, squeezed ? withoutAxes(node, reading, part, new Set([axis]), `output_${i}`) : part, i);
    begin += size;
  });
}

function along(node: TfNode, reading: Reading, x: string, given: number): { readonly axis: number; readonly size: number } {
  const shape = reading.shapeOf(x);
  const axis = axisOf(node, given, shape.length);
  const size = shape[axis] ?? null;
  if (size === null) throw refuse(node, `it takes axis ${axis} apart, whose size depends on the input`, "a fixed size");
  return { axis, size };
}

function split(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 1);
  const { axis, size } = along(node, reading, x, numberAt(node, reading, 0));
  const count = node.attr.integer("num_split", 1);
  if (count < 1 || count > maxParts || size % count !== 0) throw refuse(node, `it splits ${size} into ${count}`, "equal parts");
  cut(node, reading, x, axis, new Array<number>(count).fill(size / count));
}

function splitV(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const { axis, size } = along(node, reading, x, numberAt(node, reading, 2));
  const given = reading.numbers(node, 1);
  const rest = size - given.filter((each) => each !== -1).reduce((sum, each) => sum + each, 0);
  const sizes = given.map((each) => (each === -1 ? rest : each));
  if (sizes.some((each) => each < 0) || sizes.reduce((sum, each) => sum + each, 0) !== size) throw refuse(node, `it splits ${size} into ${given.join(", ")}`, "parts that make up the whole");
  cut(node, reading, x, axis, sizes);
}

function unpack(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const { axis, size } = along(node, reading, x, node.attr.integer("axis", 0));
  if (size > maxParts) throw refuse(node, `it has ${size} outputs`, `at most ${maxParts}`);
  cut(node, reading, x, axis, new Array<number>(size).fill(1), true);
}

function slice(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const shape = reading.shapeOf(x);
  // A batch of one that the file fixes stands for the batch.
  const size = reading.sizes(node, 2).map((each, axis) => (typeof each === "number" && shape[axis] !== null ? each : -1));
  reading.add(node, "slice", [x], { begin: reading.numbers(node, 1), size });
}

function stridedSlice(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const shape = reading.shapeOf(x);
  const [begin, end, strides] = [1, 2, 3].map((i) => reading.sizes(node, i)) as [readonly Size[], readonly Size[], readonly Size[]];
  // Everything up to the batch's size is everything.
  const fixed = (sizes: readonly Size[]): number[] => sizes.map((each) => (typeof each === "number" ? each : Number.MAX_SAFE_INTEGER));
  const masks = sliceMasks(node);
  const open = end.reduce<number>((mask, each, i) => (typeof each === "number" ? mask : mask | (1 << i)), masks.end);
  const plan = planSlice(shape, fixed(begin), fixed(end), fixed(strides), { ...masks, end: open });

  const backwards = plan.windows.flatMap(({ stride }, axis) => (stride < 0 ? [axis] : []));
  const source = backwards.length === 0 ? x : reading.add(node, "reverse", [x], { axes: backwards }, "reversed");
  const windows = plan.windows.map((window, axis) => {
    const size = shape[axis] ?? null;
    if (window.stride > 0 || size === null) return { ...window, stride: Math.abs(window.stride) };
    return { begin: size - 1 - window.begin, end: window.end === null ? null : size - 1 - window.end, stride: -window.stride, count: window.count };
  });
  const isWhole = windows.every(({ begin: from, count, stride }, axis) => from === 0 && stride === 1 && count === (shape[axis] ?? null));
  const taken = isWhole
    ? source
    : windows.every(({ stride }) => stride === 1)
      ? reading.add(node, "slice", [source], { begin: windows.map((window) => window.begin), size: windows.map(({ count }) => count ?? -1) }, "slice")
      : reading.add(node, "stridedSlice", [source], { begin: windows.map((window) => window.begin), end: windows.map((window) => window.end), strides: windows.map(({ stride }) => stride) }, "slice");
  const result = plan.shape.map((dim) => dim ?? -1);
  if (result.join() === reading.shapeOf(taken).map((dim) => dim ?? -1).join()) reading.bind(node, taken);
  else rearrange(node, reading, taken, result);
}

function pairs(numbers: readonly number[]): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.floor(numbers.length / 2) }, (_, i) => [numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0] as const);
}

function pad(node: TfNode, reading: Reading): void {
  const value = node.inputs.length > 2 ? numberAt(node, reading, 2) : 0;
  reading.add(node, "pad", [reading.operand(node, 0)], { paddings: pairs(reading.numbers(node, 1)), ...(value === 0 ? {} : { value }) });
}

/** REFLECT leaves the edge out; SYMMETRIC repeats it, for which there is no op: the mirrored parts are joined on, axis by axis. */
function mirrorPad(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const paddings = pairs(reading.numbers(node, 1));
  const mode = node.attr.text("mode", "REFLECT").toUpperCase();
  if (mode === "REFLECT") return void reading.add(node, "pad", [x], { paddings, mode: "reflect" });
  if (mode !== "SYMMETRIC") throw refuse(node, `its mode is ${mode}`, "REFLECT or SYMMETRIC");
  const result = paddings.reduce((value, [before, after], axis) => {
    if (before === 0 && after === 0) return value;
    const { size } = along(node, reading, value, axis);
    const { length } = reading.shapeOf(value);
    const mirrored = (begin: number, count: number): readonly string[] => {
      if (count === 0) return [];
      const part = reading.add(node, "slice", [value], { begin: new Array<number>(length).fill(0).with(axis, begin), size: new Array<number>(length).fill(-1).with(axis, count) }, "edge");
      return [reading.add(node, "reverse", [part], { axes: [axis] }, "mirrored")];
    };
    return reading.add(node, "concat", [...mirrored(0, before), value, ...mirrored(size - after, after)], { axis }, "joined");
  }, x);
  reading.bind(node, result);
}

const resize =
  (method: "bilinear" | "nearest"): Convert =>
  (node, reading) => {
    const [height = 0, width = 0] = reading.numbers(node, 1);
    const x = reading.operand(node, 0);
    const image = reading.dtypeOf(x) === "float32" ? x : reading.add(node, "cast", [x], { dtype: "float32" }, "cast");
    reading.add(node, "resize2d", [image], { height, width, method, alignCorners: node.attr.boolean("align_corners", false), halfPixelCenters: node.attr.boolean("half_pixel_centers", false) });
  };

/** The first input of the graph that is read: where the size of the batch comes from. */
function batchOf(node: TfNode, reading: Reading): string {
  const input = [...reading.nodes.values()].find(({ op }) => op === "Placeholder");
  if (input === undefined) throw refuse(node, "it depends on the batch, and the graph has no input", "an input");
  return reading.value(input.name);
}

/** x, of size 1 wherever `sizes` are larger, repeated to `sizes`; a size of -1 is x's own. */
function broadcast(node: TfNode, reading: Reading, x: string, sizes: readonly Size[], step?: string): void {
  const shape = reading.shapeOf(x);
  const missing = sizes.length - shape.length;
  const raised = missing > 0 ? rearrange(node, reading, x, [...new Array<number>(missing).fill(1), ...shape.map((dim) => dim ?? -1)], "raised") : x;
  const own = reading.shapeOf(raised);
  const open = sizes.flatMap((size, axis) => (typeof size !== "number" && own[axis] !== null ? [axis] : []));
  if (open.some((axis) => axis !== 0 || (sizes[0] as { times: number }).times !== 1)) throw refuse(node, "it repeats values as often as the batch has examples, along another axis than the first", "the first axis");
  const target = sizes.map((size, axis) => (typeof size !== "number" || own[axis] === null ? -1 : size));
  const isOpen = open.length > 0;
  const wide = reading.add(node, "broadcastTo", [raised], { shape: target }, isOpen ? "wide" : step);
  if (isOpen) reading.add(node, "broadcastLike", [wide, batchOf(node, reading)], { axes: [0] }, step);
}

function fill(node: TfNode, reading: Reading, sizes: readonly Size[], value: number, dtype: DType): void {
  if (product(sizes.map((size) => (typeof size === "number" ? size : 1))) > 2 ** 28) throw refuse(node, `it fills [${sizes.map((size) => (typeof size === "number" ? size : "batch")).join(", ")}]`, "at most 268 million numbers");
  if (sizes.length === 0) return reading.bind(node, reading.constant(node, [value], dtype));
  broadcast(node, reading, reading.constant(node, [value], dtype, sizes.map(() => 1)), sizes);
}

const filledLike =
  (value: number): Convert =>
  (node, reading) => {
    const x = reading.operand(node, 0);
    const sizes: Shape = reading.shapeOf(x);
    fill(node, reading, sizes.map((dim) => dim ?? { times: reading.timesOf(x) }), value, reading.dtypeOf(x));
  };

function tile(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const shape = reading.shapeOf(x);
  const sizes = reading.sizes(node, 1);
  if (sizes.every((size) => typeof size === "number")) return void reading.add(node, "tile", [x], { repeats: sizes });
  broadcast(node, reading, x, sizes.map((size, axis) => (typeof size === "number" ? (size === 1 ? (shape[axis] ?? -1) : size * (shape[axis] ?? 1)) : size)));
}

function broadcastTo(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  broadcast(node, reading, x, reading.sizes(node, 1));
}

const reverse =
  (axesOf: (node: TfNode, reading: Reading, rank: number) => readonly number[]): Convert =>
  (node, reading) => {
    const x = reading.operand(node, 0);
    reading.add(node, "reverse", [x], { axes: axesOf(node, reading, reading.shapeOf(x).length) });
  };

export const arrangements: Readonly<Record<string, Convert>> = {
  Transpose: transpose,
  ConcatV2: concat,
  Pack: pack,
  Split: split,
  SplitV: splitV,
  Unpack: unpack,
  Slice: slice,
  StridedSlice: stridedSlice,
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
  ResizeBilinear: resize("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
  Tile: tile,
  BroadcastTo: broadcastTo,
  Reverse: reverse((node, reading) => reading.numbers(node, 1).flatMap((flag, axis) => (flag === 0 ? [] : [axis]))),
  ReverseV2: reverse((node, reading, rank) => reading.numbers(node, 1).map((axis) => axisOf(node, axis, rank))),
  Fill: (node, reading) => fill(node, reading, reading.sizes(node, 0), numberAt(node, reading, 1), reading.known(reading.input(node, 1))?.dtype ?? dtypeOf(node, "T")),
  ZerosLike: filledLike(0),
  OnesLike: filledLike(1),
};
