/** Convolutions, matrix products, pools and batch norms; what is fused to them becomes nodes of its own. */
import type { OpAttributes, Padding } from "../../../graph/types.ts";
import { type Reading, refuse } from "../reading.ts";
import { nodeOf, type TfNode } from "../tf-nodes.ts";
import { type Convert, type PlainOp, refuseChannelsFirst } from "./convert.ts";
import { prelu } from "./elementwise.ts";

type Pair = readonly [number, number];

/** Sizes above this are a damaged file's: nobody strides or pools over so much. */
const maxWindow = 65536;

function pairOf(node: TfNode, attribute: string): Pair {
  const values = node.attr.integers(attribute);
  const [batch = 1, height = 1, width = 1, channels = 1] = values;
  if (batch !== 1 || channels !== 1 || height < 1 || width < 1 || Math.max(height, width) > maxWindow) throw refuse(node, `${attribute} is [${values.join(", ")}]`, "[1, height, width, 1]");
  return [height, width];
}

function paddingOf(node: TfNode): Padding {
  const padding = node.attr.text("padding", "VALID");
  if (padding === "SAME") return "same";
  if (padding === "VALID") return "valid";
  const [, , top = 0, bottom = 0, left = 0, right = 0] = node.attr.integers("explicit_paddings");
  if (padding === "EXPLICIT") return [[top, bottom], [left, right]];
  throw refuse(node, `its padding is "${padding}"`, "SAME, VALID or EXPLICIT");
}

const activations: Readonly<Record<string, PlainOp>> = { Relu: "relu", Relu6: "relu6", Elu: "elu", Sigmoid: "sigmoid", Tanh: "tanh" };

/** Adds the activation that is `node`. `alpha` is the name of a fused Prelu's slopes. */
function activate(node: TfNode, reading: Reading, activation: string, x: string, layer: string, alpha: string | undefined): void {
  const plain = Object.hasOwn(activations, activation) ? activations[activation] : undefined;
  if (plain !== undefined) reading.add(node, plain, [x], {});
  else if (activation === "LeakyRelu") reading.add(node, "leakyRelu", [x], { alpha: node.attr.number("leakyrelu_alpha", 0.2) });
  else if (activation === "Prelu" && alpha !== undefined) prelu(node, reading, x, reading.parameter(alpha, layer, "alpha"));
  else throw refuse(node, `its fused activation is "${activation}"`, `${Object.keys(activations).join(", ")}, LeakyRelu or Prelu`);
}

type Kernel = "conv2d" | "depthwiseConv2d" | "matMul" | "convTranspose2d";

/** The product of x and a kernel, and then whatever is fused to it. The last step is `node`; its inputs are those of `source`. */
function withKernel<Op extends Kernel>(node: TfNode, reading: Reading, op: Op, attributes: OpAttributes[Op], x: string, source = node): void {
  const fused = source.attr.texts("fused_ops");
  const [bias, activation] = fused;
  if (fused.length > 2 || (bias !== undefined && bias !== "BiasAdd")) throw refuse(source, `it fuses ${fused.join(", ")}`, "BiasAdd and an activation");
  const kernelName = reading.input(source, 1);
  const layer = reading.layerOf(kernelName);
  const product = reading.add(node, op, [x, reading.parameter(kernelName, layer, "kernel")], attributes, bias && op);
  reading.setLayer(product, layer);
  if (bias === undefined) return;
  const sum = reading.add(node, "add", [product, reading.parameter(reading.input(source, 2), layer, "bias")], {}, activation && "biasAdd");
  if (activation !== undefined) activate(node, reading, activation, sum, layer, source.inputs[3]);
}

type Convolution = "conv2d" | "depthwiseConv2d";

const convolution =
  (op: Convolution): Convert =>
  (node, reading) => {
    refuseChannelsFirst(node);
    withKernel(node, reading, op, { strides: pairOf(node, "strides"), dilations: pairOf(node, "dilations"), padding: paddingOf(node) }, reading.operand(node, 0));
  };

const convolutions: Readonly<Record<string, Convolution>> = {
  Conv2D: "conv2d",
  _FusedConv2D: "conv2d",
  DepthwiseConv2d: "depthwiseConv2d",
  DepthwiseConv2dNative: "depthwiseConv2d",
  FusedDepthwiseConv2dNative: "depthwiseConv2d",
};

/**
 * A dilated convolution as converters write it: SpaceToBatchND, a convolution, and BatchToSpaceND, which is `node`. -> whether it
 * is one, and then added. What the padding adds beyond the crops is padding of the convolution.
 */
export function dilatedConvolution(node: TfNode, reading: Reading): boolean {
  const inner = reading.nodes.get(nodeOf(node.inputs[0] ?? ""));
  const spread = reading.nodes.get(nodeOf(inner?.inputs[0] ?? ""));
  const op = inner && Object.hasOwn(convolutions, inner.op) ? convolutions[inner.op] : undefined;
  if (inner === undefined || op === undefined || spread?.op !== "SpaceToBatchND") return false;
  const [block, outer, paddings, crops] = [reading.numbers(spread, 1), reading.numbers(node, 1), reading.numbers(spread, 2), reading.numbers(node, 2)];
  const [height = 0, width = 0] = block;
  const isPlain = [...pairOf(inner, "strides"), ...pairOf(inner, "dilations")].every((each) => each === 1) && paddingOf(inner) === "valid";
  if (!isPlain || block.length !== 2 || block.join() !== outer.join() || paddings.length !== 4 || crops.length !== 4 || crops[0] !== 0 || crops[2] !== 0) return false;
  const [top, bottom, left, right] = paddings.map((padding, i) => padding - (crops[i] as number)) as [number, number, number, number];
  if (Math.min(top, bottom, left, right) < 0) return false;
  withKernel(node, reading, op, { strides: [1, 1], dilations: [height, width], padding: [[top, bottom], [left, right]] }, reading.operand(spread, 0), inner);
  return true;
}

