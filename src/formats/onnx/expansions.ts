/**
 * Each op of the graph in ONNX's standard ops, exhaustive over OpAttributes. What an op means is in engine/ops; this says the same
 * for inference. Images have their channels first, kernels are PyTorch's own, and a bias may be a last input.
 */
import type { OpName, ScatterReduction } from "../../graph/types.ts";
import { dataTypeOf, float, text } from "./emitter.ts";
import { alike, binary, castTo, direct, type Expand, type Expansion, meanOfLast, ofFloats, reduce } from "./expansion.ts";
import { convolution, convolutionTranspose, pad, pool, resize } from "./image-expansions.ts";
import { addTimingSignal, attention, broadcastLike, maskedMean, paddingMask, positionIds, rotaryEmbedding } from "./token-expansions.ts";

/** Beyond every axis. */
const end = 2 ** 31 - 1;

const reduction =
  (opType: string): Expand<"mean" | "sum" | "max" | "min" | "product"> =>
  ({ emit, name, inputs, attributes: { axes, keepDims } }) =>
    emit.result(name, ...reduce(emit, opType, inputs[0] as string, axes, keepDims));

function matMul({ emit, name, inputs, shapes, attributes: { transposeA, transposeB } }: Expansion<"matMul">): void {
  const [a, b, bias] = inputs as [string, string, string?];
  if (shapes.slice(0, 2).every((shape) => shape.length === 2)) return emit.result(name, "Gemm", inputs, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
  const turned = (x: string, rank: number): string => emit.step(name, "Transpose", [x], { perm: Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)) });
  const factors = [transposeA ? turned(a, shapes[0]?.length ?? 0) : a, transposeB ? turned(b, shapes[1]?.length ?? 0) : b];
  if (bias === undefined) emit.result(name, "MatMul", factors);
  else emit.result(name, "Add", [emit.step(name, "MatMul", factors), bias]);
}

function gelu({ emit, name, inputs, attributes: { approximate } }: Expansion<"gelu">): void {
  const [x] = inputs as [string];
  const times = (a: string, value: number): string => emit.step(name, "Mul", [a, emit.scalar(value)]);
  const plusOne = (a: string): string => emit.step(name, "Add", [a, emit.scalar(1)]);
  const inner = approximate
    ? emit.step(name, "Tanh", [times(emit.step(name, "Mul", [x, plusOne(times(emit.step(name, "Mul", [x, x]), 0.044715))]), Math.sqrt(2 / Math.PI))])
    : emit.step(name, "Erf", [times(x, Math.SQRT1_2)]);
  emit.result(name, "Mul", [times(x, 0.5), plusOne(inner)]);
}

/** ONNX rounds a quotient of integers towards 0, TensorFlow.js down. */
function divide(node: Expansion<"divide">): void {
  const { emit, name, inputs, dtypes } = node;
  if (!dtypes.every((dtype) => dtype === "int32")) return emit.result(name, "Div", alike(node));
  const quotient = emit.step(name, "Div", inputs.map((input) => castTo(emit, name, input, "float32")));
  emit.result(name, "Cast", [emit.step(name, "Floor", [quotient])], { to: dataTypeOf("int32") });
}

/** ONNX has no Mod with the divisor's sign for floats. */
function modulo(node: Expansion<"modulo">): void {
  const { emit, name, dtypes, attributes: { truncated } } = node;
  const [a, b] = alike(node) as [string, string];
  if (truncated) return emit.result(name, "Mod", [a, b], { fmod: 1 });
  if (dtypes.every((dtype) => dtype === "int32")) return emit.result(name, "Mod", [a, b], { fmod: 0 });
  const rest = emit.step(name, "Mod", [a, b], { fmod: 1 });
  const differs = emit.step(name, "Less", [emit.step(name, "Mul", [emit.step(name, "Sign", [rest]), emit.step(name, "Sign", [b])]), emit.scalar(0)]);
  emit.result(name, "Where", [differs, emit.step(name, "Add", [rest, b]), rest]);
}

const relations = { equal: "Equal", notEqual: "Equal", less: "Less", lessEqual: "LessOrEqual", greater: "Greater", greaterEqual: "GreaterOrEqual" } as const;

function compare(node: Expansion<"compare">): void {
  const { emit, name, attributes: { relation } } = node;
  const holds = emit.step(name, relations[relation], alike(node));
  emit.result(name, "Cast", [relation === "notEqual" ? emit.step(name, "Not", [holds]) : holds], { to: dataTypeOf("int32") });
}

function select(node: Expansion<"select">): void {
  const { emit, name, inputs, dtypes } = node;
  const isTrue = emit.step(name, "Not", [emit.step(name, "Equal", [inputs[0] as string, emit.scalar(0, dtypes[0])])]);
  emit.result(name, "Where", [isTrue, ...alike({ ...node, inputs: inputs.slice(1), dtypes: dtypes.slice(1) })]);
}

function argMax({ emit, name, inputs, attributes: { axis, keepDims, of } }: Expansion<"argMax">): void {
  const place = emit.step(name, of === "max" ? "ArgMax" : "ArgMin", inputs, { axis, keepdims: keepDims ? 1 : 0, select_last_index: 0 });
  emit.result(name, "Cast", [place], { to: dataTypeOf("int32") });
}

