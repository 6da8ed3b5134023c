/** That a folded model computes what it did, on small published networks and on every kind of product; and what is left alone. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { sizeOf } from "../../core/shape.ts";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphModule } from "../../engine/module.ts";
import { tf } from "../../engine/tf.ts";
import { checkpointCases, checkpointProblem } from "../../models/testing/checkpoint-problems.ts";
import { GraphBuilder } from "../builder.ts";
import type { Graph, Model } from "../types.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

async function outputOf(model: Model, data: Float32Array, shape: number[]): Promise<{ readonly shape: number[]; readonly values: Float32Array }> {
  const module = new GraphModule(model, new Set());
  const x = tf.tensor(data, shape);
  const outputs = module.runTrunk(new Map([[model.graph.inputs[0]?.name as string, x]]));
  const output = outputs.get(model.graph.outputs[0] as string) as tf.Tensor;
  const result = { shape: output.shape, values: (await output.data()) as Float32Array };
  for (const tensor of [x, ...outputs.values()]) tensor.dispose();
  module.dispose();
  return result;
}

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);
const normsOf = (graph: Graph): number => opsOf(graph).filter((op) => op === "batchNorm").length;

/** Parameters that are all different, statistics among them. */
function modelOf(grow: (builder: GraphBuilder) => readonly string[]): Model {
  const builder = new GraphBuilder();
  const graph = builder.build(grow(builder));
  return { graph, weights: new Map(graph.parameters.map(({ name, shape }, at) => [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => 1 + 0.5 * Math.sin(3 * at + 0.7 * i))])) };
}

const sliding = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const norm = (builder: GraphBuilder, x: string, channels: number, name = "bn"): string =>
  builder.add(`${name}/out`, "batchNorm", [x, ...["weight", "bias", "running_mean", "running_var"].map((part) => builder.parameter(`${name}/${part}`, [channels]))], { epsilon: 1e-3, momentum: 0.9 });
const images = (builder: GraphBuilder): string => builder.input("images", [null, 5, 4, 3], "float32");
const conv = (builder: GraphBuilder): string => builder.add("conv/out", "conv2d", [images(builder), builder.parameter("conv/weight", [3, 3, 3, 2])], sliding);

const products: readonly (readonly [string, number[], (builder: GraphBuilder) => readonly string[]])[] = [
  ["a convolution", [2, 5, 4, 3], (builder) => [norm(builder, conv(builder), 2)]],
  ["a convolution with a bias, on either side", [2, 5, 4, 3], (builder) => [norm(builder, builder.add("conv/sum", "add", [builder.parameter("conv/bias", [2]), conv(builder)], {}), 2)]],
  ["a depthwise convolution with a multiplier", [2, 5, 4, 3], (builder) => [norm(builder, builder.add("conv/out", "depthwiseConv2d", [images(builder), builder.parameter("weight", [3, 3, 3, 2])], sliding), 6)]],
  ["a product", [3, 4], (builder) => [norm(builder, builder.add("fc/out", "matMul", [builder.input("x", [null, 4], "float32"), builder.parameter("fc/weight", [4, 3])], { transposeA: false, transposeB: false }), 3)]],
  ["a transposed product", [3, 4], (builder) => [norm(builder, builder.add("fc/out", "matMul", [builder.input("x", [null, 4], "float32"), builder.parameter("fc/weight", [3, 4])], { transposeA: false, transposeB: true }), 3)]],
];

const untouched: readonly (readonly [string, (builder: GraphBuilder) => readonly string[]])[] = [
  ["a convolution that is an output", (builder) => [norm(builder, conv(builder), 2), "conv/out"]],
  ["a convolution that something else reads", (builder) => [norm(builder, conv(builder), 2), builder.add("other", "relu", ["conv/out"], {})]],
  ["a kernel of two convolutions", (builder) => [norm(builder, conv(builder), 2), builder.add("again", "conv2d", ["images", "conv/weight"], sliding)]],
  ["a norm behind an activation", (builder) => [norm(builder, builder.add("act", "relu", [conv(builder)], {}), 2)]],
  ["a norm of a sum of two values", (builder) => [norm(builder, builder.add("sum", "add", [conv(builder), builder.add("other", "relu", ["images"], {})], {}), 2)]],
  ["a bias that is broadcast", (builder) => [norm(builder, builder.add("sum", "add", [conv(builder), builder.parameter("conv/bias", [1])], {}), 2)]],
  ["a kernel that is computed", (builder) => [norm(builder, builder.add("conv/out", "conv2d", [images(builder), builder.add("kernel", "negate", [builder.parameter("weight", [1, 1, 3, 2])], {})], sliding), 2)]],
];

describe("foldBatchNorm", () => {
  beforeAll(async () => {
    expect(await useBackend("wasm", { wasmPath })).toMatchObject({ backend: "wasm" });
  });

  const networks = checkpointCases.filter(({ name }) => /^(resnet|mobilenet)/.test(name));
  it("has five networks to fold", () => expect(networks).toHaveLength(5));

  it.each(networks)("leaves no batch norm in $name, and the same logits", async (golden) => {
    const { graph, weights, batch } = checkpointProblem(golden);
    const folded = foldBatchNorm({ graph, weights });
    expect(normsOf(graph)).toBeGreaterThan(4);
    expect(normsOf(folded.graph)).toBe(0);
    expect([...folded.weights.keys()].sort()).toEqual(folded.graph.parameters.map(({ name }) => name).sort());
    expect(folded.graph.parameters.filter(({ role }) => role === "statistic")).toEqual([]);
    const { data, shape } = batch(0).input;
    const want = await outputOf({ graph, weights }, data as Float32Array, shape);
    expect(await outputOf(folded, data as Float32Array, shape)).toBeAllClose(want, { rtol: 1e-5, atol: 1e-5 });
  });

  it.each(products)("folds a norm into %s", async (_, shape, grow) => {
    const model = modelOf(grow);
    const before = structuredClone(model);
    const folded = foldBatchNorm(model);
    expect(model).toEqual(before);
    expect(opsOf(folded.graph)).toEqual([opsOf(model.graph)[0], "add"]);
    expect(folded.graph.outputs).toEqual(model.graph.outputs);
    const data = Float32Array.from({ length: sizeOf(shape) }, (_value, i) => Math.sin(0.9 * i));
    expect(await outputOf(folded, data, shape)).toBeAllClose(await outputOf(model, data, shape), { rtol: 1e-5, atol: 1e-5 });
  });

  it("calls the new bias as PyTorch would, and by another name where that is taken", () => {
    const bias = ({ graph }: Model): string | undefined => graph.nodes.find(({ op }) => op === "add")?.inputs[1];
    expect(bias(foldBatchNorm(modelOf(products[0]?.[2] as (typeof untouched)[0][1])))).toBe("conv/bias");
    expect(bias(foldBatchNorm(modelOf(products[2]?.[2] as (typeof untouched)[0][1])))).toBe("bias");
    expect(bias(foldBatchNorm(modelOf((builder) => [norm(builder, conv(builder), 2), builder.add("conv/bias", "relu", ["images"], {})])))).toBe("conv/bias_1");
  });

  it.each(untouched)("leaves %s alone", (_, grow) => {
    const model = modelOf(grow);
    expect(foldBatchNorm(model)).toEqual(model);
  });
});
