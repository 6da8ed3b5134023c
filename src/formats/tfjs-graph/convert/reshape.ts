/** Reshapes, and the ops that are reshapes: axes of size 1 come and go, blocks move between axes. A batch of unknown size stays open through all of them. */
import { formatShape } from "../../../core/shape.ts";
import { derived, product, type Size } from "../known.ts";
import { type Reading, refuse } from "../reading.ts";
import type { TfNode } from "../tf-nodes.ts";
import { axisOf, type Convert, numberAt } from "./convert.ts";
import { dilatedConvolution } from "./kernels.ts";

const text = (target: readonly Size[]): string => `[${target.map((size) => (typeof size === "number" ? size : "batch")).join(", ")}]`;

/** Adds the reshape of x to `target`, in which -1 stands for what is left. */
export function reshapeTo(node: TfNode, reading: Reading, x: string, target: readonly Size[], step?: string): string {
  return reading.add(node, "reshape", [x], { shape: targetOf(node, reading, x, target) }, step);
}

function targetOf(node: TfNode, reading: Reading, x: string, target: readonly Size[]): readonly number[] {
  const shape = reading.shapeOf(x);
  const symbols = target.filter((size) => typeof size !== "number");
  const numbers = target.map((size) => (typeof size === "number" ? size : -1));
  const open = shape.filter((dim) => dim === null).length;
  if (open === 0) {
    if (symbols.length > 0) throw refuse(node, `it reshapes ${formatShape(shape)} to ${text(target)}`, "a shape that does not depend on the batch");
    return numbers;
  }
  const isDirect = numbers[0] === -1 && !numbers.includes(-1, 1);
  if (open > 1) {
    if (isDirect && symbols.length === 0) return numbers;
    throw refuse(node, `it reshapes ${formatShape(shape)}, whose size depends on the input`, "a model with a fixed input size, or outputs before this node");
  }
  // In units of one example: x holds `size` numbers for each.
  const size = product(shape.filter((dim) => dim !== null)) * reading.timesOf(x);
  const [symbol] = symbols;
  const free = target.filter((each) => each === -1).length;
  if (symbols.length > 1 || free > 1) throw refuse(node, `its target is ${text(target)}`, "one size that depends on the batch, and one that is left");
  const rest = (left: readonly Size[]): number => {
    const filled = size / product(left.filter((each): each is number => typeof each === "number" && each !== -1));
    if (!Number.isInteger(filled)) throw refuse(node, `${size} values for each example do not fill ${text(target)}`, "a shape that they fill");
    return filled;
  };
  if (symbol !== undefined) {
    const filled = rest(target) / symbol.times;
    if (free === 0 ? filled !== 1 : !Number.isInteger(filled)) throw refuse(node, `${size} values for each example do not fill ${text(target)}`, "a shape that they fill");
    return target.map((each) => (typeof each !== "number" ? -1 : each === -1 ? filled : each));
  }
  if (isDirect) return numbers;
  // A batch of one, which is what a file was made with, stands for the batch.
  if (numbers[0] === 1) {
    const filled = rest(numbers.slice(1));
    if (free === 1 || filled === 1) return numbers.map((each, axis) => (axis === 0 ? -1 : each === -1 ? filled : each));
  }
  if (free === 1) return numbers;
  throw refuse(node, `it reshapes ${formatShape(shape)} to ${text(target)}, which has no place for the batch`, "a batch of one");
}

/** The sizes of a value as a target to reshape to: an open one is what is left. */
function sizesOf(node: TfNode, reading: Reading, x: string): number[] {
  const shape = reading.shapeOf(x);
  if (shape.filter((dim) => dim === null).length > 1) throw refuse(node, `it reshapes ${formatShape(shape)}, whose size depends on the input`, "a model with a fixed input size, or outputs before this node");
  return shape.map((dim) => dim ?? -1);
}

/** Adds a reshape to sizes that are x's own, in another arrangement; there may be one -1. */
export function rearrange(node: TfNode, reading: Reading, x: string, shape: readonly number[], step?: string): string {
  return reading.add(node, "reshape", [x], { shape }, step);
}

export function withAxis(node: TfNode, reading: Reading, x: string, axis: number, step?: string): string {
  return rearrange(node, reading, x, sizesOf(node, reading, x).toSpliced(axis, 0, 1), step);
}

export function withoutAxes(node: TfNode, reading: Reading, x: string, axes: ReadonlySet<number>, step?: string): string {
  return rearrange(node, reading, x, sizesOf(node, reading, x).filter((_, axis) => !axes.has(axis)), step);
}