function topKIndices({ emit, name, inputs, attributes: { k, largest } }: Expansion<"topKIndices">): void {
  const places = emit.second(name, "TopK", [...inputs, emit.ints([k])], { axis: -1, largest: largest ? 1 : 0, sorted: 1 });
  emit.result(name, "Cast", [places], { to: dataTypeOf("int32") });
}

/** ONNX's OneHot counts negative places from the end; here they are nowhere. */
function oneHot({ emit, name, inputs, shapes, attributes: { depth, axis = -1 } }: Expansion<"oneHot">): void {
  const rank = shapes[0]?.length ?? 0;
  const along = axis < 0 ? axis + rank + 1 : axis;
  const places = emit.tensor(Int32Array.from({ length: depth }, (_, i) => i), [depth, ...Array.from({ length: rank - along }, () => 1)]);
  emit.result(name, "Cast", [emit.step(name, "Equal", [emit.step(name, "Unsqueeze", [...inputs, emit.ints([along])]), places])], { to: dataTypeOf("float32") });
}

/** Slice takes -1 for the last place, so what ends before the first says less than any. */
const reverse: Expand<"reverse"> = ({ emit, name, inputs, attributes: { axes } }) =>
  emit.result(name, "Slice", [...inputs, emit.ints(axes.map(() => -1)), emit.ints(axes.map(() => -end)), emit.ints(axes), emit.ints(axes.map(() => -1))]);

const axesOf = (values: readonly unknown[]): number[] => [...values.keys()];

/** Indices into several axes are int64 in ONNX. */
const longs = (emit: Expansion<OpName>["emit"], name: string, indices: string): string => emit.step(name, "Cast", [indices], { to: 7 });

const scatterReductions: Readonly<Record<ScatterReduction, string>> = { none: "none", add: "add", multiply: "mul", max: "max", min: "min" };

/** The version of the standard's ops that a graph needs: scattering by the larger or smaller came last. */
export function opsetFor(nodes: readonly { readonly op: string; readonly attributes: object }[]): number {
  const isLate = nodes.some(({ op, attributes }) => (op === "scatterElements" || op === "scatterNd") && "reduction" in attributes && (attributes.reduction === "max" || attributes.reduction === "min"));
  return isLate ? 18 : 17;
}

