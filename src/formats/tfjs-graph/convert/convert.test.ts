/** Ops of TensorFlow against TensorFlow.js's own executor: each node, read by Graft, written again and run, gives the same. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { countRefusedWithin } from "../../testing/mutate.ts";
import { graphFile } from "../../testing/tf-graph-file.ts";
import { loadGraphModel, maxDifference, runWritten, wave } from "../../testing/plain-tfjs.ts";
import { isFolded } from "../fold.ts";
import { boolAttr, floatAttr, intsAttr, type NodeDef, tensorShape, textAttr } from "../node-def.ts";
import { readTfjsGraph } from "../read.ts";
import type { TfjsGraphModel } from "../write.ts";
import { converters } from "./index.ts";

beforeAll(() => tf.setBackend("cpu"));

type Attributes = NodeDef["attr"];
const node = (name: string, op: string, input: readonly string[], attr: Attributes = {}): NodeDef => ({ name, op, input, attr });
const ints = (...values: number[]): tf.Tensor => tf.tensor1d(values, "int32");
const int = (value: number): tf.Tensor => tf.scalar(value, "int32");
const i = (value: number): Attributes[string] => ({ i: String(value) });
const type = (name: string): Attributes[string] => ({ type: name });
const window = { strides: intsAttr([1, 1, 1, 1]), dilations: intsAttr([1, 1, 1, 1]), padding: textAttr("SAME"), data_format: textAttr("NHWC") };

interface Case {
  readonly nodes: readonly NodeDef[];
  readonly constants?: Readonly<Record<string, tf.Tensor>>;
  /** Of x, with the batch of 2. */
  readonly shape?: readonly number[];
  readonly outputs?: readonly string[];
  /** Ids for integers, else a wave. */
  readonly input?: () => tf.Tensor;
}

/** One op on x. */
const one = (op: string, attr: Attributes = {}, more: Readonly<Record<string, tf.Tensor>> = {}, shape: readonly number[] = [2, 4, 4, 6]): Case => ({ nodes: [node("y", op, ["x", ...Object.keys(more)], attr)], constants: more, shape });
const positive = (): tf.Tensor => wave([2, 4, 4, 6]).square().add(0.3);

