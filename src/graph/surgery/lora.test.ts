/** Where adapters and dropout go in a graph, what of it learns, and that merging takes them out again. What they compute is in formats/peft and models. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../core/rng.ts";
import { buildMobilenetV2 } from "../../models/mobilenet-v2/build.ts";
import { buildTransformerEncoder } from "../../models/transformer-encoder/build.ts";
import { GraphBuilder } from "../builder.ts";
import { splitAtCut } from "../cut.ts";
import { kernelLayers } from "../kernels.ts";
import { layerGroups, leavesOf } from "../layer-groups.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph, Model } from "../types.ts";
import { resolveUnfreeze } from "../unfreeze.ts";
import { insertDropout } from "./insert-dropout.ts";
import { insertLora, isAdapter, type LoraOptions } from "./lora.ts";
import { adaptersOf, mergeLora } from "./merge-lora.ts";
import { attachClassifierHead } from "./replace-head.ts";

const transformer = buildTransformerEncoder({ layers: 2, width: 8, heads: 2, tokens: 6, vocabulary: 11, classes: 3 });
const mobilenet = buildMobilenetV2({ width: 0.35, imageSize: 32, classes: 4 });
const plain: LoraOptions = { rank: 2, alpha: 6, dropout: 0, targets: [] };

function filled(graph: Graph): Model {
  return { graph, weights: new Map(graph.parameters.map(({ name, shape }, k) => [name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + k))])) };
}

const adapt = (graph: Graph, options: Partial<LoraOptions> = {}, seed = 1): Model => insertLora(filled(graph), { ...plain, ...options }, new Rng(seed));
const adapted = (graph: Graph, options: Partial<LoraOptions> = {}): string[] => adaptersOf(adapt(graph, options).graph).map(({ path }) => path);

/** A model with one dense layer for each name, one after the other. */
function denseLayers(paths: readonly string[], transposeB = true): Graph {
  const builder = new GraphBuilder();
  let x = builder.input("x", [null, 4], "float32");
  for (const path of paths) x = builder.add(`${path}/out`, "matMul", [x, builder.parameter(`${path}/weight`, [4, 4])], { transposeA: false, transposeB });
  return builder.build([x]);
}

