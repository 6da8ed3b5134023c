/** What each layer class of Keras and TensorFlow.js becomes in the graph: one line or function per class. A class that is not here is not supported. */
import type { Padding } from "../../graph/types.ts";
import { reshapeExamples } from "../flatten-shapes.ts";
import type { JsonCursor } from "../json-cursor.ts";
import { activationSteps } from "./activations.ts";
import { type LayerCall, refuse, type Step, step } from "./reading.ts";

/** -> the value of the layer's output */
type ReadLayer = (call: LayerCall) => string;
type Pair = readonly [number, number];

function only(call: LayerCall): string {
  const [input] = call.inputs;
  if (input === undefined || call.inputs.length > 1) throw refuse(call, `it has ${call.inputs.length} inputs`, "one");
  return input;
}

/** A layer that is a few ops in a row on its one input. */
const chain =
  (steps: (call: LayerCall) => readonly Step[]): ReadLayer =>
  (call) =>
    call.reading.chain(call, only(call), steps(call));

function pair(value: JsonCursor, fallback: Pair): Pair {
  if (value.isMissing) return fallback;
  const [first = 1, second = first] = Array.isArray(value.value) ? value.integers(1) : [value.integer(1)];
  return [first, second];
}

function refuseChannelsFirst(call: LayerCall): void {
  const format = call.config.get("data_format").string("channels_last");
  if (format !== "channels_last" && format !== "channelsLast") throw refuse(call, `its data format is ${format}`, "channels last: save the model with data_format channels_last");
}

function padding(call: LayerCall): Padding {
  const given = call.config.get("padding").string("valid");
  if (given !== "same" && given !== "valid") throw refuse(call, `its padding is "${given}"`, "same or valid");
  return given;
}

function convolution(call: LayerCall): { readonly strides: Pair; readonly dilations: Pair; readonly padding: Padding } {
  refuseChannelsFirst(call);
  const groups = call.config.get("groups").number(1);
  if (groups !== 1) throw refuse(call, `it has ${groups} groups`, "1");
  return { strides: pair(call.config.get("strides"), [1, 1]), dilations: pair(call.config.get("dilation_rate"), [1, 1]), padding: padding(call) };
}

/** The bias, if there is one, and the activation. */
function finish(call: LayerCall): readonly Step[] {
  const bias = call.config.get("use_bias").boolean(true) ? [step("add", {}, call.reading.parameter(call, "bias", "bias"))] : [];
  return [...bias, ...activationSteps(call, call.config.get("activation"))];
}

function separableConv2d(call: LayerCall): readonly Step[] {
  const depthwise = call.reading.parameter(call, "depthwise_kernel", "depthwise_kernel");
  const pointwise = call.reading.parameter(call, "pointwise_kernel", "pointwise_kernel");
  return [step("depthwiseConv2d", convolution(call), depthwise), step("conv2d", { strides: [1, 1], dilations: [1, 1], padding: "valid" }, pointwise), ...finish(call)];
}

function pool2d(call: LayerCall): { readonly poolSize: Pair; readonly strides: Pair; readonly padding: Padding } {
  refuseChannelsFirst(call);
  const poolSize = pair(call.config.get("pool_size"), [2, 2]);
  return { poolSize, strides: pair(call.config.get("strides"), poolSize), padding: padding(call) };
}

/** Refuses another axis than the last one. */
function lastAxis(call: LayerCall): void {
  const axis = call.config.get("axis");
  if (axis.isMissing) return;
  const axes = Array.isArray(axis.value) ? axis.integers() : [axis.integer()];
  const rank = call.reading.shapeOf(only(call)).length;
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== rank - 1)) throw refuse(call, `its axis is ${axes.join(", ")}`, "the last one");
}

