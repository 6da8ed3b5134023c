/** What each layer class of Keras and TensorFlow.js becomes in the graph: one line or function per class. A class that is not here is not supported. */
import type { Padding } from "../../graph/types.ts";
import { reshapeExamples } from "../flatten-shapes.ts";
import type { JsonCursor } from "../json-cursor.ts";
import { activationSteps } from "./activations.ts";
import { gruLayer, lstmLayer, simpleRnn } from "./recurrent.ts";
import { type LayerCall, refuse, type Step, step } from "./reading.ts";
import { bidirectional, timeDistributed } from "./wrappers.ts";

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

/** Keras and TensorFlow.js: above the threshold x, up to the maximum; below it the slope times what is missing. */
function relu(call: LayerCall): readonly Step[] {
  const { config, reading } = call;
  const limit = config.get("max_value");
  const slope = config.get("negative_slope").number(0);
  if (config.get("threshold").number(0) !== 0) throw refuse(call, "it has a threshold", "none");
  const rectified = [slope === 0 ? step("relu", {}) : step("leakyRelu", { alpha: slope })];
  if (limit.isMissing) return rectified;
  if (limit.number() === 6 && slope === 0) return [step("relu6", {})];
  return [...rectified, step("minimum", {}, reading.constant(call, [limit.number()]))];
}

/** x where it is positive, alpha x where not. */
function prelu(call: LayerCall): string {
  const { reading } = call;
  const x = only(call);
  const positive = reading.chain(call, x, [step("relu", {})], "positive");
  const negative = reading.chain(call, x, [step("minimum", {}, reading.constant(call, [0])), step("multiply", {}, reading.parameter(call, "alpha", "alpha"))], "negative");
  return reading.chain(call, positive, [step("add", {}, negative)]);
}

function elu(call: LayerCall): readonly Step[] {
  const alpha = call.config.get("alpha").number(1);
  if (alpha !== 1) throw refuse(call, `its alpha is ${alpha}`, "1");
  return [step("elu", {})];
}

function thresholdedRelu(call: LayerCall): string {
  const { reading } = call;
  const x = only(call);
  const above = reading.chain(call, x, [step("compare", { relation: "greater" }, reading.constant(call, [call.config.get("theta").number(1)])), step("cast", { dtype: "float32" })], "above");
  return reading.chain(call, x, [step("multiply", {}, above)]);
}

function embedding(call: LayerCall): string {
  const { reading } = call;
  const input = only(call);
  reading.isMasked ||= call.config.get("mask_zero").boolean(false);
  const ids = reading.dtypeOf(input) === "int32" ? input : reading.builder.add(reading.builder.freeName(`${call.path}/cast`), "cast", [input], { dtype: "int32" });
  const table = reading.parameter(call, "embeddings", "embeddings");
  return reading.builder.add(reading.builder.freeName(call.path), "embedding", [table, ids], {});
}

/** [[top, bottom], [left, right]], or shorter where sides are alike. */
function sides(call: LayerCall, key: string): readonly [Pair, Pair] {
  refuseChannelsFirst(call);
  const given = call.config.get(key);
  const pairs = (Array.isArray(given.value) ? given.items() : [given, given]).map((side) => (Array.isArray(side.value) ? side.integers(0) : [side.integer(0), side.integer(0)]));
  const [vertical, horizontal] = pairs;
  if (pairs.length !== 2 || vertical?.length !== 2 || horizontal?.length !== 2) throw given.wrong("[[top, bottom], [left, right]]");
  return [vertical as unknown as Pair, horizontal as unknown as Pair];
}

const zeroPadding = (call: LayerCall): readonly Step[] => [step("pad", { paddings: [[0, 0], ...sides(call, "padding"), [0, 0]] })];

function cropping(call: LayerCall): readonly Step[] {
  const [[top, bottom], [left, right]] = sides(call, "cropping");
  const [, height = null, width = null] = call.reading.shapeOf(only(call));
  if (height === null || width === null) throw refuse(call, "the size of its input is not known", "a model with a fixed input size");
  return [step("slice", { begin: [0, top, left, 0], size: [-1, height - top - bottom, width - left - right, -1] })];
}

/** As Keras has it; TensorFlow.js's own layer fails where it is part of a model. */
function resizing(call: LayerCall): readonly Step[] {
  const { config } = call;
  refuseChannelsFirst(call);
  const method = config.get("interpolation").string("bilinear");
  if (method !== "nearest" && method !== "bilinear") throw refuse(call, `its interpolation is "${method}"`, "nearest or bilinear");
  if (config.get("crop_to_aspect_ratio").boolean(false)) throw refuse(call, "it crops to the proportions of the result", "one that stretches");
  return [step("resize2d", { height: config.get("height").integer(1), width: config.get("width").integer(1), method, alignCorners: false, halfPixelCenters: true })];
}

