/** Convolutions and pools. ONNX has the channels first, our ops last: a transpose goes around each, which surgery/cancel-transposes.ts takes away again. */
import type { OpAttributes } from "../../../graph/types.ts";
import { type HostTensor, permute } from "../host-tensor.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import type { Convert, Converters } from "./types.ts";
import { axesUpTo, requireKnown, reshapeTo, scalar, transpose } from "./types.ts";
import { inNumbers, onImage, padsOf, paddingOf, pairOf, type Window, windowOf } from "./windows.ts";

/** A kernel of a sequence as one of an image of height 1. */
const asImage = (kernel: HostTensor): HostTensor => (kernel.shape.length === 3 ? { ...kernel, shape: kernel.shape.toSpliced(2, 0, 1) } : kernel);

/** The kernel as `arrange` has it: a parameter, or if it is computed, the same done in the graph. */
function kernelOf(node: OnnxNode, r: Reading, layout: string, split: (shape: readonly number[]) => readonly number[], permutation: readonly number[]): string {
  const arrange = (kernel: HostTensor): HostTensor => {
    const image = asImage(kernel);
    return permute({ ...image, shape: split(image.shape) }, permutation);
  };
  const parameter = r.parameter(node, 1, "weight", layout, arrange);
  if (parameter !== undefined) return parameter;
  const value = r.operand(node, 1);
  const shape = r.shapeOf(value).map((dim) => requireKnown(node, dim, "the kernel's size"));
  const image = shape.length === 3 ? shape.toSpliced(2, 0, 1) : shape;
  return transpose(r, reshapeTo(node, r, value, split(image)), permutation);
}

function kernelShape(node: OnnxNode, r: Reading): readonly number[] {
  const shape = r.host(node, 1)?.shape ?? r.shapeOf(r.operand(node, 1));
  const known = shape.map((dim) => requireKnown(node, dim, "the kernel's size"));
  if (known.length !== 3 && known.length !== 4) throw node.refuse(`its kernel has ${known.length} dimensions`, "3 for a sequence or 4 for an image");
  return known;
}

function withBias(node: OnnxNode, r: Reading, y: string): string {
  return node.hasInput(2) ? r.add("add", [y, r.operand(node, 2, "bias")], {}) : y;
}

function conv(node: OnnxNode, r: Reading): string {
  const [outChannels = 1, inChannels = 1, ...spatial] = kernelShape(node, r);
  const groups = node.integer("group", 1);
  const window = windowOf(node, pairOf(node, spatial, 1, 1));
  const { strides, dilations } = window;
  const x = r.operand(node, 0);
  const isDepthwise = groups > 1 && inChannels === 1 && outChannels % groups === 0;
  return onImage(node, r, x, (image) => {
    const padding = paddingOf(node, r.shapeOf(image), window);
    // TensorFlow.js has either; with both, every place is computed and some are taken.
    const isBoth = strides.some((stride) => stride > 1) && dilations.some((dilation) => dilation > 1);
    const attributes = isBoth ? { strides: [1, 1] as const, dilations, padding: inNumbers(node, padding, r.shapeOf(image), window) } : { strides, dilations, padding };
    const taken = (y: string): string => (isBoth ? r.add("stridedSlice", [y], { begin: [0, 0, 0, 0], end: [null, null, null, null], strides: [1, ...strides, 1] }) : y);
    if (isDepthwise) {
      const kernel = kernelOf(node, r, "depthwise", ([out = 1, , h = 1, w = 1]) => [groups, out / groups, h, w], [2, 3, 0, 1]);
      return withBias(node, r, taken(r.add("depthwiseConv2d", [image, kernel], attributes)));
    }
    const kernel = kernelOf(node, r, "conv", (shape) => shape, [2, 3, 1, 0]);
    return withBias(node, r, taken(r.add("conv2d", [image, kernel], groups === 1 ? attributes : { ...attributes, groups })));
  });
}

/** Padding is taken away from the result here; where a wanted size asks for more than there is, the result is wider at its end. */
function transposedPads(node: OnnxNode, image: readonly (number | null)[], reach: readonly [number, number], strides: readonly [number, number]): { readonly pads: readonly [readonly [number, number], readonly [number, number]]; readonly extra: readonly [number, number] } {
  const extra = pairOf(node, node.integers("output_padding"), 0, 0);
  const automatic = node.string("auto_pad", "NOTSET");
  const shape = node.integers("output_shape");
  const isSame = automatic.startsWith("SAME");
  if (shape === undefined && !isSame) return { pads: automatic === "VALID" ? [[0, 0], [0, 0]] : padsOf(node), extra };
  const sizes = shape && pairOf(node, shape.slice(-2), 1, 1);
  const side = (at: 0 | 1): { pads: [number, number]; extra: number } => {
    const dim = requireKnown(node, image[at + 1], "the image's size");
    const total = strides[at] * (dim - 1) + extra[at] + reach[at] - (sizes?.[at] ?? dim * strides[at]);
    const small = Math.floor(Math.max(0, total) / 2);
    const large = Math.max(0, total) - small;
    return { pads: automatic === "SAME_UPPER" ? [small, large] : [large, small], extra: extra[at] + Math.max(0, -total) };
  };
  const [h, w] = [side(0), side(1)];
  return { pads: [h.pads, w.pads], extra: [h.extra, w.extra] };
}

