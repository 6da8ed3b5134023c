/** Each op of the graph as an expression of PyTorch, exhaustive over OpAttributes. Values of images have their channels first, kernels are PyTorch's own. */
import type { DType, Shape } from "../../core/shape.ts";
import type { OpAttributes, OpName } from "../../graph/types.ts";
import type { HelperName } from "./helpers.ts";
import { averagePool, convolution, convolutionTranspose, maxPool, pad, resize } from "./images.ts";
import { argMax, broadcastLike, gather, oneHot, positionIds, scatterElements, scatterNd, slice, stridedSlice, topKIndices } from "./indexing.ts";
import { literal, numberText, pythonBoolean, tensorText, tupleText } from "./python.ts";

export interface Call<Op extends OpName> {
  /** Of the node. */
  readonly name: string;
  readonly attributes: OpAttributes[Op];
  /** Names or attributes of Python, which need no brackets. */
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  readonly dtypes: readonly DType[];
  /** The name of a helper that model.py then defines. */
  readonly use: (helper: HelperName) => string;
}

export type Express<Op extends OpName> = (call: Call<Op>) => string;

const operator =
  (sign: string): Express<OpName> =>
  ({ inputs: [a, b] }) =>
    `${a} ${sign} ${b}`;

const applied =
  (call: string, ...others: readonly string[]): Express<OpName> =>
  ({ inputs }) =>
    `${call}(${[...inputs, ...others].join(", ")})`;

const reduction =
  (method: "mean" | "sum" | "amax" | "amin"): Express<"mean" | "sum" | "max" | "min"> =>
  ({ inputs: [x], dtypes: [dtype], attributes: { axes, keepDims } }) =>
    `${x}.${method}(${axes.length === 1 ? axes[0] : tupleText(axes)}${keepDims ? ", keepdim=True" : ""}${method === "sum" && dtype === "int32" ? ", dtype=torch.int32" : ""})`;

const lastOf = (shape: Shape | undefined): number => shape?.at(-1) ?? 0;

function matMul({ inputs: [a, b, bias], shapes, attributes: { transposeA, transposeB } }: Call<"matMul">): string {
  if (transposeB && !transposeA && shapes[1]?.length === 2) return `F.linear(${[a, b, bias].filter((each) => each !== undefined).join(", ")})`;
  return `${a}${transposeA ? ".transpose(-1, -2)" : ""} @ ${b}${transposeB ? ".transpose(-1, -2)" : ""}${bias === undefined ? "" : ` + ${bias}`}`;
}

const relations = { equal: "==", notEqual: "!=", less: "<", lessEqual: "<=", greater: ">", greaterEqual: ">=" } as const;

/** PyTorch's product takes one axis at a time. */
function product({ inputs: [x], dtypes: [dtype], attributes: { axes, keepDims }, shapes: [shape = []] }: Call<"product">): string {
  const sorted = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => b - a);
  return `${x}${sorted.map((axis) => `.prod(${axis}${keepDims ? ", keepdim=True" : ""}${dtype === "int32" ? ", dtype=torch.int32" : ""})`).join("")}`;
}

/** What a move of axes is for; an expression is the end of its line. */
const moves: Readonly<Record<string, string>> = { "0,3,1,2": "  # channels first", "0,2,3,1": "  # channels last" };

