/**
 * Each op of the graph as standard TensorFlow ops, exhaustive over OpAttributes. What an op means is in engine/ops; this says the
 * same in the words that TensorFlow.js's own executor knows, for inference.
 */
import { GraftError } from "../../core/errors.ts";
import type { DType, Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { timingSignal } from "../../graph/timing-signal.ts";
import type { OpAttributes, OpName, Padding } from "../../graph/types.ts";
import type { Emitter } from "./emitter.ts";
import { type AttrValue, boolAttr, floatAttr, intsAttr, textAttr, typeAttr } from "./node-def.ts";

export interface Expansion<Op extends OpName> {
  /** Of the node in the graph. */
  readonly name: string;
  readonly attributes: OpAttributes[Op];
  /** As the emitter calls them. */
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  readonly dtypes: readonly DType[];
  readonly emit: Emitter;
}

type Expand<Op extends OpName> = (node: Expansion<Op>) => void;

/** An op with a counterpart of the same meaning. */
const direct =
  (op: string): Expand<OpName> =>
  ({ emit, name, inputs, dtypes }) =>
    emit.result(name, op, inputs, { T: typeAttr(dtypes[0] ?? "float32") });

const reduction =
  (op: string): Expand<"mean" | "sum" | "max"> =>
  ({ emit, name, inputs, attributes: { axes, keepDims } }) =>
    emit.result(name, op, [...inputs, emit.ints(name, axes)], { keep_dims: boolAttr(keepDims) });

function paddingAttrs(padding: Padding): Readonly<Record<string, AttrValue>> {
  if (typeof padding === "string") return { padding: textAttr(padding.toUpperCase()) };
  return { padding: textAttr("EXPLICIT"), explicit_paddings: intsAttr([0, 0, ...padding.flat(), 0, 0]) };
}

const convolution =
  (op: string): Expand<"conv2d" | "depthwiseConv2d"> =>
  ({ emit, name, inputs, attributes: { strides, dilations, padding } }) =>
    emit.result(name, op, inputs, { T: typeAttr("float32"), data_format: textAttr("NHWC"), strides: intsAttr([1, ...strides, 1]), dilations: intsAttr([1, ...dilations, 1]), ...paddingAttrs(padding) });

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

function gelu({ emit, name, inputs, attributes: { approximate } }: Expansion<"gelu">): void {
  const [x] = inputs as [string];
  const times = (a: string, value: number): string => emit.step(name, "Mul", [a, emit.float(name, value)]);
  const plusOne = (a: string): string => emit.step(name, "AddV2", [a, emit.float(name, 1)]);
  const inner = approximate
    ? emit.step(name, "Tanh", [times(emit.step(name, "Mul", [x, plusOne(times(emit.step(name, "Square", [x]), 0.044715))]), Math.sqrt(2 / Math.PI))])
    : emit.step(name, "Erf", [times(x, Math.SQRT1_2)]);
  emit.result(name, "Mul", [times(x, 0.5), plusOne(inner)]);
}

function layerNorm({ emit, name, inputs, attributes: { epsilon } }: Expansion<"layerNorm">): void {
  const [x, gamma, beta] = inputs as [string, string, string];
  const mean = (value: string): string => emit.step(name, "Mean", [value, emit.ints(name, [-1])], { keep_dims: boolAttr(true) });
  const centred = emit.step(name, "Sub", [x, mean(x)]);
  const variance = mean(emit.step(name, "Square", [centred]));
  const inverseDeviation = emit.step(name, "Rsqrt", [emit.step(name, "AddV2", [variance, emit.float(name, epsilon)])]);
  const scaled = emit.step(name, "Mul", [emit.step(name, "Mul", [centred, inverseDeviation]), gamma]);
  emit.result(name, "AddV2", [scaled, beta]);
}

function known(node: { readonly name: string; readonly shapes: readonly Shape[] }, input: number, axis: number): number {
  const shape = node.shapes[input] ?? [];
  const dim = shape[axis] ?? null;
  if (dim === null) throw new GraftError({ where: `exporting node "${node.name}"`, what: `its input has the shape ${formatShape(shape)}`, wanted: `a fixed size of dimension ${axis}`, next: "Export with a fixed input size." });
  return dim;
}

function attention(node: Expansion<"attention">): void {
  const { emit, name, inputs, attributes } = node;
  const [query, key, value, mask] = inputs as [string, string, string, string];
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: string, input: number): string => {
    const shape = emit.ints(name, [-1, known(node, input, 1), attributes.heads, known(node, input, 2) / attributes.heads]);
    return emit.step(name, "Transpose", [emit.step(name, "Reshape", [x, shape]), emit.ints(name, [0, 2, 1, 3])]);
  };
  const scaled = emit.step(name, "Mul", [query, emit.float(name, attributes.scale)]);
  const scores = emit.step(name, "BatchMatMulV2", [split(scaled, 0), split(key, 1)], { adj_x: boolAttr(false), adj_y: boolAttr(true) });
  const masked = emit.step(name, "Mul", [emit.step(name, "Sub", [emit.float(name, 1), mask]), emit.float(name, -1e9)]);
  const bias = emit.step(name, "Reshape", [masked, emit.ints(name, [-1, 1, 1, known(node, 1, 1)])]);
  const biased = emit.step(name, "AddV2", [scores, bias]);
  const weights = emit.step(name, "Softmax", [attributes.causal ? emit.step(name, "AddV2", [biased, futureBias(node)]) : biased]);
  const mixed = emit.step(name, "BatchMatMulV2", [weights, split(value, 2)], { adj_x: boolAttr(false), adj_y: boolAttr(false) });
  const joined = emit.step(name, "Transpose", [mixed, emit.ints(name, [0, 2, 1, 3])]);
  emit.result(name, "Reshape", [joined, emit.ints(name, [-1, known(node, 0, 1), known(node, 2, 2)])]);
}