/** A scale or offset that the layer learned, or the constant in its place. */
function learned(call: LayerCall, flag: "scale" | "center", width: number): string {
  const [kind, neutral] = flag === "scale" ? (["gamma", 1] as const) : (["beta", 0] as const);
  return call.config.get(flag).boolean(true) ? call.reading.parameter(call, kind, kind) : call.reading.constant(call, new Array<number>(width).fill(neutral), [width]);
}

function batchNormalization(call: LayerCall): readonly Step[] {
  lastAxis(call);
  const [width = 0] = call.reading.weight(call, "moving_mean").shape;
  const parameters = [
    learned(call, "scale", width),
    learned(call, "center", width),
    call.reading.parameter(call, "moving_mean", "mean", "statistic"),
    call.reading.parameter(call, "moving_variance", "variance", "statistic"),
  ];
  return [step("batchNorm", { epsilon: call.config.get("epsilon").number(1e-3), momentum: call.config.get("momentum").number(0.99) }, ...parameters)];
}

function layerNormalization(call: LayerCall): readonly Step[] {
  lastAxis(call);
  const width = call.reading.shapeOf(only(call)).at(-1) ?? null;
  if (width === null) throw refuse(call, "the size of its last axis is not known", "a fixed one");
  return [step("layerNorm", { epsilon: call.config.get("epsilon").number(1e-3) }, learned(call, "scale", width), learned(call, "center", width))];
}

function relu(call: LayerCall): readonly Step[] {
  const { config } = call;
  const limit = config.get("max_value");
  const slope = config.get("negative_slope").number(0);
  if (config.get("threshold").number(0) !== 0) throw refuse(call, "it has a threshold", "none");
  if (limit.isMissing) return [slope === 0 ? step("relu", {}) : step("leakyRelu", { alpha: slope })];
  if (limit.number() !== 6 || slope !== 0) throw refuse(call, `its maximum is ${limit.number()}`, "6 or none");
  return [step("relu6", {})];
}

function elu(call: LayerCall): readonly Step[] {
  const alpha = call.config.get("alpha").number(1);
  if (alpha !== 1) throw refuse(call, `its alpha is ${alpha}`, "1");
  return [step("elu", {})];
}

function embedding(call: LayerCall): string {
  const { reading } = call;
  const input = only(call);
  const ids = reading.dtypeOf(input) === "int32" ? input : reading.builder.add(reading.builder.freeName(`${call.path}/cast`), "cast", [input], { dtype: "int32" });
  const table = reading.parameter(call, "embeddings", "embeddings");
  return reading.builder.add(reading.builder.freeName(call.path), "embedding", [table, ids], {});
}

function zeroPadding(call: LayerCall): readonly Step[] {
  refuseChannelsFirst(call);
  const given = call.config.get("padding");
  const sides = Array.isArray(given.value) ? given.items() : [given, given];
  const [vertical, horizontal] = sides.map((side) => (Array.isArray(side.value) ? side.integers(0) : [side.integer(0), side.integer(0)]));
  if (sides.length !== 2 || vertical?.length !== 2 || horizontal?.length !== 2) throw given.wrong("[[top, bottom], [left, right]]");
  return [step("pad", { paddings: [[0, 0], vertical as unknown as Pair, horizontal as unknown as Pair, [0, 0]] })];
}

function upSampling(call: LayerCall): readonly Step[] {
  refuseChannelsFirst(call);
  const [, height = null, width = null] = call.reading.shapeOf(only(call));
  if (height === null || width === null) throw refuse(call, "the size of its input is not known", "a model with a fixed input size");
  const [tall, wide] = pair(call.config.get("size"), [2, 2]);
  const method = call.config.get("interpolation").string("nearest");
  if (method !== "nearest" && method !== "bilinear") throw refuse(call, `its interpolation is "${method}"`, "nearest or bilinear");
  return [step("resize2d", { height: height * tall, width: width * wide, method, alignCorners: false, halfPixelCenters: false })];
}