function squeeze(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const shape = reading.shapeOf(x);
  const given = node.attr.integers("squeeze_dims");
  const axes = new Set(given.length > 0 ? given.map((axis) => axisOf(node, axis, shape.length)) : shape.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
  if ([...axes].some((axis) => shape[axis] !== 1)) throw refuse(node, `it squeezes axes ${[...axes].join(", ")} of ${formatShape(shape)}`, "axes of size 1");
  withoutAxes(node, reading, x, axes);
}

function expandDims(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  withAxis(node, reading, x, axisOf(node, numberAt(node, reading, 1), reading.shapeOf(x).length + 1));
}

/** The size of one axis of an image, which must be known. */
function sideOf(node: TfNode, reading: Reading, x: string, axis: number): number {
  const shape = reading.shapeOf(x);
  const dim = shape[axis] ?? null;
  if (dim === null || shape.length !== 4) throw refuse(node, `its input is ${formatShape(shape)}`, "images of a fixed size");
  return dim;
}

/** Block sizes of more than this are a damaged file's. */
const maxBlock = 1024;

function blockOf(node: TfNode, reading: Reading): readonly [number, number] {
  const [height = 0, width = 0, ...more] = reading.numbers(node, 1);
  if (more.length > 0 || Math.min(height, width) < 1 || Math.max(height, width) > maxBlock) throw refuse(node, `its block is ${[height, width, ...more].join(" x ")}`, "height x width");
  return [height, width];
}

/** [batch, h, w, c] -> [block * batch, h / block, w / block, c] */
function spaceToBatch(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const [tall, wide] = blockOf(node, reading);
  const [top = 0, bottom = 0, left = 0, right = 0] = reading.numbers(node, 2);
  const padded = reading.add(node, "pad", [x], { paddings: [[0, 0], [top, bottom], [left, right], [0, 0]] }, "padded");
  const [height, width, channels] = [1, 2, 3].map((axis) => sideOf(node, reading, padded, axis)) as [number, number, number];
  const batch = reading.shapeOf(x)[0] ?? -1;
  const split = rearrange(node, reading, padded, [batch, height / tall, tall, width / wide, wide, channels], "split");
  const moved = reading.add(node, "transpose", [split], { permutation: [2, 4, 0, 1, 3, 5] }, "moved");
  rearrange(node, reading, moved, [batch === -1 ? -1 : batch * tall * wide, height / tall, width / wide, channels]);
}

/** The inverse, with what was padded cut off again; with a convolution between, the dilated convolution that this is. */
function batchToSpace(node: TfNode, reading: Reading): void {
  if (dilatedConvolution(node, reading)) return;
  const x = reading.operand(node, 0);
  const [tall, wide] = blockOf(node, reading);
  const [top = 0, bottom = 0, left = 0, right = 0] = reading.numbers(node, 2);
  const [height, width, channels] = [1, 2, 3].map((axis) => sideOf(node, reading, x, axis)) as [number, number, number];
  const batch = reading.shapeOf(x)[0] ?? null;
  const examples = batch === null ? -1 : batch / (tall * wide);
  const split = rearrange(node, reading, x, [tall, wide, examples, height, width, channels], "split");
  const moved = reading.add(node, "transpose", [split], { permutation: [2, 3, 0, 4, 1, 5] }, "moved");
  const whole = rearrange(node, reading, moved, [examples, height * tall, width * wide, channels], "whole");
  reading.add(node, "slice", [whole], { begin: [0, top, left, 0], size: [-1, height * tall - top - bottom, width * wide - left - right, -1] });
}

/** [batch, h, w, block * block * c] -> [batch, h * block, w * block, c] */
function depthToSpace(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const block = node.attr.integer("block_size", 0);
  const [height, width, channels] = [1, 2, 3].map((axis) => sideOf(node, reading, x, axis)) as [number, number, number];
  if (node.attr.text("data_format", "NHWC") !== "NHWC" || block < 1 || block > maxBlock) throw refuse(node, `its block is ${block}`, "one of at least 1, channels last");
  const batch = reading.shapeOf(x)[0] ?? -1;
  const split = rearrange(node, reading, x, [batch, height, width, block, block, channels / (block * block)], "split");
  const moved = reading.add(node, "transpose", [split], { permutation: [0, 1, 3, 2, 4, 5] }, "moved");
  rearrange(node, reading, moved, [batch, height * block, width * block, channels / (block * block)]);
}

function shapeOf(node: TfNode, reading: Reading, input: number): readonly Size[] {
  const known = reading.known(reading.input(node, input));
  if (known !== undefined) return known.shape;
  const value = reading.operand(node, input);
  return reading.shapeOf(value).map((dim, axis, shape) => {
    if (dim !== null) return dim;
    if (axis !== 0 && (shape[0] === null || reading.options.dynamicImageSize)) throw refuse(node, `it asks for the shape of ${formatShape(shape)}, whose size depends on the input`, "a model with a fixed input size, or outputs before this node");
    return { times: reading.timesOf(value) };
  });
}

const shape: Convert = (node, reading) => {
  node.inputs.forEach((_, i) => {
    const sizes = shapeOf(node, reading, i);
    reading.bindKnown(node, derived([sizes.length], "int32", sizes), i);
  });
};

function size(node: TfNode, reading: Reading): void {
  const sizes = shapeOf(node, reading, 0);
  const fixed = product(sizes.filter((each): each is number => typeof each === "number"));
  const [open] = sizes.filter((each) => typeof each !== "number");
  reading.bindKnown(node, derived([], "int32", [open === undefined ? fixed : { times: open.times * fixed }]));
}

export const reshapes: Readonly<Record<string, Convert>> = {
  Reshape: (node, reading) => void reshapeTo(node, reading, reading.operand(node, 0), reading.sizes(node, 1)),
  Squeeze: squeeze,
  ExpandDims: expandDims,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  DepthToSpace: depthToSpace,
  Shape: shape,
  ShapeN: shape,
  Size: size,
  Rank: (node, reading) => reading.bindKnown(node, derived([], "int32", [shapeOf(node, reading, 0).length])),
};