/** Keeps a token from those after it: [1, 1, tokens, keyTokens], below every masked score where the key comes later. */
function futureBias(node: Expansion<"attention">): string {
  const [tokens, keyTokens] = [known(node, 0, 1), known(node, 1, 1)];
  const values = Float32Array.from({ length: tokens * keyTokens }, (_, i) => (i % keyTokens > Math.floor(i / keyTokens) ? -2e9 : 0));
  return node.emit.constant(node.name, [1, 1, tokens, keyTokens], "float32", values);
}

function addTimingSignal(node: Expansion<"addTimingSignal">): void {
  const { emit, name, inputs, attributes } = node;
  const [x, mask] = inputs as [string, string];
  const [tokens, width] = [known(node, 0, 1), known(node, 0, 2)];
  const signal = emit.constant(name, [1, tokens, width], "float32", timingSignal(tokens, width, attributes));
  const column = emit.step(name, "ExpandDims", [mask, emit.constant(name, [], "int32", [-1])]);
  emit.result(name, "AddV2", [x, emit.step(name, "Mul", [column, signal])]);
}

function maskedMean({ emit, name, inputs }: Expansion<"maskedMean">): void {
  const [x, mask] = inputs as [string, string];
  const column = emit.step(name, "ExpandDims", [mask, emit.constant(name, [], "int32", [-1])]);
  const sum = emit.step(name, "Sum", [emit.step(name, "Mul", [x, column]), emit.ints(name, [1])], { keep_dims: boolAttr(false) });
  const count = emit.step(name, "Sum", [mask, emit.ints(name, [1])], { keep_dims: boolAttr(true) });
  emit.result(name, "RealDiv", [sum, emit.step(name, "Maximum", [count, emit.float(name, 1)])]);
}

