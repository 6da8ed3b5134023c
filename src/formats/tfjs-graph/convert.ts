/** What each TensorFlow op becomes in the graph: one line or function per op. An op that is not here is not supported. */
import { GraftError } from "../../core/errors.ts";
import type { DType } from "../../core/shape.ts";
import type { OpAttributes, OpName, Padding } from "../../graph/types.ts";
import { reshapeExamples } from "../flatten-shapes.ts";
import type { Reading } from "./reading.ts";
import type { TfNode } from "./tf-nodes.ts";

type Convert = (node: TfNode, reading: Reading) => void;
/** Ops without attributes of their own. */
type PlainOp = { [Op in OpName]: OpAttributes[Op] extends Readonly<Record<string, never>> ? Op : never }[OpName];

function refuse(node: TfNode, what: string, wanted: string): GraftError {
  return new GraftError({ where: `node "${node.name}" (${node.op})`, what, wanted });
}

const operand = (node: TfNode, reading: Reading, index: number): string => reading.value(reading.input(node, index));

const unary =
  (op: PlainOp): Convert =>
  (node, reading) =>
    void reading.add(node, op, [operand(node, reading, 0)], {});

/** A vector added to what a kernel made is the layer's bias. */
const binary =
  (op: PlainOp): Convert =>
  (node, reading) => {
    const names = [reading.input(node, 0), reading.input(node, 1)];
    const values = new Map<string, string>();
    // Computed operands first: they say which layer a constant beside them belongs to.
    for (const name of names.toSorted((a, b) => Number(reading.isVector(a)) - Number(reading.isVector(b)))) {
      const layer = op === "add" && reading.isVector(name) ? [...values.values()].map((value) => reading.layerBehind(value)).find((each) => each !== undefined) : undefined;
      values.set(name, reading.value(name, layer));
    }
    reading.add(node, op, names.map((name) => values.get(name) as string), {});
  };

function dtypeOf(node: TfNode, attribute: string): DType {
  const type = node.attr.type(attribute);
  if (type === "DT_FLOAT") return "float32";
  if (type === "DT_INT32") return "int32";
  throw refuse(node, `its type is ${type}`, "DT_FLOAT or DT_INT32");
}

function placeholder(node: TfNode, reading: Reading): void {
  const shape = node.attr.shape("shape");
  if (shape === undefined || shape.length === 0) throw refuse(node, "its shape is not known", "an input with a batch dimension");
  const isImage = shape.length === 4;
  const free = (axis: number): boolean => axis === 0 || (isImage && reading.options.dynamicImageSize && axis < 3);
  reading.bind(node, reading.builder.input(reading.clean(node.name), shape.map((dim, axis) => (dim === -1 || free(axis) ? null : dim)), dtypeOf(node, "dtype")));
}