function rescaling(call: LayerCall): readonly Step[] {
  const { config, reading } = call;
  return [step("multiply", {}, reading.constant(call, [config.get("scale").number()])), step("add", {}, reading.constant(call, [config.get("offset").number(0)]))];
}

/** The size of an image as tfjs-layers' deconvLength has it: a multiple of the stride, and what a wider kernel adds where nothing is padded. */
function convTranspose(call: LayerCall): readonly Step[] {
  const { strides, dilations, padding: border } = convolution(call);
  const kernel = call.reading.parameter(call, "kernel", "kernel");
  const [tall = 1, wide = 1] = call.reading.shapeOf(kernel) as readonly number[];
  if (!call.config.get("output_padding").isMissing) throw refuse(call, "it has an output padding", "none");
  const outputPadding: Pair = border === "same" ? [0, 0] : [Math.max(strides[0] - tall, 0), Math.max(strides[1] - wide, 0)];
  return [step("convTranspose2d", { strides, dilations, padding: border, outputPadding }, kernel), ...finish(call)];
}

/** [batch, steps, channels] as images one pixel wide, through `steps`, and back. */
function alongSteps(call: LayerCall, steps: readonly Step[], after: readonly Step[] = []): string {
  const { reading } = call;
  const x = only(call);
  const [, length = null, channels = null] = reading.shapeOf(x);
  if (reading.shapeOf(x).length !== 3 || length === null || channels === null) throw refuse(call, "the number of its steps is not known", "a model with a fixed number of steps");
  const image = reading.chain(call, x, [step("reshape", { shape: [-1, length, 1, channels] }), ...steps], "image");
  const [, taken, , width] = reading.shapeOf(image);
  return reading.chain(call, image, [step("reshape", { shape: [-1, taken ?? 0, width ?? 0] }), ...after]);
}

const first = (value: JsonCursor, fallback: number): number => pair(value, [fallback, fallback])[0];

function conv1d(call: LayerCall): string {
  const { config, reading } = call;
  if (config.get("groups").number(1) !== 1) throw refuse(call, "it has groups", "none");
  refuseChannelsFirst(call);
  const kernel = reading.parameter(call, "kernel", "kernel", "weight", ([length = 0, from = 0, to = 0]) => [length, 1, from, to]);
  const [length = 1] = reading.shapeOf(kernel) as readonly number[];
  const dilation = first(config.get("dilation_rate"), 1);
  const isCausal = config.get("padding").value === "causal";
  const border: Padding = isCausal ? [[(length - 1) * dilation, 0], [0, 0]] : padding(call);
  return alongSteps(call, [step("conv2d", { strides: [first(config.get("strides"), 1), 1], dilations: [dilation, 1], padding: border }, kernel)], finish(call));
}

const pool1d =
  (op: "maxPool2d" | "averagePool2d"): ReadLayer =>
  (call) => {
    refuseChannelsFirst(call);
    const size = first(call.config.get("pool_size"), 2);
    return alongSteps(call, [step(op, { poolSize: [size, 1], strides: [first(call.config.get("strides"), size), 1], padding: padding(call) })]);
  };

function repeatVector(call: LayerCall): readonly Step[] {
  const [, width = null] = call.reading.shapeOf(only(call));
  if (width === null) throw refuse(call, "the size of its input is not known", "a vector of a fixed size");
  return [step("reshape", { shape: [-1, 1, width] }), step("tile", { repeats: [1, call.config.get("n").integer(1), 1] })];
}