/**
 * The gradient of a convolution's input; inputs are (output shape, kernel [h, w, out, in], x). Where padding is "same", the size of
 * the result need not be a multiple of the stride: then the padding is what that convolution would have had.
 */
function convTranspose(node: TfNode, reading: Reading): void {
  refuseChannelsFirst(node);
  const x = reading.operand(node, 2);
  const wanted = reading.sizes(node, 0);
  const strides = pairOf(node, "strides");
  const given = paddingOf(node);
  if (pairOf(node, "dilations").some((dilation) => dilation !== 1)) throw refuse(node, "it is dilated", "a transposed convolution without dilations");
  const kernel = reading.known(reading.input(node, 1))?.shape ?? reading.shapeOf(reading.operand(node, 1));
  const sides = ([0, 1] as const).map((side) => {
    const [size, target, width] = [reading.shapeOf(x)[side + 1] ?? null, wanted[side + 1], kernel[side] ?? 1];
    if (size === null || typeof target !== "number") throw refuse(node, "the size of its result depends on the input", "a fixed size");
    const excess = (size - 1) * strides[side] + width - target;
    const padding: Pair = typeof given !== "string" ? given[side] : given === "valid" ? [0, 0] : [Math.floor(Math.max(excess, 0) / 2), Math.ceil(Math.max(excess, 0) / 2)];
    return { padding, outputPadding: padding[0] + padding[1] - excess, isMultiple: size * strides[side] === target };
  }) as [Side, Side];
  const isSame = given === "same" && sides.every(({ isMultiple }) => isMultiple);
  const outputPadding: Pair = isSame ? [0, 0] : [sides[0].outputPadding, sides[1].outputPadding];
  if (outputPadding.some((size, side) => size < 0 || size >= (strides[side] as number))) throw refuse(node, "the size of its result is none that its padding and strides give", "another size");
  const padding = isSame || given === "valid" ? given : ([sides[0].padding, sides[1].padding] as const);
  const layer = reading.layerOf(reading.input(node, 1));
  const result = reading.add(node, "convTranspose2d", [x, reading.parameter(reading.input(node, 1), layer, "kernel")], { strides, dilations: [1, 1], padding, outputPadding });
  reading.setLayer(result, layer);
}

interface Side {
  readonly padding: Pair;
  readonly outputPadding: number;
  /** Whether the result is the stride times as large. */
  readonly isMultiple: boolean;
}

const pool =
  (op: "maxPool2d" | "averagePool2d"): Convert =>
  (node, reading) => {
    refuseChannelsFirst(node);
    reading.add(node, op, [reading.operand(node, 0)], { poolSize: pairOf(node, "ksize"), strides: pairOf(node, "strides"), padding: paddingOf(node) });
  };

const matMul =
  (transposeA: string, transposeB: string): Convert =>
  (node, reading) =>
    withKernel(node, reading, "matMul", { transposeA: node.attr.boolean(transposeA, false), transposeB: node.attr.boolean(transposeB, false) }, reading.operand(node, 0));

function biasAdd(node: TfNode, reading: Reading): void {
  refuseChannelsFirst(node);
  const x = reading.operand(node, 0);
  const name = reading.input(node, 1);
  reading.add(node, "add", [x, reading.parameter(name, reading.layerBehind(x) ?? reading.layerOf(name), "bias")], {});
}

function batchNorm(node: TfNode, reading: Reading): void {
  refuseChannelsFirst(node);
  if (node.attr.boolean("is_training", false)) throw refuse(node, "it is made for training", "one that uses stored statistics: convert the model for inference");
  const x = reading.operand(node, 0);
  const layer = reading.layerOf(reading.input(node, 1));
  const parameters = (["gamma", "beta", "mean", "variance"] as const).map((kind, i) => reading.parameter(reading.input(node, i + 1), layer, kind, i < 2 ? "weight" : "statistic"));
  reading.add(node, "batchNorm", [x, ...parameters], { epsilon: node.attr.number("epsilon", 1e-3), momentum: 0.99 });
}

export const kernels: Readonly<Record<string, Convert>> = {
  ...Object.fromEntries(Object.entries(convolutions).map(([name, op]) => [name, convolution(op)])),
  Conv2DBackpropInput: convTranspose,
  MatMul: matMul("transpose_a", "transpose_b"),
  _FusedMatMul: matMul("transpose_a", "transpose_b"),
  BatchMatMul: matMul("adj_x", "adj_y"),
  BatchMatMulV2: matMul("adj_x", "adj_y"),
  BiasAdd: biasAdd,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  MaxPool: pool("maxPool2d"),
  AvgPool: pool("averagePool2d"),
};
