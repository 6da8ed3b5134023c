/** Convolutions, pools and resizing as PyTorch has them: on [batch, channels, height, width], with TensorFlow's paddings. */
import type { Shape } from "../../core/shape.ts";
import { convolutionWindow, groupsOf, type Pair, poolWindow, type Sides, sidesOf, symmetric, trimmed, type Window } from "../channels-first/windows.ts";
import type { Call } from "./expressions.ts";
import { literal, numberText, pairText, pythonBoolean, tupleText } from "./python.ts";

/** As F.pad counts: the last axis first. */
function padText([rows, columns]: Sides): string {
  return tupleText([...columns, ...rows]);
}

function padded(x: string, sides: Sides | null, { size, strides, dilations }: Window, use: (helper: "pad_same") => string, value?: string): string {
  const fill = value === undefined ? "" : `, value=${value}`;
  if (sides) return sides.flat().every((side) => side === 0) ? x : `F.pad(${x}, ${literal("padding", padText(sides))}${fill})`;
  return `${use("pad_same")}(${x}, ${tupleText(size)}, ${tupleText(strides)}, ${tupleText(dilations)}${fill})`;
}

/** PyTorch's own padding counts from the last axis backwards, and mirrors no batch. */
export function pad({ use, inputs: [x], attributes: { paddings, value = 0, mode = "constant" } }: Call<"pad">): string {
  if (mode === "constant") return `F.pad(${x}, ${literal("padding", tupleText(paddings.toReversed().flat()))}${value === 0 ? "" : `, value=${numberText(value)}`})`;
  return `${use("pad_by_mirror")}(${x}, ${tupleText(paddings.map(tupleText))}, ${pythonBoolean(mode === "edge")})`;
}

export function convolution(call: Call<"conv2d" | "depthwiseConv2d">): string {
  const { shapes, use, inputs, attributes: { strides, dilations } } = call;
  const [x, kernel, bias] = inputs as [string, string, string?];
  const window = convolutionWindow(shapes[1] as Shape, call.attributes);
  const sides = sidesOf(shapes[0] as Shape, window);
  const padding = symmetric(sides);
  const groups = groupsOf(shapes[0] as Shape, shapes[1] as Shape);
  const parts = [padding ? x : padded(x, sides, window, use), kernel, ...(bias === undefined ? [] : [bias]), `stride=${literal("stride", pairText(strides))}`];
  if (padding) parts.push(`padding=${literal("padding", pairText(padding))}`);
  if (dilations[0] * dilations[1] !== 1) parts.push(`dilation=${literal("dilation", pairText(dilations))}`);
  if (groups !== 1) parts.push(`groups=${literal("groups", groups)}`);
  return `F.conv2d(${parts.join(", ")})`;
}

export function convolutionTranspose({ inputs: [x, kernel, bias], shapes, attributes }: Call<"convTranspose2d">): string {
  const [rows, columns] = trimmed(attributes, shapes[1] as Shape);
  const sizes = [`stride=${literal("stride", pairText(attributes.strides))}`, ...(Math.max(...attributes.dilations) === 1 ? [] : [`dilation=${literal("dilation", pairText(attributes.dilations))}`])];
  const added: Pair = [rows[0] - rows[1], columns[0] - columns[1]];
  if (added.every((each, axis) => each >= 0 && each < Math.max(attributes.strides[axis] as number, attributes.dilations[axis] as number))) {
    const padding: Pair = [rows[0], columns[0]];
    return `F.conv_transpose2d(${[x, kernel, ...(bias === undefined ? [] : [bias]), ...sizes, `padding=${literal("padding", pairText(padding))}`, `output_padding=${literal("output_padding", pairText(added))}`].join(", ")})`;
  }
  const sides = [-columns[0], -columns[1], -rows[0], -rows[1]];
  return `F.pad(F.conv_transpose2d(${[x, kernel, ...sizes].join(", ")}), ${tupleText(sides)})${bias === undefined ? "" : ` + ${bias}[:, None, None]`}`;
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
  const { countPadding = false } = attributes;
  if (padding?.every((side, axis) => side <= (window.size[axis] as number) / 2)) return `F.avg_pool2d(${x}, ${size}, ${stride}, padding=${literal("padding", pairText(padding))}, count_include_pad=${pythonBoolean(countPadding)})`;
  if (countPadding) return `F.avg_pool2d(${padded(x as string, sides, window, use)}, ${size}, ${stride})`;
  const [image, ones] = [x as string, `torch.ones_like(${x})`].map((each) => padded(each, sides, window, use)) as [string, string];
  return `${use("average_of_unpadded")}(${image}, ${ones}, ${size}, ${stride})`;
}

export function resize({ inputs: [x], attributes: { height, width, method, alignCorners, halfPixelCenters }, use }: Call<"resize2d">): string {
  if (method === "nearest") return `${use("resize_nearest")}(${x}, ${height}, ${width}, ${pythonBoolean(alignCorners)}, ${pythonBoolean(halfPixelCenters)})`;
  if (alignCorners || halfPixelCenters) return `F.interpolate(${x}, size=(${height}, ${width}), mode="bilinear", align_corners=${pythonBoolean(alignCorners)})`;
  return `${use("resize_bilinear")}(${x}, ${height}, ${width})`;
}