/** As batchDot in tfjs-layers src/layers/merge.ts: one axis of each is summed over, for each example. */
function dot(call: LayerCall): string {
  const { reading, config } = call;
  const [a, b] = call.inputs;
  if (a === undefined || b === undefined || call.inputs.length > 2) throw refuse(call, `it has ${call.inputs.length} inputs`, "two");
  const shapes = [reading.shapeOf(a), reading.shapeOf(b)] as const;
  const given = config.get("axes");
  const list = Array.isArray(given.value) ? given.integers() : [given.integer(), given.integer()];
  const axes = shapes.map(({ length }, i) => ((list[i] ?? 0) < 0 ? (list[i] ?? 0) + length : (list[i] ?? 0)));
  if (axes.some((axis, i) => axis < 1 || axis >= (shapes[i]?.length ?? 0)) || shapes.some((shape) => shape.length > 3 || shape.slice(1).includes(null))) throw refuse(call, `it multiplies axes ${list.join(" and ")}`, "axes after the batch, of at most three");
  const normalized = [a, b].map((value, i) => {
    if (!config.get("normalize").boolean(false)) return value;
    if (axes[i] !== (shapes[i]?.length ?? 0) - 1) throw refuse(call, "it normalises another axis than the last", "the last");
    return reading.chain(call, value, [step("l2Normalize", { epsilon: 1e-7 })], "normalized");
  });
  // Both as [batch, rows, summed] x [batch, summed, columns]; a vector has one row, or one column.
  const [x, y] = normalized.map((value, i) => {
    const shape = shapes[i] ?? [];
    const size = shape[axes[i] ?? 0] ?? 0;
    if (shape.length === 2) return reading.chain(call, value, [step("reshape", { shape: i === 0 ? [-1, 1, size] : [-1, size, 1] })], "matrix");
    const isAligned = axes[i] === (i === 0 ? 2 : 1);
    return isAligned ? value : reading.chain(call, value, [step("transpose", { permutation: [0, 2, 1] })], "matrix");
  }) as [string, string];
  const sizes = [shapes[0].length === 2 ? [] : [shapes[0][3 - (axes[0] ?? 0)]], shapes[1].length === 2 ? [] : [shapes[1][3 - (axes[1] ?? 0)]]].flat() as number[];
  return reading.chain(call, x, [step("matMul", { transposeA: false, transposeB: false }, y), step("reshape", { shape: [-1, ...(sizes.length === 0 ? [1] : sizes)] })]);
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
/** Noise is for training. */
const passed: ReadLayer = only;

function readWrapped(call: LayerCall): string {
  const reader = Object.hasOwn(layerReaders, call.className) ? layerReaders[call.className] : undefined;
  if (reader === undefined) throw refuse(call, "Graft does not know this layer", Object.keys(layerReaders).join(", "));
  return reader(call);
}

/** By class name; "Model", "Functional" and "Sequential" are in read.ts. */
export const layerReaders: Readonly<Record<string, ReadLayer>> = {
  Conv2D: chain((call) => [step("conv2d", convolution(call), call.reading.parameter(call, "kernel", "kernel")), ...finish(call)]),
  DepthwiseConv2D: chain((call) => [step("depthwiseConv2d", convolution(call), call.reading.parameter(call, "depthwise_kernel", "kernel")), ...finish(call)]),
  SeparableConv2D: chain(separableConv2d),
  Conv2DTranspose: chain(convTranspose),
  Conv1D: conv1d,
  Dense: chain((call) => [step("matMul", { transposeA: false, transposeB: false }, call.reading.parameter(call, "kernel", "kernel")), ...finish(call)]),
  Embedding: embedding,

  BatchNormalization: chain(batchNormalization),
  LayerNormalization: chain(layerNormalization),
  Dropout: dropout,
  SpatialDropout1D: dropout,
  SpatialDropout2D: dropout,
  GaussianNoise: passed,
  GaussianDropout: passed,
  AlphaDropout: passed,

  Activation: chain((call) => activationSteps(call, call.config.get("activation"))),
  ReLU: chain(relu),
  LeakyReLU: chain(({ config }) => [step("leakyRelu", { alpha: config.get("negative_slope").number(config.get("alpha").number(0.3)) })]),
  PReLU: prelu,
  ELU: chain(elu),
  ThresholdedReLU: thresholdedRelu,
  Softmax: chain((call) => {
    lastAxis(call);
    return [step("softmax", {})];
  }),

  Flatten: chain((call) => reshape(call, [-1])),
  Reshape: chain((call) => reshape(call, call.config.get("target_shape").integers(-1))),
  Permute: chain(({ config }) => [step("transpose", { permutation: [0, ...config.get("dims").integers(1)] })]),
  RepeatVector: chain(repeatVector),
  ZeroPadding2D: chain(zeroPadding),
  Cropping2D: chain(cropping),
  Resizing: chain(resizing),
  Rescaling: chain(rescaling),
  UpSampling2D: chain(upSampling),
  MaxPooling2D: chain((call) => [step("maxPool2d", pool2d(call))]),
  AveragePooling2D: chain((call) => [step("averagePool2d", pool2d(call))]),
  MaxPooling1D: pool1d("maxPool2d"),
  AveragePooling1D: pool1d("averagePool2d"),
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
  Dot: dot,

  SimpleRNN: simpleRnn,
  LSTM: lstmLayer,
  GRU: gruLayer,
  Bidirectional: (call) => bidirectional(call, readWrapped),
  TimeDistributed: (call) => timeDistributed(call, readWrapped),
};