export const expansions: { readonly [Op in OpName]: Expand<Op> } = {
  constant: ({ emit, name, attributes: { shape, values, dtype } }) => emit.stored(emit.nameOf(name), shape, dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values)),

  conv2d: convolution,
  depthwiseConv2d: convolution,
  convTranspose2d: convolutionTranspose,
  matMul,
  embedding: direct("Gather", { axis: 0 }),
  attention,
  rotaryEmbedding,

  batchNorm: ({ emit, name, inputs, attributes: { epsilon, activation } }) => {
    if (activation !== undefined) throw new Error(`"${name}" has its activation fused in, which is for execution only: the graph to write is the one before.`);
    emit.result(name, "BatchNormalization", inputs, { epsilon: float(epsilon) });
  },
  layerNorm: ({ emit, name, inputs, attributes: { epsilon } }) => emit.result(name, "LayerNormalization", inputs, { axis: -1, epsilon: float(epsilon) }),
  rmsNorm: ({ emit, name, inputs, attributes: { epsilon } }) => {
    const [x, gamma] = inputs as [string, string];
    const root = emit.step(name, "Sqrt", [emit.step(name, "Add", [meanOfLast(emit, name, emit.step(name, "Mul", [x, x])), emit.scalar(epsilon)])]);
    emit.result(name, "Mul", [emit.step(name, "Div", [x, root]), gamma]);
  },
  l2Normalize: ({ emit, name, inputs, attributes: { epsilon } }) => {
    const [x] = inputs as [string];
    const squares = emit.step(name, ...reduce(emit, "ReduceSum", emit.step(name, "Mul", [x, x]), [-1], true));
    emit.result(name, "Div", [x, emit.step(name, "Sqrt", [emit.step(name, "Max", [squares, emit.scalar(epsilon)])])]);
  },
  dropout: direct("Identity"),

  add: binary("Add"),
  subtract: binary("Sub"),
  multiply: binary("Mul"),
  divide,
  maximum: binary("Max"),
  minimum: binary("Min"),
  power: binary("Pow"),
  modulo,
  compare,
  select,

  relu: direct("Relu"),
  relu6: ({ emit, name, inputs }) => emit.result(name, "Clip", [...inputs, emit.scalar(0), emit.scalar(6)]),
  leakyRelu: ({ emit, name, inputs, attributes: { alpha } }) => emit.result(name, "LeakyRelu", inputs, { alpha: float(alpha) }),
  elu: direct("Elu"),
  sigmoid: direct("Sigmoid"),
  hardSigmoid: direct("HardSigmoid", { alpha: float(1 / 6), beta: float(0.5) }),
  tanh: direct("Tanh"),
  silu: ({ emit, name, inputs }) => emit.result(name, "Mul", [...inputs, emit.step(name, "Sigmoid", inputs)]),
  gelu,
  softmax: direct("Softmax", { axis: -1 }),
  softplus: direct("Softplus"),
  exp: direct("Exp"),
  sqrt: direct("Sqrt"),
  square: ({ emit, name, inputs }) => emit.result(name, "Mul", [...inputs, ...inputs]),
  negate: direct("Neg"),
  abs: direct("Abs"),
  sign: direct("Sign"),
  log: ofFloats("Log"),
  sin: ofFloats("Sin"),
  cos: ofFloats("Cos"),
  tan: ofFloats("Tan"),
  asin: ofFloats("Asin"),
  acos: ofFloats("Acos"),
  atan: ofFloats("Atan"),
  sinh: ofFloats("Sinh"),
  cosh: ofFloats("Cosh"),
  asinh: ofFloats("Asinh"),
  acosh: ofFloats("Acosh"),
  atanh: ofFloats("Atanh"),
  erf: ofFloats("Erf"),
  floor: direct("Floor"),
  ceil: direct("Ceil"),
  round: direct("Round"),
  fakeQuantize: ({ emit, name, inputs, dtypes, attributes: { scale, zeroPoint, min, max } }) => {
    const x = dtypes[0] === "int32" ? inputs.map((input) => castTo(emit, name, input, "float32")) : inputs;
    const rounded = emit.step(name, "Round", [emit.step(name, "Div", [...x, emit.scalar(scale)])]);
    const kept = emit.step(name, "Clip", [emit.step(name, "Add", [rounded, emit.scalar(zeroPoint)]), emit.scalar(min), emit.scalar(max)]);
    emit.result(name, "Mul", [emit.step(name, "Sub", [kept, emit.scalar(zeroPoint)]), emit.scalar(scale)]);
  },

  mean: reduction("ReduceMean"),
  sum: reduction("ReduceSum"),
  max: reduction("ReduceMax"),
  min: reduction("ReduceMin"),
  product: reduction("ReduceProd"),
  argMax,
  topKIndices,
  cumulativeSum: ({ emit, name, inputs, attributes: { axis, exclusive, reverse: isReverse } }) => emit.result(name, "CumSum", [...inputs, emit.int(axis)], { exclusive: exclusive ? 1 : 0, reverse: isReverse ? 1 : 0 }),
  maxPool2d: (node) => pool("MaxPool", node, false),
  averagePool2d: (node) => pool("AveragePool", node, node.attributes.countPadding ?? false),

  reshape: ({ emit, name, inputs, attributes: { shape } }) => emit.result(name, "Reshape", [...inputs, emit.ints(shape)], { allowzero: shape.includes(0) ? 1 : 0 }),
  transpose: ({ emit, name, inputs, attributes: { permutation } }) => emit.result(name, "Transpose", inputs, { perm: permutation }),
  concat: (node) => node.emit.result(node.name, "Concat", alike(node), { axis: node.attributes.axis }),
  slice: ({ emit, name, inputs, attributes: { begin, size } }) =>
    emit.result(name, "Slice", [...inputs, emit.ints(begin), emit.ints(begin.map((from, axis) => (size[axis] === -1 ? end : from + (size[axis] as number)))), emit.ints(axesOf(begin))]),
  stridedSlice: ({ emit, name, inputs, attributes: { begin, end: ends, strides } }) =>
    emit.result(name, "Slice", [...inputs, emit.ints(begin), emit.ints(ends.map((each) => each ?? end)), emit.ints(axesOf(begin)), emit.ints(strides)]),
  reverse,
  tile: ({ emit, name, inputs, attributes: { repeats } }) => emit.result(name, "Tile", [...inputs, emit.ints(repeats)]),
  broadcastTo: ({ emit, name, inputs, attributes: { shape } }) => emit.result(name, "Expand", [...inputs, emit.ints(shape.map((dim) => (dim === -1 ? 1 : dim)))]),
  broadcastLike,
  pad,
  resize2d: resize,
  cast: ({ emit, name, inputs, attributes: { dtype } }) => emit.result(name, "Cast", inputs, { to: dataTypeOf(dtype) }),

  gather: ({ emit, name, inputs, attributes: { axis } }) => emit.result(name, "Gather", inputs, { axis }),
  gatherElements: ({ emit, name, inputs, attributes: { axis } }) => emit.result(name, "GatherElements", inputs, { axis }),
  gatherNd: ({ emit, name, inputs: [x, indices], attributes: { batchDims } }) => emit.result(name, "GatherND", [x as string, longs(emit, name, indices as string)], { batch_dims: batchDims }),
  scatterElements: ({ emit, name, inputs, attributes: { axis, reduction: by } }) => emit.result(name, "ScatterElements", inputs, { axis, reduction: text(scatterReductions[by]) }),
  scatterNd: ({ emit, name, inputs: [x, indices, updates], attributes: { reduction: by } }) =>
    emit.result(name, "ScatterND", [x as string, longs(emit, name, indices as string), updates as string], { reduction: text(scatterReductions[by]) }),
  oneHot,

  paddingMask,
  positionIds,
  addTimingSignal,
  maskedMean,
};