const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(["Abs", "Neg", "Sign", "Square", "Floor", "Ceil", "Round", "Exp", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Erf", "Expm1", "Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Softplus", "IsNan", "ZerosLike", "OnesLike"].map((op) => [op, one(op)])),
  ...Object.fromEntries(["Log", "Sqrt", "Rsqrt", "Log1p", "Reciprocal"].map((op) => [op, { ...one(op), input: positive }])),
  Acosh: { ...one("Acosh"), input: () => positive().add(1) },
  Atanh: { ...one("Atanh"), input: () => wave([2, 4, 4, 6], { scale: 0.9 }) },
  LeakyRelu: one("LeakyRelu", { alpha: floatAttr(0.3) }),
  Prelu: one("Prelu", {}, { alpha: wave([6]) }),
  ClipByValue: one("ClipByValue", {}, { low: tf.scalar(-0.4), high: tf.scalar(0.5) }),
  LRN: one("LRN", { depth_radius: i(2), bias: floatAttr(1.5), alpha: floatAttr(0.7), beta: floatAttr(0.6) }),

  ...Object.fromEntries(["Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "FloorDiv", "Maximum", "Minimum", "SquaredDifference", "DivNoNan", "FloorMod", "Mod"].map((op) => [op, one(op, {}, { other: wave([4, 6], { phase: 2 }).add(0.01) })])),
  "DivNoNan of nothing": one("DivNoNan", {}, { other: tf.tensor1d([0, 1, 0, 1, 2, 0]) }),
  Pow: { ...one("Pow", {}, { other: tf.scalar(1.7) }), input: positive },
  AddN: { nodes: [node("z", "Relu", ["x"]), node("y", "AddN", ["x", "z", "x"])] },
  "comparisons and logic": {
    nodes: [
      ...["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"].map((op, index) => node(`c${index}`, op, ["x", "zero"])),
      node("and", "LogicalAnd", ["c1", "c2"]),
      node("or", "LogicalOr", ["and", "c4"]),
      node("not", "LogicalNot", ["or"]),
      node("some", "SelectV2", ["c5", "x", "zero"]),
      node("cast", "Cast", ["c3"], { DstT: type("DT_FLOAT") }),
      node("truth", "Cast", ["x"], { DstT: type("DT_BOOL") }),
    ],
    constants: { zero: tf.scalar(0) },
    outputs: ["and", "or", "not", "some", "cast", "truth"],
  },
  "casts and whole numbers": {
    nodes: [node("t", "Mul", ["x", "ten"]), node("n", "Cast", ["t"], { DstT: type("DT_INT32") }), node("d", "FloorDiv", ["n", "three"]), node("m", "FloorMod", ["n", "three"]), node("y", "Cast", ["d"], { DstT: type("DT_FLOAT") }), node("all", "Max", ["m", "axes"])],
    constants: { ten: tf.scalar(10), three: int(3), axes: ints(1) },
    outputs: ["d", "m", "y", "all"],
  },
  ...Object.fromEntries(["Mean", "Sum", "Max", "Min", "Prod", "EuclideanNorm"].map((op) => [op, one(op, { keep_dims: boolAttr(op === "Sum") }, { axes: ints(1, -1) })])),
  "All and Any": { nodes: [node("c", "Greater", ["x", "zero"]), node("all", "All", ["c", "axes"]), node("any", "Any", ["c", "axes"])], constants: { zero: tf.scalar(-0.9), axes: ints(2) }, outputs: ["all", "any"] },
  ArgMax: one("ArgMax", {}, { axis: int(2) }),
  ArgMin: one("ArgMin", {}, { axis: int(-1) }),
  Cumsum: one("Cumsum", { exclusive: boolAttr(true), reverse: boolAttr(true) }, { axis: int(1) }),
  TopKV2: { ...one("TopKV2", { sorted: boolAttr(true) }, { k: int(3) }), outputs: ["y", "y:1"] },

  "Split and its outputs": { nodes: [node("s", "Split", ["axis", "x"], { num_split: i(3) }), node("y", "Sub", ["s:2", "s"])], constants: { axis: int(-1) }, outputs: ["y", "s:1"] },
  SplitV: { nodes: [node("s", "SplitV", ["x", "sizes", "axis"])], constants: { sizes: ints(1, -1, 2), axis: int(3) }, outputs: ["s:0", "s:1", "s:2"] },
  "Unpack and Pack": { nodes: [node("u", "Unpack", ["x"], { axis: i(2), num: i(4) }), node("y", "Pack", ["u:3", "u", "u:1"], { axis: i(1), N: i(3) })] },
  Slice: one("Slice", {}, { begin: ints(0, 1, 0, 2), size: ints(-1, 2, -1, 3) }),
  "StridedSlice with masks": one("StridedSlice", { begin_mask: i(1), end_mask: i(1), shrink_axis_mask: i(2), new_axis_mask: i(4), ellipsis_mask: i(8) }, { begin: ints(0, 1, 0, 0, 2), end: ints(0, 2, 0, 0, 5), strides: ints(1, 1, 1, 1, 1) }),
  "StridedSlice with strides": one("StridedSlice", { begin_mask: i(1), end_mask: i(5) }, { begin: ints(0, 1, 0, -5), end: ints(0, 4, 0, -1), strides: ints(1, 1, 2, 3) }),
  "StridedSlice backwards": one("StridedSlice", { begin_mask: i(15), end_mask: i(9) }, { begin: ints(0, 0, 0, 0), end: ints(0, 0, 1, 0), strides: ints(1, -1, -2, -1) }),
  Transpose: one("Transpose", {}, { permutation: ints(0, 3, 1, 2) }),
  ConcatV2: { nodes: [node("z", "Neg", ["x"]), node("y", "ConcatV2", ["x", "z", "axis"], { N: i(2) })], constants: { axis: int(-2) } },
  PadV2: one("PadV2", {}, { paddings: tf.tensor2d([[0, 0], [1, 2], [0, 1], [2, 0]], undefined, "int32"), value: tf.scalar(0.7) }),
  "MirrorPad, reflected": one("MirrorPad", { mode: textAttr("reflect") }, { paddings: tf.tensor2d([[0, 0], [1, 2], [0, 1], [0, 0]], undefined, "int32") }),
  "MirrorPad, symmetric": one("MirrorPad", { mode: textAttr("symmetric") }, { paddings: tf.tensor2d([[0, 0], [1, 2], [3, 1], [0, 0]], undefined, "int32") }),
  Tile: one("Tile", {}, { repeats: ints(1, 2, 1, 3) }),
  ReverseV2: one("ReverseV2", {}, { axes: ints(1, -1) }),
  BroadcastTo: { nodes: [node("y", "BroadcastTo", ["x", "shape"])], constants: { shape: ints(2, 4, 5) }, shape: [2, 1, 5] },
  "ExpandDims and Squeeze": { nodes: [node("e", "ExpandDims", ["x", "axis"]), node("y", "Squeeze", ["e"], { squeeze_dims: intsAttr([-1]) }), node("z", "ExpandDims", ["e", "front"])], constants: { axis: int(-1), front: int(1) }, outputs: ["y", "z"] },
  DepthToSpace: { nodes: [node("y", "DepthToSpace", ["x"], { block_size: i(2), data_format: textAttr("NHWC") })], shape: [2, 3, 4, 8] },
  "SpaceToBatchND and back": { nodes: [node("s", "SpaceToBatchND", ["x", "block", "paddings"]), node("r", "Square", ["s"]), node("y", "BatchToSpaceND", ["r", "block", "paddings"])], constants: { block: ints(2, 3), paddings: tf.tensor2d([[1, 1], [0, 2]], [2, 2], "int32") } },
  "a dilated convolution": {
    nodes: [node("s", "SpaceToBatchND", ["x", "block", "paddings"]), node("c", "Conv2D", ["s", "kernel"], { ...window, padding: textAttr("VALID") }), node("y", "BatchToSpaceND", ["c", "block", "crops"])],
    constants: { block: ints(2, 2), paddings: tf.tensor2d([[2, 2], [2, 2]], [2, 2], "int32"), crops: tf.tensor2d([[0, 0], [0, 0]], [2, 2], "int32"), kernel: wave([3, 3, 6, 2]) },
  },
  ResizeBilinear: one("ResizeBilinear", { half_pixel_centers: boolAttr(true), align_corners: boolAttr(false) }, { size: ints(7, 3) }),
  "ResizeNearestNeighbor by a computed size": {
    nodes: [node("shape", "Shape", ["x"]), node("hw", "StridedSlice", ["shape", "one", "three", "step"]), node("size", "Mul", ["hw", "two"]), node("y", "ResizeNearestNeighbor", ["x", "size"], { align_corners: boolAttr(false), half_pixel_centers: boolAttr(false) })],
    constants: { one: ints(1), three: ints(3), step: ints(1), two: ints(2, 3) },
  },
  "a shape taken apart and put together": {
    nodes: [node("shape", "Shape", ["x"]), node("batch", "StridedSlice", ["shape", "zero", "one", "one"], { shrink_axis_mask: i(1) }), node("rows", "Mul", ["batch", "sixteen"]), node("target", "Pack", ["rows", "six"], { N: i(2) }), node("flat", "Reshape", ["x", "target"]), node("whole", "Pack", ["batch", "minus", "six"], { N: i(3) }), node("y", "Reshape", ["flat", "whole"]), node("zeros", "Fill", ["pair", "half"]), node("pair", "Pack", ["batch", "six"], { N: i(2) })],
    constants: { zero: ints(0), one: ints(1), sixteen: int(16), six: int(6), minus: int(-1), half: tf.scalar(0.5) },
    outputs: ["flat", "y", "zeros"],
  },
  "a range, gathered": { nodes: [node("r", "Range", ["zero", "six", "two"]), node("y", "GatherV2", ["x", "r", "axis"], { batch_dims: i(0) })], constants: { zero: int(0), six: int(6), two: int(2), axis: int(3) } },

  GatherV2: { nodes: [node("y", "GatherV2", ["table", "x", "axis"], { batch_dims: i(0) })], constants: { table: wave([9, 4]), axis: int(0) }, shape: [2, 3], input: () => tf.tensor2d([[1, 4, 8], [0, 7, 2]], undefined, "int32") },
  GatherNd: { nodes: [node("y", "GatherNd", ["table", "x"])], constants: { table: wave([3, 4, 2]) }, shape: [2, 2], input: () => tf.tensor2d([[1, 3], [2, 0]], undefined, "int32") },
  OneHot: { nodes: [node("y", "OneHot", ["x", "depth", "on", "off"], { T: type("DT_FLOAT"), axis: i(-1) })], constants: { depth: int(4), on: tf.scalar(3), off: tf.scalar(-1) }, shape: [2, 3], input: () => tf.tensor2d([[1, 3, 0], [0, 7, 2]], undefined, "int32") },
  ScatterNd: { nodes: [node("y", "ScatterNd", ["x", "updates", "shape"])], constants: { updates: wave([2, 3]), shape: ints(5, 3) }, shape: [2, 1], input: () => tf.tensor2d([[4], [1]], undefined, "int32") },
  TensorScatterUpdate: { nodes: [node("y", "TensorScatterUpdate", ["table", "x", "updates"])], constants: { table: wave([5, 3]), updates: wave([2, 3], { phase: 1 }) }, shape: [2, 1], input: () => tf.tensor2d([[4], [1]], undefined, "int32") },

  "a convolution with a fused Prelu": { nodes: [node("y", "_FusedConv2D", ["x", "kernel", "bias", "alpha"], { ...window, fused_ops: { list: { s: ["BiasAdd", "Prelu"].map(btoa) } } as never, num_args: i(2) })], constants: { kernel: wave([3, 3, 6, 4]), bias: wave([4]), alpha: wave([4], { phase: 1 }) } },
  "a transposed convolution": { nodes: [node("y", "Conv2DBackpropInput", ["shape", "kernel", "x"], { ...window, strides: intsAttr([1, 2, 2, 1]) })], constants: { shape: ints(2, 8, 8, 3), kernel: wave([3, 3, 3, 6]) } },
  "a transposed convolution, not padded": { nodes: [node("y", "Conv2DBackpropInput", ["shape", "kernel", "x"], { ...window, strides: intsAttr([1, 3, 2, 1]), padding: textAttr("VALID") })], constants: { shape: ints(2, 12, 9, 3), kernel: wave([2, 3, 3, 6]) } },
  "a transposed convolution to an odd size": { nodes: [node("y", "Conv2DBackpropInput", ["shape", "kernel", "x"], { ...window, strides: intsAttr([1, 2, 2, 1]) })], constants: { shape: ints(2, 7, 8, 3), kernel: wave([3, 4, 3, 6]) } },
  BatchMatMulV2: { nodes: [node("y", "BatchMatMulV2", ["x", "x"], { adj_x: boolAttr(false), adj_y: boolAttr(true) })] },
  FusedBatchNormV3: one("FusedBatchNormV3", { epsilon: floatAttr(0.01), is_training: boolAttr(false) }, { gamma: wave([6]), beta: wave([6], { phase: 1 }), mean: wave([6], { phase: 2 }), variance: wave([6]).square().add(1) }),
  "Einsum, as dense layers": { nodes: [node("y", "Einsum", ["x", "kernel"], { equation: textAttr("abc,cde->abde"), N: i(2) })], constants: { kernel: wave([6, 2, 3]) }, shape: [2, 5, 6] },
  "Einsum, as attention": { nodes: [node("s", "Einsum", ["x", "x"], { equation: textAttr("aecd,abcd->acbe"), N: i(2) }), node("y", "Einsum", ["s", "x"], { equation: textAttr("acbe,aecd->abcd"), N: i(2) })], shape: [2, 5, 2, 3] },
  "Einsum of one, and sums": { nodes: [node("y", "Einsum", ["x"], { equation: textAttr("abc->ca"), N: i(1) }), node("z", "Einsum", ["x", "kernel"], { equation: textAttr("abc,bd->ad"), N: i(2) })], constants: { kernel: wave([5, 2]) }, shape: [2, 5, 6], outputs: ["y", "z"] },
};

/** Tensors as floats: the executor has booleans where Graft has integers. */
const asFloat = (tensor: tf.Tensor): tf.Tensor => tf.cast(tensor, "float32");

describe("TensorFlow ops compute what TensorFlow.js's executor computes", () => {
  const fileOf = ({ nodes, constants = {}, shape = [2, 4, 4, 6], outputs = ["y"], input }: Case): TfjsGraphModel & { readonly x: tf.Tensor; readonly outputs: readonly string[] } => {
    const x = input?.() ?? wave(shape);
    const placeholder: NodeDef = { name: "x", op: "Placeholder", attr: { dtype: type(x.dtype === "int32" ? "DT_INT32" : "DT_FLOAT"), shape: { shape: tensorShape([-1, ...shape.slice(1)]) } } };
    return { ...graphFile([placeholder, ...nodes], constants, outputs), x, outputs };
  };

  it.each(Object.entries(cases))("%s", async (_, each) => {
    const { x, outputs, ...file } = fileOf(each);
    const model = readTfjsGraph(file.modelJson, new Uint8Array(file.weightData));
    expect(model.graph.inputs[0]?.shape[0]).toBe(null);
    const want: readonly tf.Tensor[] = [(await loadGraphModel(file)).execute({ x }, [...outputs])].flat();
    for (const [index, name] of model.graph.outputs.entries()) {
      const got = await runWritten({ ...model, graph: { ...model.graph, outputs: [name] } }, { x });
      const wanted = want[index] as tf.Tensor;
      expect(maxDifference(asFloat(got), asFloat(wanted)) / Math.max(1, asFloat(wanted).abs().max().dataSync()[0] as number), outputs[index]).toBeLessThan(1e-5);
    }
  });

  it("load or are refused with a sentence, however damaged", () => {
    const refused = Object.values(cases).map((each, seed) => {
      const { modelJson, weightData } = fileOf(each);
      return countRefusedWithin(8, seed, { json: modelJson, bytes: new Uint8Array(weightData) }, ({ json, bytes }) => void readTfjsGraph(json, bytes));
    });
    expect(refused.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200);
  });

  it("cover what is read, but for those that only pass values on or are tested in whole models", () => {
    const tested = new Set(Object.values(cases).flatMap(({ nodes }) => nodes.map(({ op }) => op)));
    const elsewhere = ["Placeholder", "Const", "NoOp", "Identity", "IdentityN", "Snapshot", "StopGradient", "Print", "EnsureShape", "PlaceholderWithDefault", "FakeQuantWithMinMaxVars", "FusedBatchNorm", "FusedBatchNormV2", "DepthwiseConv2d", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative", "MatMul", "_FusedMatMul", "BatchMatMul", "BiasAdd", "MaxPool", "AvgPool", "ShapeN", "Size", "Rank", "Pad", "Gather", "Reverse", "Select"];
    expect([...Object.keys(converters)].filter((op) => !tested.has(op) && !elsewhere.includes(op))).toEqual([]);
    expect(Object.keys(converters).filter((op) => isFolded(op)).length).toBeGreaterThan(20);
  });
});
