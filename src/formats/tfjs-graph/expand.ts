/**
 * Each op of the graph as standard TensorFlow ops, exhaustive over OpAttributes. What an op means is in engine/ops; this says the
 * same in the words that TensorFlow.js's own executor knows, for inference.
 */
import type { OpName } from "../../graph/types.ts";
import * as indexing from "./expand-indexing.ts";
import * as sequences from "./expand-sequences.ts";
import * as windows from "./expand-windows.ts";
import type { Expand, Expansion } from "./expansion.ts";
import { boolAttr, floatAttr, textAttr, typeAttr } from "./node-def.ts";

/** An op with a counterpart of the same meaning. */
const direct =
  (op: string): Expand<OpName> =>
  ({ emit, name, inputs, dtypes }) =>
    emit.result(name, op, inputs, { T: typeAttr(dtypes[0] ?? "float32") });

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

const reduction =
  (op: string): Expand<"mean" | "sum" | "max" | "min" | "product"> =>
  ({ emit, name, inputs, attributes: { axes, keepDims } }) =>
    emit.result(name, op, [...inputs, emit.ints(name, axes)], { keep_dims: boolAttr(keepDims) });

export const expansions: { readonly [Op in OpName]: Expand<Op> } = {
  constant: ({ emit, name, attributes: { shape, values, dtype } }) => {
    emit.stored(name, shape, dtype, dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values));
  },

  conv2d: windows.conv2d,
  depthwiseConv2d: windows.depthwiseConv2d,
  convTranspose2d: windows.convTranspose2d,
  matMul: ({ emit, name, inputs, shapes, attributes: { transposeA, transposeB } }) =>
    shapes.every((shape) => shape.length === 2)
      ? emit.result(name, "MatMul", inputs, { transpose_a: boolAttr(transposeA), transpose_b: boolAttr(transposeB) })
      : emit.result(name, "BatchMatMulV2", inputs, { adj_x: boolAttr(transposeA), adj_y: boolAttr(transposeB) }),
  embedding: ({ emit, name, inputs }) => emit.result(name, "GatherV2", [...inputs, emit.constant(name, [], "int32", [0])], { batch_dims: { i: "0" } }),
  attention: sequences.attention,
  rotaryEmbedding: sequences.rotaryEmbedding,

  batchNorm: ({ emit, name, inputs, attributes: { epsilon, activation } }) => {
    if (activation !== undefined) throw new Error(`"${name}" has its activation fused in, which is for execution only: the graph to write is the one before.`);
    emit.result(name, "FusedBatchNormV3", inputs, { epsilon: floatAttr(epsilon), data_format: textAttr("NHWC"), is_training: boolAttr(false) });
  },
  layerNorm,
  rmsNorm: ({ emit, name, inputs, attributes: { epsilon } }) => {
    const [x, gamma] = inputs as [string, string];
    const mean = emit.step(name, "Mean", [emit.step(name, "Square", [x]), emit.ints(name, [-1])], { keep_dims: boolAttr(true) });
    const inverseRoot = emit.step(name, "Rsqrt", [emit.step(name, "AddV2", [mean, emit.float(name, epsilon)])]);
    emit.result(name, "Mul", [emit.step(name, "Mul", [x, inverseRoot]), gamma]);
  },
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
  power: direct("Pow"),
  modulo: ({ emit, name, inputs, attributes: { truncated } }) => {
    if (!truncated) return emit.result(name, "FloorMod", inputs);
    const [a, b] = inputs.map((x) => emit.step(name, "Abs", [x])) as [string, string];
    emit.result(name, "Mul", [emit.step(name, "Sign", [inputs[0] as string]), emit.step(name, "FloorMod", [a, b])]);
  },
  compare: ({ emit, name, inputs, attributes: { relation } }) => {
    const op = { equal: "Equal", notEqual: "NotEqual", less: "Less", lessEqual: "LessEqual", greater: "Greater", greaterEqual: "GreaterEqual" }[relation];
    emit.result(name, "Cast", [emit.step(name, op, inputs)], { SrcT: { type: "DT_BOOL" }, DstT: typeAttr("int32") });
  },
  select: indexing.select,

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
  abs: direct("Abs"),
  sign: direct("Sign"),
  log: direct("Log"),
  sin: direct("Sin"),
  cos: direct("Cos"),
  tan: direct("Tan"),
  asin: direct("Asin"),
  acos: direct("Acos"),
  atan: direct("Atan"),
  sinh: direct("Sinh"),
  cosh: direct("Cosh"),
  asinh: direct("Asinh"),
  acosh: direct("Acosh"),
  atanh: direct("Atanh"),
  erf: direct("Erf"),
  floor: direct("Floor"),
  ceil: direct("Ceil"),
  round: direct("Round"),
  fakeQuantize: ({ emit, name, inputs, attributes: { scale, zeroPoint, min, max } }) => {
    const step = (op: string, x: string, value: number): string => emit.step(name, op, [x, emit.float(name, value)]);
    const whole = step("AddV2", emit.step(name, "Round", [step("RealDiv", inputs[0] as string, scale)]), zeroPoint);
    emit.result(name, "Mul", [step("Sub", step("Minimum", step("Maximum", whole, min), max), zeroPoint), emit.float(name, scale)]);
  },

  mean: reduction("Mean"),
  sum: reduction("Sum"),
  max: reduction("Max"),
  min: reduction("Min"),
  product: reduction("Prod"),
  argMax: indexing.argMax,
  topKIndices: indexing.topKIndices,
  cumulativeSum: indexing.cumulativeSum,
  maxPool2d: windows.maxPool2d,
  averagePool2d: windows.averagePool2d,

  reshape: ({ emit, name, inputs, attributes: { shape } }) => emit.result(name, "Reshape", [...inputs, emit.ints(name, shape)]),
  transpose: ({ emit, name, inputs, attributes: { permutation } }) => emit.result(name, "Transpose", [...inputs, emit.ints(name, permutation)]),
  concat: ({ emit, name, inputs, attributes: { axis } }) => emit.result(name, "ConcatV2", [...inputs, emit.constant(name, [], "int32", [axis])], { N: { i: String(inputs.length) } }),
  slice: ({ emit, name, inputs, attributes: { begin, size } }) => emit.result(name, "Slice", [...inputs, emit.ints(name, begin), emit.ints(name, size)]),
  stridedSlice: indexing.stridedSlice,
  reverse: ({ emit, name, inputs, attributes: { axes } }) => emit.result(name, "ReverseV2", [...inputs, emit.ints(name, axes)]),
  tile: ({ emit, name, inputs, attributes: { repeats } }) => emit.result(name, "Tile", [...inputs, emit.ints(name, repeats)]),
  broadcastTo: indexing.broadcastTo,
  broadcastLike: indexing.broadcastLike,
  pad: indexing.pad,
  resize2d: ({ emit, name, inputs, attributes: { height, width, method, alignCorners, halfPixelCenters } }) =>
    emit.result(name, method === "bilinear" ? "ResizeBilinear" : "ResizeNearestNeighbor", [...inputs, emit.ints(name, [height, width])], {
      align_corners: boolAttr(alignCorners),
      half_pixel_centers: boolAttr(halfPixelCenters),
    }),
  cast: ({ emit, name, inputs, dtypes, attributes: { dtype } }) => emit.result(name, "Cast", inputs, { SrcT: typeAttr(dtypes[0] ?? "float32"), DstT: typeAttr(dtype) }),

  gather: indexing.gather,
  gatherElements: indexing.gatherElements,
  gatherNd: indexing.gatherNd,
  scatterElements: indexing.scatterElements,
  scatterNd: indexing.scatterNd,
  oneHot: indexing.oneHot,

  paddingMask: ({ emit, name, inputs, attributes: { paddingId } }) => {
    const isToken = emit.step(name, "NotEqual", [...inputs, emit.constant(name, [], "int32", [paddingId])], { T: typeAttr("int32") });
    emit.result(name, "Cast", [isToken], { SrcT: { type: "DT_BOOL" }, DstT: typeAttr("float32") });
  },
  positionIds: sequences.positionIds,
  addTimingSignal: sequences.addTimingSignal,
  maskedMean: sequences.maskedMean,
};