export const expressions: { readonly [Op in OpName]: Express<Op> } = {
  constant: ({ attributes: { shape, values, dtype } }) => tensorText(values, shape, dtype),

  conv2d: convolution,
  depthwiseConv2d: convolution,
  convTranspose2d: convolutionTranspose,
  matMul,
  embedding: ({ inputs: [table, ids] }) => `F.embedding(${ids}, ${table})`,
  attention: ({ use, inputs, attributes: { heads, scale, causal, keyValueHeads = heads } }) => {
    const options = [`heads=${literal("heads", heads)}`, `scale=${literal("scale", scale)}`, ...(causal ? ["causal=True"] : []), ...(keyValueHeads === heads ? [] : [`key_value_heads=${literal("key_value_heads", keyValueHeads)}`])];
    return `${use("attention")}(${[...inputs, ...options].join(", ")})`;
  },
  rotaryEmbedding: ({ use, inputs, attributes: { heads, frequencies } }) => `${use("rotary_embedding")}(${inputs.join(", ")}, heads=${literal("heads", heads)}, frequencies=${literal("frequencies", tupleText(frequencies.map((each) => numberText(each))))})`,

  batchNorm: ({ name, inputs: [x, gamma, beta, mean, variance], attributes: { epsilon, momentum, activation } }) => {
    if (activation !== undefined) throw new Error(`"${name}" has its activation fused in, which is for execution only: the graph to write is the one before.`);
    return `F.batch_norm(${x}, ${mean}, ${variance}, ${gamma}, ${beta}, self.training, momentum=${literal("momentum", shareOfBatch(momentum))}, eps=${literal("epsilon", epsilon)})`;
  },
  layerNorm: ({ inputs: [x, gamma, beta], shapes, attributes: { epsilon } }) => `F.layer_norm(${x}, (${literal("width", lastOf(shapes[0]) || lastOf(shapes[1]))},), ${gamma}, ${beta}, eps=${literal("epsilon", epsilon)})`,
  rmsNorm: ({ use, inputs, attributes: { epsilon } }) => `${use("rms_norm")}(${inputs.join(", ")}, ${literal("epsilon", epsilon)})`,
  l2Normalize: ({ inputs: [x], attributes: { epsilon } }) => `${x} * ${x}.square().sum(-1, keepdim=True).clamp(min=${numberText(epsilon)}).rsqrt()`,
  dropout: ({ inputs: [x], attributes: { rate } }) => `F.dropout(${x}, ${literal("dropout", rate)}, self.training)`,

  add: operator("+"),
  subtract: operator("-"),
  multiply: operator("*"),
  divide: ({ inputs: [a, b], dtypes }) => (dtypes.every((dtype) => dtype === "int32") ? `torch.div(${a}, ${b}, rounding_mode="floor")` : `${a} / ${b}`),
  maximum: applied("torch.maximum"),
  minimum: applied("torch.minimum"),
  power: applied("torch.pow"),
  modulo: ({ inputs, attributes: { truncated } }) => `torch.${truncated ? "fmod" : "remainder"}(${inputs.join(", ")})`,
  compare: ({ inputs: [a, b], attributes: { relation } }) => `(${a} ${relations[relation]} ${b}).int()`,
  select: ({ inputs: [condition, a, b] }) => `torch.where(${condition} != 0, ${a}, ${b})`,

  relu: applied("F.relu"),
  relu6: applied("F.relu6"),
  leakyRelu: ({ inputs: [x], attributes: { alpha } }) => `F.leaky_relu(${x}, ${literal("slope", alpha)})`,
  elu: applied("F.elu"),
  sigmoid: applied("torch.sigmoid"),
  hardSigmoid: applied("F.hardsigmoid"),
  tanh: applied("torch.tanh"),
  silu: applied("F.silu"),
  gelu: ({ inputs: [x], attributes: { approximate } }) => `F.gelu(${x}${approximate ? ', approximate="tanh"' : ""})`,
  softmax: applied("F.softmax", "dim=-1"),
  softplus: applied("F.softplus"),
  exp: applied("torch.exp"),
  sqrt: applied("torch.sqrt"),
  square: applied("torch.square"),
  negate: ({ inputs: [x] }) => `-${x}`,
  abs: applied("torch.abs"),
  sign: applied("torch.sign"),
  log: applied("torch.log"),
  sin: applied("torch.sin"),
  cos: applied("torch.cos"),
  tan: applied("torch.tan"),
  asin: applied("torch.asin"),
  acos: applied("torch.acos"),
  atan: applied("torch.atan"),
  sinh: applied("torch.sinh"),
  cosh: applied("torch.cosh"),
  asinh: applied("torch.asinh"),
  acosh: applied("torch.acosh"),
  atanh: applied("torch.atanh"),
  erf: applied("torch.erf"),
  floor: applied("torch.floor"),
  ceil: applied("torch.ceil"),
  round: applied("torch.round"),
  fakeQuantize: ({ use, inputs: [x], attributes: { scale, zeroPoint, min, max } }) => `${use("fake_quantize")}(${[x, literal("scale", numberText(scale)), literal("zero_point", zeroPoint), literal("low", min), literal("high", max)].join(", ")})`,

  mean: reduction("mean"),
  sum: reduction("sum"),
  max: reduction("amax"),
  min: reduction("amin"),
  product,
  argMax,
  topKIndices,
  cumulativeSum: ({ use, inputs: [x], attributes: { axis, exclusive, reverse } }) => `${use("cumulative_sum")}(${x}, ${axis}, ${pythonBoolean(exclusive)}, ${pythonBoolean(reverse)})`,
  maxPool2d: maxPool,
  averagePool2d: averagePool,

  reshape: ({ inputs: [x], attributes: { shape } }) => `${x}.reshape(${shape.length === 0 ? "()" : shape.map((size) => (size > 1 ? literal("size", size) : size)).join(", ")})`,
  transpose: ({ inputs: [x], attributes: { permutation } }) => `${x}.permute(${permutation.join(", ")})${moves[permutation.join()] ?? ""}`,
  concat: ({ inputs, attributes: { axis } }) => `torch.cat([${inputs.join(", ")}], dim=${axis})`,
  slice,
  stridedSlice,
  reverse: ({ inputs: [x], attributes: { axes } }) => `${x}.flip(${tupleText(axes)})`,
  tile: ({ inputs: [x], attributes: { repeats } }) => `${x}.tile(${tupleText(repeats)})`,
  broadcastTo: ({ inputs: [x], attributes: { shape } }) => `${x}.expand(${shape.join(", ")})`,
  broadcastLike,
  pad,
  resize2d: resize,
  cast: ({ inputs: [x], attributes: { dtype } }) => `${x}.to(torch.${dtype})`,

  gather,
  gatherElements: ({ use, inputs: [x, indices], attributes: { axis } }) => `${x}.gather(${axis}, ${use("places_of")}(${indices}, ${x}.shape[${axis}]))`,
  gatherNd: ({ use, inputs, attributes: { batchDims } }) => `${use("gather_nd")}(${inputs.join(", ")}, ${batchDims})`,
  scatterElements,
  scatterNd,
  oneHot,

  paddingMask: ({ inputs: [ids], attributes: { paddingId } }) => `(${ids} != ${paddingId}).float()`,
  positionIds,
  addTimingSignal: ({ use, inputs: [x, mask], attributes: { minTimescale, maxTimescale } }) => `${x} + ${mask}[..., None] * ${use("timing_signal")}(${x}, ${numberText(minTimescale)}, ${numberText(maxTimescale)})`,
  maskedMean: ({ use, inputs }) => `${use("masked_mean")}(${inputs.join(", ")})`,
};

/** PyTorch's momentum is the share of a running statistic that the batch gives; rounded as the shortest text of the difference of two decimals. */
export function shareOfBatch(momentum: number): number {
  return Number((1 - momentum).toPrecision(12));
}