function convTranspose(node: OnnxNode, r: Reading): string {
  const [, perGroup = 1, ...spatial] = kernelShape(node, r);
  const groups = node.integer("group", 1);
  if (groups > 64) throw node.refuse(`it has ${groups} groups`, "at most 64");
  const { size, strides, dilations } = windowOf(node, pairOf(node, spatial, 1, 1));
  return onImage(node, r, r.operand(node, 0), (image) => {
    const shape = r.shapeOf(image);
    const { pads, extra } = transposedPads(node, shape, [(size[0] - 1) * dilations[0] + 1, (size[1] - 1) * dilations[1] + 1], strides);
    // [in, out, h, w] -> [h, w, out, in]
    const kernel = kernelOf(node, r, "convTranspose", (each) => each, [2, 3, 1, 0]);
    const attributes: OpAttributes["convTranspose2d"] = { strides, dilations, padding: pads, outputPadding: extra };
    if (groups === 1) return withBias(node, r, r.add("convTranspose2d", [image, kernel], attributes));
    const channels = requireKnown(node, shape[3], "the number of channels") / groups;
    const parts = axesUpTo(groups).map((group) => {
      const x = r.add("slice", [image], { begin: [0, 0, 0, group * channels], size: [-1, -1, -1, channels] });
      const part = r.add("slice", [kernel], { begin: [0, 0, 0, group * channels], size: [size[0], size[1], perGroup, channels] });
      return r.add("convTranspose2d", [x, part], attributes);
    });
    return withBias(node, r, r.add("concat", parts, { axis: 3 }));
  });
}

const pool =
  (op: "maxPool2d" | "averagePool2d"): Convert =>
  (node, r) => {
    if (node.hasOutput(1)) throw node.refuse("it also returns where each maximum was", "the maxima alone");
    const window = windowOf(node, pairOf(node, node.integers("kernel_shape"), 1, 1));
    return onImage(node, r, r.operand(node, 0), (image) => {
      const padding = paddingOf(node, r.shapeOf(image), window, node.integer("ceil_mode", 0) === 1);
      const attributes = { poolSize: window.size, strides: window.strides, padding };
      const isDilated = window.dilations.some((dilation) => dilation !== 1);
      if (op === "maxPool2d" && isDilated) return dilatedMaxPool(node, r, image, window, padding);
      if (isDilated) throw node.refuse("its window is dilated", "a dilation of 1");
      if (op === "maxPool2d") return r.add(op, [image], attributes);
      return node.integer("count_include_pad", 0) === 1 ? countingPool(node, r, image, attributes) : r.add(op, [image], attributes);
    });
  };

/** The padding counts; where the last window reaches beyond it (ceil_mode), what lies there does not. */
function countingPool(node: OnnxNode, r: Reading, image: string, attributes: OpAttributes["averagePool2d"]): string {
  const { padding } = attributes;
  if (node.integer("ceil_mode", 0) === 0 || typeof padding === "string") return r.add("averagePool2d", [image], { ...attributes, countPadding: true });
  const counted = node.string("auto_pad", "NOTSET") === "NOTSET" ? padsOf(node) : padding;
  const beyond = ([0, 1] as const).map((side) => [0, padding[side][1] - counted[side][1]] as const) as unknown as [readonly [number, number], readonly [number, number]];
  const padded = counted.flat().every((size) => size === 0) ? image : r.add("pad", [image], { paddings: [[0, 0], ...counted, [0, 0]] });
  return r.add("averagePool2d", [padded], { ...attributes, padding: beyond });
}

/** The maximum over one strided slice for each element of the window. */
function dilatedMaxPool(node: OnnxNode, r: Reading, image: string, window: Window, padding: OpAttributes["maxPool2d"]["padding"]): string {
  const { size, strides, dilations } = window;
  if (size[0] * size[1] > 81) throw node.refuse("its window is dilated", "a small window");
  const [rows, columns] = inNumbers(node, padding, r.shapeOf(image), window);
  const padded = [...rows, ...columns].every((each) => each === 0) ? image : r.add("pad", [image], { paddings: [[0, 0], rows, columns, [0, 0]], value: -3.4e38 });
  const [, height, width] = r.shapeOf(padded).map((dim) => dim ?? undefined);
  const last = ([height, width] as const).map((dim, side) => requireKnown(node, dim, "the image's size") - (size[side] as number - 1) * (dilations[side] as number));
  const taps: string[] = [];
  for (let i = 0; i < size[0]; i++) {
    for (let j = 0; j < size[1]; j++) {
      const begin = [0, i * dilations[0], j * dilations[1], 0];
      const end = [null, (begin[1] as number) + (last[0] as number), (begin[2] as number) + (last[1] as number), null];
      taps.push(r.add("stridedSlice", [padded], { begin, end, strides: [1, ...strides, 1] }));
    }
  }
  return taps.reduce((a, b) => r.add("maximum", [a, b], {}));
}

const globalPool =
  (compute: (r: Reading, x: string, axes: readonly number[], node: OnnxNode) => string): Convert =>
  (node, r) => {
    const x = r.operand(node, 0);
    return compute(r, x, axesUpTo(r.rankOf(x)).slice(2), node);
  };

export const spatial: Converters = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool("maxPool2d"),
  AveragePool: pool("averagePool2d"),
  GlobalAveragePool: globalPool((r, x, axes) => r.add("mean", [x], { axes, keepDims: true })),
  GlobalMaxPool: globalPool((r, x, axes) => r.add("max", [x], { axes, keepDims: true })),
  GlobalLpPool: globalPool((r, x, axes, node) => {
    const p = node.integer("p", 2);
    const powers = p === 2 ? r.add("square", [x], {}) : scalar(r, "power", r.add("abs", [x], {}), p);
    const sum = r.add("sum", [powers], { axes, keepDims: true });
    return p === 2 ? r.add("sqrt", [sum], {}) : scalar(r, "power", sum, 1 / p);
  }),
};