/** `target` is the shape of one example. */
function reshape(call: LayerCall, target: readonly number[]): readonly Step[] {
  return [step("reshape", { shape: reshapeExamples(call.reading.shapeOf(only(call)), target, `layer "${call.path}" (${call.className})`) })];
}

const globalPool = (op: "mean" | "max", axes: readonly number[]): ReadLayer =>
  chain((call) => {
    refuseChannelsFirst(call);
    return [step(op, { axes, keepDims: call.config.get("keepdims").boolean(false) })];
  });

const merge =
  (op: "add" | "multiply" | "subtract" | "maximum" | "minimum"): ReadLayer =>
  (call) => {
    const [first, ...others] = call.inputs;
    if (first === undefined || others.length === 0) throw refuse(call, `it has ${call.inputs.length} inputs`, "two or more");
    return call.reading.chain(call, first, others.map((other) => step(op, {}, other)));
  };

function average(call: LayerCall): string {
  const [first, ...others] = call.inputs;
  if (first === undefined || others.length === 0) throw refuse(call, `it has ${call.inputs.length} inputs`, "two or more");
  const share = call.reading.constant(call, [1 / call.inputs.length]);
  return call.reading.chain(call, first, [...others.map((other) => step("add", {}, other)), step("multiply", {}, share)]);
}

function concatenate(call: LayerCall): string {
  const [first, ...others] = call.inputs;
  if (first === undefined) throw refuse(call, "it has no inputs", "two or more");
  return call.reading.chain(call, first, [step("concat", { axis: call.config.get("axis").number(-1) }, ...others)]);
}

const dropout = chain(({ config }) => [step("dropout", { rate: config.get("rate").number() })]);

/** By class name; "Model", "Functional" and "Sequential" are in read.ts. */
export const layerReaders: Readonly<Record<string, ReadLayer>> = {
  Conv2D: chain((call) => [step("conv2d", convolution(call), call.reading.parameter(call, "kernel", "kernel")), ...finish(call)]),
  DepthwiseConv2D: chain((call) => [step("depthwiseConv2d", convolution(call), call.reading.parameter(call, "depthwise_kernel", "kernel")), ...finish(call)]),
  SeparableConv2D: chain(separableConv2d),
  Dense: chain((call) => [step("matMul", { transposeA: false, transposeB: false }, call.reading.parameter(call, "kernel", "kernel")), ...finish(call)]),
  Embedding: embedding,

  BatchNormalization: chain(batchNormalization),
  LayerNormalization: chain(layerNormalization),
  Dropout: dropout,
  SpatialDropout2D: dropout,

  Activation: chain((call) => activationSteps(call, call.config.get("activation"))),
  ReLU: chain(relu),
  LeakyReLU: chain(({ config }) => [step("leakyRelu", { alpha: config.get("negative_slope").number(config.get("alpha").number(0.3)) })]),
  ELU: chain(elu),
  Softmax: chain((call) => {
    lastAxis(call);
    return [step("softmax", {})];
  }),

  Flatten: chain((call) => reshape(call, [-1])),
  Reshape: chain((call) => reshape(call, call.config.get("target_shape").integers(-1))),
  ZeroPadding2D: chain(zeroPadding),
  UpSampling2D: chain(upSampling),
  MaxPooling2D: chain((call) => [step("maxPool2d", pool2d(call))]),
  AveragePooling2D: chain((call) => [step("averagePool2d", pool2d(call))]),
  GlobalAveragePooling1D: globalPool("mean", [1]),
  GlobalMaxPooling1D: globalPool("max", [1]),
  GlobalAveragePooling2D: globalPool("mean", [1, 2]),
  GlobalMaxPooling2D: globalPool("max", [1, 2]),

  Add: merge("add"),
  Multiply: merge("multiply"),
  Subtract: merge("subtract"),
  Maximum: merge("maximum"),
  Minimum: merge("minimum"),
  Average: average,
  Concatenate: concatenate,
};
