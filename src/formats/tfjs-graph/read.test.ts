/** Graph models that Graft reads: what it wrote itself, the fused and unfused forms that converters write, and damaged files. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Model } from "../../graph/types.ts";
import { countRefusedWithin } from "../testing/mutate.ts";
import { graphFile } from "../testing/tf-graph-file.ts";
import { loadGraphModel, maxDifference, runWritten, wave, waveWeights } from "../testing/plain-tfjs.ts";
import { boolAttr, floatAttr, intsAttr, type NodeDef, tensorShape, textAttr } from "./node-def.ts";
import { readTfjsGraph, type ReadTfjsGraphOptions } from "./read.ts";
import { writeTfjsGraph, type TfjsGraphModel } from "./write.ts";

beforeAll(() => tf.setBackend("cpu"));

const read = ({ modelJson, weightData }: TfjsGraphModel, options?: ReadTfjsGraphOptions): Model => readTfjsGraph(modelJson, new Uint8Array(weightData), options);

const image: NodeDef = { name: "tower/images", op: "Placeholder", attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: tensorShape([1, 8, 8, 3]) } } };
const window = { strides: intsAttr([1, 2, 2, 1]), dilations: intsAttr([1, 1, 1, 1]), padding: textAttr("SAME"), data_format: textAttr("NHWC") };
const fusedOps = (...ops: readonly string[]): Record<string, NodeDef["attr"][string]> => ({ fused_ops: { list: { s: ops.map(btoa) } } as never, num_args: { i: "1" } });

function convertedFile(): TfjsGraphModel {
  const nodes: NodeDef[] = [
    image,
    { name: "tower/block_1/Relu6", op: "_FusedConv2D", input: ["tower/images", "tower/block_1/Conv2D_weights", "tower/block_1/Conv2D_bn_offset"], attr: { ...window, ...fusedOps("BiasAdd", "Relu6") } },
    { name: "tower/block_2/depthwise/out", op: "DepthwiseConv2dNative", input: ["tower/block_1/Relu6", "block_2/depthwise/depthwise_weights"], attr: window },
    { name: "tower/block_2/depthwise/BiasAdd", op: "BiasAdd", input: ["tower/block_2/depthwise/out", "block_2/depthwise/biases"], attr: { data_format: textAttr("NHWC") } },
    { name: "tower/block_2/bn", op: "FusedBatchNormV3", input: ["tower/block_2/depthwise/BiasAdd", ...["gamma", "beta", "moving_mean", "moving_variance"].map((kind) => `tower/block_2/bn/${kind}`)], attr: { epsilon: floatAttr(0.01), is_training: boolAttr(false) } },
    { name: "tower/scaled", op: "Mul", input: ["tower/half", "tower/block_2/bn:0"], attr: {} },
    { name: "tower/pool", op: "Mean", input: ["tower/scaled", "tower/axes"], attr: { keep_dims: boolAttr(true) } },
    { name: "tower/squeezed", op: "Squeeze", input: ["tower/pool"], attr: { squeeze_dims: intsAttr([1, 2]) } },
    { name: "tower/dense/MatMul", op: "MatMul", input: ["tower/squeezed", "tower/dense/MatMul/ReadVariableOp"], attr: { transpose_a: boolAttr(false), transpose_b: boolAttr(false) } },
    { name: "tower/dense/BiasAdd", op: "AddV2", input: ["tower/dense/MatMul", "tower/dense/BiasAdd/ReadVariableOp"], attr: {} },
    { name: "tower/dense/wide", op: "ExpandDims", input: ["tower/dense/BiasAdd", "tower/one"], attr: {} },
    { name: "tower/dense/flat", op: "Reshape", input: ["tower/dense/wide", "tower/shape"], attr: {} },
    { name: "out", op: "Softmax", input: ["tower/dense/flat"], attr: {} },
    { name: "detections", op: "NonMaxSuppressionV5", input: ["out", "^tower/pool"], attr: {} },
  ];
  return graphFile(nodes, {
    "tower/block_1/Conv2D_weights": wave([3, 3, 3, 4]),
    "tower/block_1/Conv2D_bn_offset": wave([4]),
    "block_2/depthwise/depthwise_weights": wave([3, 3, 4, 1]),
    "block_2/depthwise/biases": wave([4], { phase: 1 }),
    "tower/block_2/bn/gamma": wave([4], { phase: 2 }),
    "tower/block_2/bn/beta": wave([4], { phase: 3 }),
    "tower/block_2/bn/moving_mean": wave([4], { phase: 4 }),
    "tower/block_2/bn/moving_variance": wave([4], { phase: 5 }).square().add(1),
    "tower/half": tf.scalar(0.5),
    "tower/axes": tf.tensor1d([1, 2], "int32"),
    "tower/dense/MatMul/ReadVariableOp": wave([4, 3]),
    "tower/dense/BiasAdd/ReadVariableOp": wave([3]),
    "tower/one": tf.scalar(1, "int32"),
    "tower/shape": tf.tensor1d([1, 3], "int32"),
  });
}

const options: ReadTfjsGraphOptions = { outputs: ["out"], stripPrefix: "tower/" };

describe("TensorFlow.js graph models", () => {
  it("are read with fused ops split, a free batch and parameters named by layer", () => {
    const { graph } = read(convertedFile(), options);
    expect(graph.inputs).toEqual([{ name: "images", shape: [null, 8, 8, 3], dtype: "float32" }]);
    expect(graph.parameters.map(({ name }) => name)).toEqual([
      "block_1/kernel",
      "block_1/bias",
      "block_2/depthwise/kernel",
      "block_2/depthwise/bias",
      "block_2/bn/gamma",
      "block_2/bn/beta",
      "block_2/bn/mean",
      "block_2/bn/variance",
      "dense/kernel",
      "dense/bias",
    ]);
    expect(graph.nodes.map(({ name, op }) => `${name}: ${op}`).slice(0, 4)).toEqual(["block_1/Relu6/conv2d: conv2d", "block_1/Relu6/biasAdd: add", "block_1/Relu6: relu6", "block_2/depthwise/out: depthwiseConv2d"]);
    expect(graph.outputs).toEqual(["out"]);
  });

  it("predict the same after reading and writing", async () => {
    const file = convertedFile();
    const got = await runWritten(read(file, options), { images: wave([1, 8, 8, 3]) });
    const want = (await loadGraphModel(file)).execute({ "tower/images": wave([1, 8, 8, 3]) }, "out") as tf.Tensor;
    expect(maxDifference(got, want)).toBeLessThan(1e-5);
  });

  it("leave the image's size open where asked", () => {
    expect(read(convertedFile(), { ...options, dynamicImageSize: true }).graph.inputs[0]?.shape).toEqual([null, null, null, 3]);
  });

  it.each<readonly [string, readonly NodeDef[], boolean]>([
    ["examples one by one", [{ name: "y", op: "Mean", input: ["tower/images", "tower/axes"], attr: {} }], true],
    ["all examples as one row", [{ name: "flat", op: "Reshape", input: ["tower/images", "tower/rest"], attr: {} }, { name: "y", op: "Softmax", input: ["flat"], attr: {} }], false],
    ["the first example", [{ name: "y", op: "Squeeze", input: ["tower/images"], attr: { squeeze_dims: intsAttr([0]) } }], false],
    ["examples joined", [{ name: "y", op: "ConcatV2", input: ["tower/images", "tower/images", "tower/zero"], attr: {} }], false],
    ["examples against each other", [{ name: "rows", op: "Reshape", input: ["tower/images", "tower/shape"], attr: {} }, { name: "y", op: "MatMul", input: ["rows", "rows"], attr: { transpose_b: boolAttr(true) } }], false],
  ])("open a batch that the file fixes only where the graph takes %s", (_, nodes, isOpen) => {
    const file = graphFile([image, ...nodes], { "tower/axes": tf.tensor1d([1, 2], "int32"), "tower/rest": tf.tensor1d([-1], "int32"), "tower/zero": tf.scalar(0, "int32"), "tower/shape": tf.tensor1d([1, 192], "int32") });
    expect(read(file, { outputs: ["y"] }).graph.inputs[0]?.shape).toEqual([isOpen ? null : 1, 8, 8, 3]);
  });

  it("say which ops Graft does not know, but only of those that are needed", () => {
    expect(() => read(convertedFile())).toThrow(/"detections" \(NonMaxSuppressionV5\)/);
  });

  it("come back as they were written", async () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, 6, 6, 2], "float32");
    builder.parameter("stem/kernel", [3, 3, 2, 4]);
    builder.add("stem/conv", "conv2d", ["x", "stem/kernel"], { strides: [1, 2], dilations: [1, 1], padding: [[1, 1], [0, 2]] });
    builder.add("stem/act", "leakyRelu", ["stem/conv"], { alpha: 0.25 });
    builder.add("pool", "maxPool2d", ["stem/act"], { poolSize: [2, 2], strides: [2, 1], padding: "same" });
    builder.add("padded", "pad", ["pool"], { paddings: [[0, 0], [1, 0], [0, 1], [0, 0]] });
    builder.add("joined", "concat", ["padded", "padded"], { axis: 3 });
    builder.add("turned", "transpose", ["joined"], { permutation: [0, 2, 1, 3] });
    builder.add("flat", "reshape", ["turned"], { shape: [-1, 4 * 4 * 8] });
    const graph = builder.build(["flat"]);
    const model = { graph, weights: waveWeights(graph) };
    const again = read(writeTfjsGraph(model));
    expect(again.graph).toEqual(graph);
    expect(again.weights).toEqual(model.weights);
    const input = { x: wave([2, 6, 6, 2]) };
    expect(maxDifference(await runWritten(again, input), await runWritten(model, input))).toBe(0);
  });

  it("load or are refused with a sentence, however damaged", () => {
    const file = convertedFile();
    const bytes = new Uint8Array(file.weightData);
    const refused = countRefusedWithin(500, 2, { json: file.modelJson, bytes }, (damaged) => void readTfjsGraph(damaged.json, damaged.bytes, options));
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(500);
  });

  it("are refused where nodes depend on themselves", () => {
    const nodes: NodeDef[] = [{ name: "a", op: "Relu", input: ["b"], attr: {} }, { name: "b", op: "Relu", input: ["a"], attr: {} }];
    expect(() => read(graphFile(nodes, {}), { outputs: ["a"] })).toThrow(/node "a": it depends on itself/);
  });
});