describe("insertLora", () => {
  it("adapts queries and values where nothing is said", () => {
    expect(adapted(transformer)).toEqual(["encoder/layer_0/attention/qkv", "encoder/layer_1/attention/qkv"]);
    const bert = ["query", "key", "value"].map((name) => `bert/encoder/layer/0/attention/self/${name}`);
    expect(adapted(denseLayers([...bert, "bert/encoder/layer/0/output/dense"]))).toEqual([bert[0], bert[2]]);
    const names = ["transformer/layer/0/attention/q_lin", "model/layers/0/self_attn/v_proj", "transformer/h/0/attn/c_attn", "blocks/0/attn/qkv"];
    expect(adapted(denseLayers([...names, "transformer/h/0/attn/c_proj"]))).toEqual(names);
  });

  it("falls back to dense layers, then to convolutions, without depthwise ones", () => {
    expect(adapted(denseLayers(["a", "b"]))).toEqual(["a", "b"]);
    const trunk = attachClassifierHead(mobilenet, { from: mobilenet.nodes.find(({ name }) => name.startsWith("top") && !name.includes("conv"))?.name ?? "", classes: 2, dropout: 0 });
    const paths = adapted(trunk);
    expect(paths).toHaveLength(kernelLayers(trunk).filter(({ products: [{ op }] }) => op === "conv2d").length);
    expect(paths).toContain("stem/conv");
    expect(paths.some((path) => path.includes("depthwise") || path.startsWith("head"))).toBe(false);
  });

  it("takes patterns, and names what comes close to one that matches nothing", () => {
    expect(adapted(transformer, { targets: ["encoder/layer_1", "**/inner"] })).toEqual(["encoder/layer_0/feed_forward/inner", ...["attention/qkv", "attention/output", "feed_forward/inner", "feed_forward/outer"].map((layer) => `encoder/layer_1/${layer}`)]);
    expect(() => adapt(transformer, { targets: ["encoder/*/attention/query"] })).toThrow(/LoRA pattern "encoder\/\*\/attention\/query": no layer with a product matches.*such as "encoder\/layer_0\/attention\/output"|"encoder\/layer_0\/attention\/qkv"/);
    expect(() => adapt(mobilenet, { targets: ["**/depthwise"] })).toThrow(/no layer with a product matches/);
    expect(() => insertLora(adapt(transformer), plain, new Rng(1))).toThrow(/has adapters already/);
  });

  it("refuses a model without a layer to adapt", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [null, 4], "float32");
    expect(() => adapt(builder.build([builder.add("y", "relu", [x], {})]))).toThrow(/no dense layer and no convolution/);
  });

  it.each([true, false])("starts A as PEFT does and B at zero; A is [rank, in], B [out, rank], kernel transposed %s", (transposeB) => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [null, 100], "float32");
    const kernel = builder.parameter("layer/weight", transposeB ? [30, 100] : [100, 30]);
    const { graph, weights } = adapt(builder.build([builder.add("layer/out", "matMul", [x, kernel], { transposeA: false, transposeB })]), { rank: 20 });
    expect(graph.parameters.filter(({ name }) => isAdapter(name)).map(({ name, shape }) => [name, shape])).toEqual([["layer/lora_A/weight", [20, 100]], ["layer/lora_B/weight", [30, 20]]]);
    const a = weights.get("layer/lora_A/weight") as Float32Array;
    // Uniform over +-1 / sqrt(100): the edges are nearly reached, the deviation is bound / sqrt(3).
    expect(Math.max(...a)).toBeGreaterThan(0.099);
    expect(Math.min(...a)).toBeLessThan(-0.099);
    expect(a.every((value) => Math.abs(value) <= 0.1)).toBe(true);
    expect(Math.sqrt(a.reduce((sum, value) => sum + value * value, 0) / a.length)).toBeCloseTo(0.1 / Math.sqrt(3), 2);
    expect(weights.get("layer/lora_B/weight")?.every((value) => value === 0)).toBe(true);
    expect(inferShapes(graph).get(graph.outputs[0] as string)).toEqual([null, 30]);
  });

  it("draws by seed", () => {
    const name = "encoder/layer_0/attention/qkv/lora_A/weight";
    expect(adapt(transformer, {}, 5).weights.get(name)).toEqual(adapt(transformer, {}, 5).weights.get(name));
    expect(adapt(transformer, {}, 6).weights.get(name)).not.toEqual(adapt(transformer, {}, 5).weights.get(name));
  });

  it("shares an adapter where layers share a kernel, and leaves a kernel alone that is also a table", () => {
    const builder = new GraphBuilder();
    const ids = builder.input("ids", [null, 3], "int32");
    const table = builder.parameter("tied/weight", [7, 4]);
    const kernel = builder.parameter("shared/weight", [4, 4]);
    const product = { transposeA: false, transposeB: true };
    let x = builder.add("embedded", "embedding", [table, ids], {});
    x = builder.add("first", "matMul", [x, kernel], product);
    x = builder.add("second", "matMul", [x, kernel], product);
    const { graph } = adapt(builder.build([builder.add("logits", "matMul", [x, table], product)]));
    expect(adaptersOf(graph).map(({ path, product: { name } }) => `${path} ${name}`)).toEqual(["shared first", "shared second"]);
    expect(graph.parameters.filter(({ name }) => isAdapter(name))).toHaveLength(2);
  });

  it("calls a layer by its kernel where a group holds two", () => {
    const builder = new GraphBuilder();
    let x = builder.input("x", [null, 4], "float32");
    for (const name of ["gru/first", "gru/second"]) x = builder.add(`${name}_out`, "matMul", [x, builder.parameter(name, [4, 4])], { transposeA: false, transposeB: false });
    expect(adapted(builder.build([x]))).toEqual(["gru/first", "gru/second"]);
  });
});

