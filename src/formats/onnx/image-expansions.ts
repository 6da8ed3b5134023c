/** Convolutions, pools, paddings and resizing in ONNX's ops, on images with their channels first. */
import { GraftError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { convolutionWindow, groupsOf, poolWindow, type Sides, sidesOf, trimmed, type Window } from "../channels-first/windows.ts";
import { type Attributes, text } from "./emitter.ts";
import type { Expansion } from "./expansion.ts";

/** top, left, bottom, right */
function padsOf([rows, columns]: Sides): readonly number[] {
  return [rows[0], columns[0], rows[1], columns[1]];
}

function padding(name: string, image: Shape, window: Window): Attributes {
  const sides = sidesOf(image, window);
  if (sides) return { pads: padsOf(sides) };
  if (window.dilations.some((dilation) => dilation !== 1)) {
    throw new GraftError({ where: `exporting node "${name}"`, what: `its input has the shape ${formatShape(image)}, and it is strided, dilated and padded to fit`, wanted: "a fixed height and width", next: "Export with a fixed input size" });
  }
  return { auto_pad: text("SAME_UPPER") };
}

export function convolution({ emit, name, inputs, shapes, attributes }: Expansion<"conv2d" | "depthwiseConv2d">): void {
  const [image, kernel] = shapes as [Shape, Shape];
  const window = convolutionWindow(kernel, attributes);
  emit.result(name, "Conv", inputs, { kernel_shape: window.size, strides: window.strides, dilations: window.dilations, group: groupsOf(image, kernel), ...padding(name, image, window) });
}

export function convolutionTranspose({ emit, name, inputs, shapes, attributes }: Expansion<"convTranspose2d">): void {
  const kernel = shapes[1] as readonly number[];
  const [rows, columns] = trimmed(attributes, kernel);
  const kept = (after: number): number => Math.max(0, after);
  emit.result(name, "ConvTranspose", inputs, {
    kernel_shape: kernel.slice(2),
    strides: attributes.strides,
    dilations: attributes.dilations,
    pads: [rows[0], columns[0], kept(rows[1]), kept(columns[1])],
    output_padding: [kept(-rows[1]), kept(-columns[1])],
  });
}

export function pool(opType: "MaxPool" | "AveragePool", node: Expansion<"maxPool2d" | "averagePool2d">, countPadding: boolean): void {
  const { emit, name, shapes, attributes } = node;
  const [x] = node.inputs as [string];
  const window = poolWindow(attributes);
  const image = shapes[0] as Shape;
  const sides = sidesOf(image, window);
  const shared = { kernel_shape: window.size, strides: window.strides };
  const average = opType === "AveragePool";
  if (sides === null || sides.every((pair, axis) => pair.every((side) => side < (window.size[axis] as number)))) {
    emit.result(name, opType, [x], { ...shared, ...padding(name, image, window), ...(average ? { count_include_pad: countPadding ? 1 : 0 } : {}) });
    return;
  }
  // Runtimes take no padding of a whole window.
  const pads = emit.ints([0, 0, sides[0][0], sides[1][0], 0, 0, sides[0][1], sides[1][1]]);
  const padded = (value: string, fill: number): string => emit.step(name, "Pad", [value, pads, emit.scalar(fill)]);
  if (!average) return emit.result(name, opType, [padded(x, -3.4028234663852886e38)], shared);
  const sum = padded(x, 0);
  if (countPadding) return emit.result(name, opType, [sum], shared);
  const ones = emit.step(name, "Add", [emit.step(name, "Mul", [x, emit.scalar(0)]), emit.scalar(1)]);
  emit.result(name, "Div", [emit.step(name, opType, [sum], shared), emit.step(name, opType, [padded(ones, 0)], shared)]);
}

export function pad({ emit, name, inputs, dtypes, attributes: { paddings, value = 0, mode = "constant" } }: Expansion<"pad">): void {
  const pads = emit.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  emit.result(name, "Pad", mode === "constant" ? [...inputs, pads, emit.scalar(value, dtypes[0])] : [...inputs, pads], { mode: text(mode) });
}

export function resize({ emit, name, inputs, attributes: { height, width, method, alignCorners, halfPixelCenters } }: Expansion<"resize2d">): void {
  const [x] = inputs as [string];
  const kept = emit.step(name, "Slice", [emit.step(name, "Shape", [x]), emit.ints([0]), emit.ints([2])]);
  const sizes = emit.step(name, "Concat", [kept, emit.ints([height, width])], { axis: 0 });
  const coordinates = text(alignCorners ? "align_corners" : halfPixelCenters ? "half_pixel" : "asymmetric");
  // TensorFlow floors the middle of a pixel, which is the nearest one to half a pixel before it.
  const nearest = { nearest_mode: text(alignCorners || halfPixelCenters ? "round_prefer_ceil" : "floor") };
  emit.result(name, "Resize", [x, "", "", sizes], { mode: text(method === "bilinear" ? "linear" : "nearest"), coordinate_transformation_mode: coordinates, ...(method === "nearest" ? nearest : {}) });
}
