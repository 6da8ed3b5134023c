/** Convolutions and pools as TensorFlow nodes. */
import type { OpAttributes, Padding } from "../../graph/types.ts";
import { transposedSize } from "../../graph/window-shapes.ts";
import { cannotExport, type Expand, type Expansion, known } from "./expansion.ts";
import { type AttrValue, intsAttr, textAttr, typeAttr } from "./node-def.ts";

function paddingAttrs(padding: Padding): Readonly<Record<string, AttrValue>> {
  if (typeof padding === "string") return { padding: textAttr(padding.toUpperCase()) };
  return { padding: textAttr("EXPLICIT"), explicit_paddings: intsAttr([0, 0, ...padding.flat(), 0, 0]) };
}

function convolutionAttrs({ strides, dilations, padding }: OpAttributes["depthwiseConv2d"]): Readonly<Record<string, AttrValue>> {
  return { T: typeAttr("float32"), data_format: textAttr("NHWC"), strides: intsAttr([1, ...strides, 1]), dilations: intsAttr([1, ...dilations, 1]), ...paddingAttrs(padding) };
}

export const depthwiseConv2d: Expand<"depthwiseConv2d"> = ({ emit, name, inputs, attributes }) => emit.result(name, "DepthwiseConv2dNative", inputs, convolutionAttrs(attributes));

/** TensorFlow.js's convolutions have no groups: one channel each is a depthwise one, else there is one convolution per group. */
export const conv2d: Expand<"conv2d"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const { groups = 1 } = attributes;
  const [x, kernel] = inputs as [string, string];
  if (groups === 1) return emit.result(name, "Conv2D", inputs, convolutionAttrs(attributes));
  const [height, width, inChannels, outChannels] = [0, 1, 2, 3].map((axis) => known(node, 1, axis)) as [number, number, number, number];
  if (inChannels === 1) {
    const perChannel = emit.step(name, "Reshape", [kernel, emit.ints(name, [height, width, groups, outChannels / groups])]);
    return emit.result(name, "DepthwiseConv2dNative", [x, perChannel], convolutionAttrs(attributes));
  }
  const part = (values: string, group: number, size: number): string => emit.step(name, "Slice", [values, emit.ints(name, [0, 0, 0, group * size]), emit.ints(name, [-1, -1, -1, size])]);
  const parts = Array.from({ length: groups }, (_, group) => emit.step(name, "Conv2D", [part(x, group, inChannels), part(kernel, group, outChannels / groups)], convolutionAttrs(attributes)));
  emit.result(name, "ConcatV2", [...parts, emit.constant(name, [], "int32", [3])], { N: { i: String(groups) } });
};

/** TensorFlow wants the size of the result; the batch is read from x while it runs. */
export const convTranspose2d: Expand<"convTranspose2d"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const [x, kernel] = inputs as [string, string];
  if (Math.max(...attributes.dilations) > 1) throw cannotExport(name, "its transposed convolution is dilated", "Download the model in another format.");
  const spatial = ([0, 1] as const).map((side) => transposedSize(known(node, 0, side + 1), known(node, 1, side), side, attributes));
  const batch = emit.step(name, "Slice", [emit.step(name, "Shape", [x]), emit.ints(name, [0]), emit.ints(name, [1])]);
  const shape = emit.step(name, "ConcatV2", [batch, emit.ints(name, [...spatial, known(node, 1, 2)]), emit.constant(name, [], "int32", [0])], { N: { i: "2" } });
  emit.result(name, "Conv2DBackpropInput", [shape, kernel, x], convolutionAttrs(attributes));
};

export const maxPool2d: Expand<"maxPool2d"> = (node) => pool("MaxPool", node);

export const averagePool2d: Expand<"averagePool2d"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  if (attributes.countPadding !== true || attributes.padding === "valid") return pool("AvgPool", node);
  const { poolSize, strides, padding } = attributes;
  const margins = typeof padding === "string" ? ([0, 1] as const).map((side) => sameMargins(known(node, 0, side + 1), poolSize[side], strides[side])) : padding;
  const padded = emit.step(name, "Pad", [...inputs, emit.constant(name, [4, 2], "int32", [0, 0, ...margins.flat(), 0, 0])]);
  pool("AvgPool", { ...node, inputs: [padded], attributes: { poolSize, strides, padding: "valid" } });
};

/** What TensorFlow's SAME adds before and after. */
function sameMargins(size: number, window: number, stride: number): [number, number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** TensorFlow.js's executor knows no explicit padding for pools, so it becomes a step of its own. */
function pool(op: "MaxPool" | "AvgPool", { emit, name, inputs, attributes: { poolSize, strides, padding } }: Expansion<"maxPool2d" | "averagePool2d">): void {
  const window = { ksize: intsAttr([1, ...poolSize, 1]), strides: intsAttr([1, ...strides, 1]), data_format: textAttr("NHWC"), T: typeAttr("float32") };
  if (typeof padding === "string") return emit.result(name, op, inputs, { ...window, ...paddingAttrs(padding) });

  const valid = { ...window, ...paddingAttrs("valid") };
  const paddings = emit.constant(name, [4, 2], "int32", [0, 0, ...padding.flat(), 0, 0]);
  if (op === "MaxPool") return emit.result(name, op, [emit.step(name, "PadV2", [...inputs, paddings, emit.float(name, -3.4028234663852886e38)])], valid);
  // The padding does not count in an average: divide by the average of ones that are padded alike.
  const average = (x: readonly string[]): string => emit.step(name, op, [emit.step(name, "Pad", [...x, paddings])], valid);
  emit.result(name, "RealDiv", [average(inputs), average([emit.step(name, "OnesLike", inputs)])]);
}