describe("what learns", () => {
  const { graph } = adapt(attachClassifierHead(transformer, { from: "pooler/mean", classes: 3, dropout: 0.1 }), { dropout: 0.2, targets: ["encoder/layer_1/**"] });

  it("is the adapters and the head, and what is unfrozen beside them", () => {
    const learns = [...resolveUnfreeze(graph, "head", [])];
    expect(learns.filter(isAdapter)).toHaveLength(8);
    expect(learns.every((name) => isAdapter(name) || name.startsWith("head/"))).toBe(true);
    expect(resolveUnfreeze(graph, ["encoder/layer_0"], []).has("encoder/layer_0/attention/qkv/kernel")).toBe(true);
    expect(leavesOf(layerGroups(graph)).map(({ path }) => path)).toContain("encoder/layer_1/attention/qkv/lora_A");
  });

  it("begins at the first adapter: all before it is computed once, its own dropout acts", () => {
    const { trunk, tail } = splitAtCut(graph, resolveUnfreeze(graph, "head", []));
    expect(trunk.nodes.map(({ name }) => name)).toContain("encoder/layer_0/feed_forward/sum");
    expect(trunk.nodes.map(({ name }) => name)).toContain("encoder/layer_1/attention/qkv/matmul");
    expect(tail.nodes[0]?.name).toBe("encoder/layer_1/attention/qkv/lora_dropout");
    expect(tail.inputs.map(({ name }) => name)).toContain("encoder/layer_1/attention/norm/out");
  });
});

describe("mergeLora", () => {
  it.each<[string, Graph, Partial<LoraOptions>]>([
    ["of dense layers", transformer, { dropout: 0.1, targets: ["encoder"] }],
    ["of convolutions", mobilenet, { targets: ["**/conv"] }],
    ["behind dropout in the trunk", insertDropout(transformer, { rate: 0.3, targets: ["encoder"] }), { targets: ["encoder"] }],
  ])("gives the graph that there was, adapters %s", (_, graph, options) => {
    const model = adapt(graph, options);
    expect(model.graph.nodes.length).toBeGreaterThan(graph.nodes.length);
    const merged = mergeLora(model);
    expect(merged.graph).toEqual(graph);
    expect([...merged.weights.keys()].sort()).toEqual(graph.parameters.map(({ name }) => name).sort());
  });

  it("finds what an adapter was made with", () => {
    expect(adaptersOf(adapt(transformer, { rank: 3, alpha: 5, dropout: 0.25 }).graph)[0]).toMatchObject({ rank: 3, scale: 5 / 3, dropout: 0.25, kernel: "encoder/layer_0/attention/qkv/kernel" });
    expect(adaptersOf(adapt(mobilenet, { rank: 3, targets: ["stem"] }).graph)[0]).toMatchObject({ rank: 3, scale: 2, dropout: 0 });
    expect(adaptersOf(transformer)).toEqual([]);
  });
});

describe("insertDropout", () => {
  const dropped = (graph: Graph): string[] => graph.nodes.filter(({ op }) => op === "dropout").map(({ name }) => name);

  it("stands before dense layers, or convolutions where there are none, and leaves the head alone", () => {
    const graph = insertDropout(transformer, { rate: 0.1, targets: [] });
    expect(dropped(graph)).toHaveLength(9);
    expect(graph.nodes.find(({ name }) => name === "encoder/layer_0/attention/qkv/matmul")?.inputs[0]).toBe("encoder/layer_0/attention/qkv/dropout");
    expect(dropped(insertDropout(transformer, { rate: 0.1, targets: ["**/outer"] }))).toEqual(["encoder/layer_0/feed_forward/outer/dropout", "encoder/layer_1/feed_forward/outer/dropout"]);
    expect(insertDropout(transformer, { rate: 0, targets: [] })).toBe(transformer);
    expect(() => insertDropout(transformer, { rate: 0.1, targets: ["nowhere"] })).toThrow(/trunk dropout pattern "nowhere"/);
  });

  it("is off in a frozen trunk and acts in a layer that learns", () => {
    const graph = insertDropout(transformer, { rate: 0.1, targets: ["encoder"] });
    const { trunk, tail } = splitAtCut(graph, resolveUnfreeze(graph, ["encoder/layer_1/feed_forward"], []));
    expect(dropped(trunk)).toHaveLength(6);
    expect(dropped(tail)).toEqual(["encoder/layer_1/feed_forward/inner/dropout", "encoder/layer_1/feed_forward/outer/dropout"]);
  });
});
