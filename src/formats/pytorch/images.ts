/** Convolutions, pools and resizing as PyTorch has them: on [batch, channels, height, width], with TensorFlow's paddings. */
import type { Dim, Shape } from "../../core/shape.ts";
import type { Padding } from "../../graph/types.ts";
import type { Call } from "./expressions.ts";
import { literal, pairText, tupleText } from "./python.ts";

type Pair = readonly [number, number];
type Sides = readonly [Pair, Pair];

interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** [[top, bottom], [left, right]], or null where only the image's size will tell. */
export function sidesOf(image: Shape, { size, strides, dilations, padding }: Window): Sides | null {
  if (typeof padding !== "string") return padding;
  if (padding === "valid") return [[0, 0], [0, 0]];
  const side = (axis: 0 | 1): Pair | null => {
    const length: Dim = image[2 + axis] ?? null;
    const reach = (size[axis] - 1) * dilations[axis] + 1;
    // With a stride of 1 the size does not matter.
    if (length === null && strides[axis] !== 1) return null;
    const total = length === null ? reach - 1 : Math.max(0, (Math.ceil(length / strides[axis]) - 1) * strides[axis] + reach - length);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  const [rows, columns] = [side(0), side(1)];
  return rows && columns && [rows, columns];
}

/** The same on both sides, as PyTorch's own layers pad. */
export function symmetric(sides: Sides | null): Pair | null {
  return sides !== null && sides.every(([before, after]) => before === after) ? [sides[0][0], sides[1][0]] : null;
}

/** As F.pad counts: the last axis first. */
function padText([rows, columns]: Sides): string {
  return tupleText([...columns, ...rows]);
}

function padded(x: string, sides: Sides | null, { size, strides, dilations }: Window, use: (helper: "pad_same") => string, value?: string): string {
  const fill = value === undefined ? "" : `, value=${value}`;
  if (sides) return sides.flat().every((side) => side === 0) ? x : `F.pad(${x}, ${literal("padding", padText(sides))}${fill})`;
  return `${use("pad_same")}(${x}, ${tupleText(size)}, ${tupleText(strides)}, ${tupleText(dilations)}${fill})`;
}

/** How many groups of channels a convolution keeps apart; PyTorch's kernel is [out, in / groups, h, w]. */
export function groupsOf(image: Shape, kernel: Shape): number {
  const inner = kernel[1] as number;
  return (image[1] ?? inner) / inner;
}

export function convolutionWindow({ shapes, attributes }: Pick<Call<"conv2d" | "depthwiseConv2d">, "shapes" | "attributes">): Window {
  const [, , height, width] = shapes[1] as readonly number[];
  return { ...attributes, size: [height as number, width as number] };
}

export function convolution(call: Call<"conv2d" | "depthwiseConv2d">): string {
  const { shapes, use, inputs, attributes: { strides, dilations } } = call;
  const [x, kernel, bias] = inputs as [string, string, string?];
  const window = convolutionWindow(call);
  const sides = sidesOf(shapes[0] as Shape, window);
  const padding = symmetric(sides);
  const groups = groupsOf(shapes[0] as Shape, shapes[1] as Shape);
  const parts = [padding ? x : padded(x, sides, window, use), kernel, ...(bias === undefined ? [] : [bias]), `stride=${literal("stride", pairText(strides))}`];
  if (padding) parts.push(`padding=${literal("padding", pairText(padding))}`);
  if (dilations[0] * dilations[1] !== 1) parts.push(`dilation=${literal("dilation", pairText(dilations))}`);
  if (groups !== 1) parts.push(`groups=${literal("groups", groups)}`);
  return `F.conv2d(${parts.join(", ")})`;
}

function poolWindow({ poolSize, strides, padding }: Call<"maxPool2d" | "averagePool2d">["attributes"]): Window {
  return { size: poolSize, strides, padding, dilations: [1, 1] };
}

/** Padding never wins. */
export function maxPool({ inputs: [x], shapes, attributes, use }: Call<"maxPool2d">): string {
  const window = poolWindow(attributes);
  const sides = sidesOf(shapes[0] as Shape, window);
  const [size, stride] = [literal("size", pairText(window.size)), literal("stride", pairText(window.strides))];
  const padding = symmetric(sides);
  // PyTorch takes no padding of more than half a window.
  if (padding?.every((side, axis) => side <= (window.size[axis] as number) / 2)) return `F.max_pool2d(${x}, ${size}, ${stride}, padding=${literal("padding", pairText(padding))})`;
  return `F.max_pool2d(${padded(x as string, sides, window, use, '-float("inf")')}, ${size}, ${stride})`;
}

export function averagePool({ inputs: [x], shapes, attributes, use }: Call<"averagePool2d">): string {
  const window = poolWindow(attributes);
  const sides = sidesOf(shapes[0] as Shape, window);
  const [size, stride] = [literal("size", pairText(window.size)), literal("stride", pairText(window.strides))];
  const padding = symmetric(sides);
  if (padding?.every((side, axis) => side <= (window.size[axis] as number) / 2)) return `F.avg_pool2d(${x}, ${size}, ${stride}, padding=${literal("padding", pairText(padding))}, count_include_pad=False)`;
  const [image, ones] = [x as string, `torch.ones_like(${x})`].map((each) => padded(each, sides, window, use)) as [string, string];
  return `${use("average_of_unpadded")}(${image}, ${ones}, ${size}, ${stride})`;
}

export function resize({ inputs: [x], attributes: { height, width, method, alignCorners, halfPixelCenters }, use }: Call<"resize2d">): string {
  const python = (value: boolean): string => (value ? "True" : "False");
  if (method === "nearest") return `${use("resize_nearest")}(${x}, ${height}, ${width}, ${python(alignCorners)}, ${python(halfPixelCenters)})`;
  if (alignCorners || halfPixelCenters) return `F.interpolate(${x}, size=(${height}, ${width}), mode="bilinear", align_corners=${python(alignCorners)})`;
  return `${use("resize_bilinear")}(${x}, ${height}, ${width})`;
}