export const expansions: { readonly [Op in OpName]: Expand<Op> } = {
  constant: ({ emit, name, attributes: { shape, values, dtype } }) => {
    emit.stored(name, shape, dtype, dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values));
  },

  conv2d: convolution("Conv2D"),
  depthwiseConv2d: convolution("DepthwiseConv2dNative"),
  matMul: ({ emit, name, inputs, shapes, attributes: { transposeA, transposeB } }) =>
    shapes.every((shape) => shape.length === 2)
      ? emit.result(name, "MatMul", inputs, { transpose_a: boolAttr(transposeA), transpose_b: boolAttr(transposeB) })
      : emit.result(name, "BatchMatMulV2", inputs, { adj_x: boolAttr(transposeA), adj_y: boolAttr(transposeB) }),
  embedding: ({ emit, name, inputs }) => emit.result(name, "GatherV2", [...inputs, emit.constant(name, [], "int32", [0])], { batch_dims: { i: "0" } }),
  attention,

  batchNorm: ({ emit, name, inputs, attributes: { epsilon, activation } }) => {
    if (activation !== undefined) throw new Error(`"${name}" has its activation fused in, which is for execution only: the graph to write is the one before.`);
    emit.result(name, "FusedBatchNormV3", inputs, { epsilon: floatAttr(epsilon), data_format: textAttr("NHWC"), is_training: boolAttr(false) });
  },
  layerNorm,
  l2Normalize: ({ emit, name, inputs, attributes: { epsilon } }) => {
    const squares = emit.step(name, "Sum", [emit.step(name, "Square", inputs), emit.ints(name, [-1])], { keep_dims: boolAttr(true) });
    emit.result(name, "Mul", [...inputs, emit.step(name, "Rsqrt", [emit.step(name, "Maximum", [squares, emit.float(name, epsilon)])])]);
  },
  dropout: direct("Identity"),

  add: direct("AddV2"),
  subtract: direct("Sub"),
  multiply: direct("Mul"),
  divide: direct("RealDiv"),
  maximum: direct("Maximum"),
  minimum: direct("Minimum"),

  relu: direct("Relu"),
  relu6: direct("Relu6"),
  leakyRelu: ({ emit, name, inputs, attributes: { alpha } }) => emit.result(name, "LeakyRelu", inputs, { alpha: floatAttr(alpha) }),
  elu: direct("Elu"),
  sigmoid: direct("Sigmoid"),
  hardSigmoid: ({ emit, name, inputs }) =>
    emit.result(name, "RealDiv", [emit.step(name, "Relu6", [emit.step(name, "AddV2", [...inputs, emit.float(name, 3)])]), emit.float(name, 6)]),
  tanh: direct("Tanh"),
  silu: ({ emit, name, inputs }) => emit.result(name, "Mul", [...inputs, emit.step(name, "Sigmoid", inputs)]),
  gelu,
  softmax: direct("Softmax"),
  softplus: direct("Softplus"),
  exp: direct("Exp"),
  sqrt: direct("Sqrt"),
  square: direct("Square"),
  negate: direct("Neg"),

  mean: reduction("Mean"),
  sum: reduction("Sum"),
  max: reduction("Max"),
  maxPool2d: (node) => pool("MaxPool", node),
  averagePool2d: (node) => pool("AvgPool", node),

  reshape: ({ emit, name, inputs, attributes: { shape } }) => emit.result(name, "Reshape", [...inputs, emit.ints(name, shape)]),
  transpose: ({ emit, name, inputs, attributes: { permutation } }) => emit.result(name, "Transpose", [...inputs, emit.ints(name, permutation)]),
  concat: ({ emit, name, inputs, attributes: { axis } }) => emit.result(name, "ConcatV2", [...inputs, emit.constant(name, [], "int32", [axis])], { N: { i: String(inputs.length) } }),
  slice: ({ emit, name, inputs, attributes: { begin, size } }) => emit.result(name, "Slice", [...inputs, emit.ints(name, begin), emit.ints(name, size)]),
  pad: ({ emit, name, inputs, attributes: { paddings } }) => emit.result(name, "Pad", [...inputs, emit.constant(name, [paddings.length, 2], "int32", paddings.flat())]),
  resize2d: ({ emit, name, inputs, attributes: { height, width, method, alignCorners, halfPixelCenters } }) =>
    emit.result(name, method === "bilinear" ? "ResizeBilinear" : "ResizeNearestNeighbor", [...inputs, emit.ints(name, [height, width])], {
      align_corners: boolAttr(alignCorners),
      half_pixel_centers: boolAttr(halfPixelCenters),
    }),
  cast: ({ emit, name, inputs, dtypes, attributes: { dtype } }) => emit.result(name, "Cast", inputs, { SrcT: typeAttr(dtypes[0] ?? "float32"), DstT: typeAttr(dtype) }),

  paddingMask: ({ emit, name, inputs, attributes: { paddingId } }) => {
    const isToken = emit.step(name, "NotEqual", [...inputs, emit.constant(name, [], "int32", [paddingId])], { T: typeAttr("int32") });
    emit.result(name, "Cast", [isToken], { SrcT: { type: "DT_BOOL" }, DstT: typeAttr("float32") });
  },
  addTimingSignal,
  maskedMean,
};