function pairOf(node: TfNode, attribute: string): readonly [number, number] {
  const values = node.attr.integers(attribute);
  const [batch = 1, height = 1, width = 1, channels = 1] = values;
  if (batch !== 1 || channels !== 1 || height < 1 || width < 1) throw refuse(node, `${attribute} is [${values.join(", ")}]`, "[1, height, width, 1]");
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

function refuseChannelsFirst(node: TfNode): void {
  const format = node.attr.text("data_format", "NHWC");
  if (format !== "NHWC") throw refuse(node, `its data format is ${format}`, "NHWC, channels last");
}

/** Adds the activation that is `node`, if it is one. */
function activate(node: TfNode, reading: Reading, activation: string, x: string): void {
  switch (activation) {
    case "Relu":
      return void reading.add(node, "relu", [x], {});
    case "Relu6":
      return void reading.add(node, "relu6", [x], {});
    case "Elu":
      return void reading.add(node, "elu", [x], {});
    case "Sigmoid":
      return void reading.add(node, "sigmoid", [x], {});
    case "LeakyRelu":
      return void reading.add(node, "leakyRelu", [x], { alpha: node.attr.number("leakyrelu_alpha", 0.2) });
    default:
      throw refuse(node, `its fused activation is "${activation}"`, "Relu, Relu6, Elu, Sigmoid or LeakyRelu");
  }
}

/** The product of x and a kernel, and then whatever is fused to it. The last step is `node`. */
function withKernel<Op extends "conv2d" | "depthwiseConv2d" | "matMul">(node: TfNode, reading: Reading, op: Op, attributes: OpAttributes[Op]): void {
  const fused = node.attr.texts("fused_ops");
  const [bias, activation] = fused;
  if (fused.length > 2 || (bias !== undefined && bias !== "BiasAdd")) throw refuse(node, `it fuses ${fused.join(", ")}`, "BiasAdd and an activation");
  const kernelName = reading.input(node, 1);
  const layer = reading.layerOf(kernelName);
  const x = operand(node, reading, 0);
  const product = reading.add(node, op, [x, reading.parameter(kernelName, layer, "kernel")], attributes, bias && op);
  reading.setLayer(product, layer);
  if (bias === undefined) return;
  const sum = reading.add(node, "add", [product, reading.parameter(reading.input(node, 2), layer, "bias")], {}, activation && "biasAdd");
  if (activation !== undefined) activate(node, reading, activation, sum);
}

const convolution =
  (op: "conv2d" | "depthwiseConv2d"): Convert =>
  (node, reading) => {
    refuseChannelsFirst(node);
    withKernel(node, reading, op, { strides: pairOf(node, "strides"), dilations: pairOf(node, "dilations"), padding: paddingOf(node) });
  };

const pool =
  (op: "maxPool2d" | "averagePool2d"): Convert =>
  (node, reading) => {
    refuseChannelsFirst(node);
    reading.add(node, op, [operand(node, reading, 0)], { poolSize: pairOf(node, "ksize"), strides: pairOf(node, "strides"), padding: paddingOf(node) });
  };

const matMul =
  (transposeA: string, transposeB: string): Convert =>
  (node, reading) =>
    withKernel(node, reading, "matMul", { transposeA: node.attr.boolean(transposeA, false), transposeB: node.attr.boolean(transposeB, false) });

function biasAdd(node: TfNode, reading: Reading): void {
  refuseChannelsFirst(node);
  const x = operand(node, reading, 0);
  const name = reading.input(node, 1);
  reading.add(node, "add", [x, reading.parameter(name, reading.layerBehind(x) ?? reading.layerOf(name), "bias")], {});
}

function batchNorm(node: TfNode, reading: Reading): void {
  refuseChannelsFirst(node);
  const x = operand(node, reading, 0);
  const layer = reading.layerOf(reading.input(node, 1));
  const parameters = (["gamma", "beta", "mean", "variance"] as const).map((kind, i) =>
    reading.parameter(reading.input(node, i + 1), layer, kind, i < 2 ? "weight" : "statistic"),
  );
  reading.add(node, "batchNorm", [x, ...parameters], { epsilon: node.attr.number("epsilon", 1e-4), momentum: 0.99 });
}

const reduction =
  (op: "mean" | "sum" | "max"): Convert =>
  (node, reading) =>
    void reading.add(node, op, [operand(node, reading, 0)], { axes: reading.numbers(node, 1), keepDims: node.attr.boolean("keep_dims", false) });

function reshape(node: TfNode, reading: Reading): void {
  const x = operand(node, reading, 0);
  const target = reading.numbers(node, 1);
  const free = target[0] === -1 && !target.includes(-1, 1);
  if (free) reading.add(node, "reshape", [x], { shape: target });
  else reshapeTo(node, reading, x, target);
}

/** A reshape that keeps the batch. The batch size that a file was made with, mostly 1, becomes free. */
function reshapeTo(node: TfNode, reading: Reading, x: string, target: readonly number[]): void {
  reading.add(node, "reshape", [x], { shape: reshapeExamples(reading.shapeOf(x), target.slice(1), `node "${node.name}" (${node.op})`) });
}

function squeeze(node: TfNode, reading: Reading): void {
  const x = operand(node, reading, 0);
  const shape = reading.shapeOf(x);
  const given = node.attr.integers("squeeze_dims");
  const axes = new Set(given.length > 0 ? given.map((axis) => (axis < 0 ? axis + shape.length : axis)) : shape.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
  if (axes.has(0) || [...axes].some((axis) => shape[axis] !== 1)) throw refuse(node, `it squeezes axes ${[...axes].join(", ")}`, "axes of size 1, not the batch");
  // Sizes that stay unknown are refused by the reshape.
  reshapeTo(node, reading, x, shape.filter((_, axis) => !axes.has(axis)).map((dim) => dim ?? -1));
}

function expandDims(node: TfNode, reading: Reading): void {
  const x = operand(node, reading, 0);
  const shape = reading.shapeOf(x);
  const [given = 0] = reading.numbers(node, 1);
  const axis = given < 0 ? given + shape.length + 1 : given;
  if (axis < 1 || axis > shape.length) throw refuse(node, `it adds axis ${given}`, "an axis after the batch");
  reshapeTo(node, reading, x, shape.toSpliced(axis, 0, 1).map((dim) => dim ?? -1));
}

function pad(node: TfNode, reading: Reading): void {
  const numbers = reading.numbers(node, 1);
  if (node.inputs.length > 2 && reading.numbers(node, 2)[0] !== 0) throw refuse(node, "it pads with another value", "zeros");
  const paddings = Array.from({ length: Math.floor(numbers.length / 2) }, (_, i) => [numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0] as const);
  reading.add(node, "pad", [operand(node, reading, 0)], { paddings });
}

function concat(node: TfNode, reading: Reading): void {
  const count = node.inputs.length - 1;
  const [axis = 0] = reading.numbers(node, count);
  reading.add(node, "concat", Array.from({ length: count }, (_, i) => operand(node, reading, i)), { axis });
}

const resize =
  (method: "bilinear" | "nearest"): Convert =>
  (node, reading) => {
    const [height = 0, width = 0] = reading.numbers(node, 1);
    reading.add(node, "resize2d", [operand(node, reading, 0)], {
      height,
      width,
      method,
      alignCorners: node.attr.boolean("align_corners", false),
      halfPixelCenters: node.attr.boolean("half_pixel_centers", false),
    });
  };

const identity: Convert = (node, reading) => reading.alias(node, reading.input(node, 0));

/** By TensorFlow op name. */
export const converters: Readonly<Record<string, Convert>> = {
  Placeholder: placeholder,
  Const: (node, reading) => reading.rememberConstant(node),
  Identity: identity,
  StopGradient: identity,

  Conv2D: convolution("conv2d"),
  _FusedConv2D: convolution("conv2d"),
  DepthwiseConv2dNative: convolution("depthwiseConv2d"),
  FusedDepthwiseConv2dNative: convolution("depthwiseConv2d"),
  MatMul: matMul("transpose_a", "transpose_b"),
  _FusedMatMul: matMul("transpose_a", "transpose_b"),
  BatchMatMul: matMul("adj_x", "adj_y"),
  BatchMatMulV2: matMul("adj_x", "adj_y"),
  BiasAdd: biasAdd,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,

  Add: binary("add"),
  AddV2: binary("add"),
  Sub: binary("subtract"),
  Mul: binary("multiply"),
  RealDiv: binary("divide"),
  Maximum: binary("maximum"),
  Minimum: binary("minimum"),

  Relu: unary("relu"),
  Relu6: unary("relu6"),
  LeakyRelu: (node, reading) => void reading.add(node, "leakyRelu", [operand(node, reading, 0)], { alpha: node.attr.number("alpha", 0.2) }),
  Elu: unary("elu"),
  Sigmoid: unary("sigmoid"),
  Tanh: unary("tanh"),
  Softmax: unary("softmax"),
  Softplus: unary("softplus"),
  Exp: unary("exp"),
  Sqrt: unary("sqrt"),
  Square: unary("square"),
  Neg: unary("negate"),

  Mean: reduction("mean"),
  Sum: reduction("sum"),
  Max: reduction("max"),
  MaxPool: pool("maxPool2d"),
  AvgPool: pool("averagePool2d"),

  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: (node, reading) => void reading.add(node, "transpose", [operand(node, reading, 0)], { permutation: reading.numbers(node, 1) }),
  ConcatV2: concat,
  Pad: pad,
  PadV2: pad,
  ResizeBilinear: resize("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
  Cast: (node, reading) => void reading.add(node, "cast", [operand(node, reading, 0)], { dtype: dtypeOf(node, "DstT") }),
};
