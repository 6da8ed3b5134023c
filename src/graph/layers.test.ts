/** Layer groups, the choice of what learns, and the cut that follows from it, on one small network with a branch. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "./builder.ts";
import { splitAtCut } from "./cut.ts";
import { allGroups, groupsFrom, layerGroups, leavesOf } from "./layer-groups.ts";
import { inferShapes } from "./shapes.ts";
import { attachClassifierHead } from "./surgery/replace-head.ts";
import { truncate } from "./surgery/truncate.ts";
import type { Graph } from "./types.ts";
import { defaultBlocks, resolveUnfreeze } from "./unfreeze.ts";

/** stem -> block_1 -> block_2 (with a shortcut and a batch norm) -> head. Parameters are declared backwards on purpose. */
function network({ dropout = 0.2 } = {}): Graph {
  const builder = new GraphBuilder();
  builder.input("images", [null, 8, 8, 3], "float32");
  for (const kind of ["variance", "mean"] as const) builder.parameter(`net/block_2/bn/${kind}`, [6], { role: "statistic" });
  for (const kind of ["beta", "gamma"]) builder.parameter(`net/block_2/bn/${kind}`, [6]);
  builder.parameter("net/block_2/conv/kernel", [3, 3, 6, 6]);
  builder.parameter("net/block_2/conv/bias", [6]);
  builder.parameter("net/block_1/depthwise/kernel", [3, 3, 6, 1]);
  builder.parameter("net/block_1/scale", [6]);
  builder.parameter("stem/inner/conv/kernel", [3, 3, 3, 6]);
  const window = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  builder.add("half", "constant", [], { shape: [], values: [0.5], dtype: "float32" });
  builder.add("stem/out", "conv2d", ["images", "stem/inner/conv/kernel"], window);
  builder.add("net/block_1/dw", "depthwiseConv2d", ["stem/out", "net/block_1/depthwise/kernel"], window);
  builder.add("net/block_1/drop", "dropout", ["net/block_1/dw"], { rate: 0.5 });
  builder.add("net/block_1/out", "multiply", ["net/block_1/drop", "net/block_1/scale"], {});
  builder.add("net/block_2/product", "conv2d", ["net/block_1/out", "net/block_2/conv/kernel"], window);
  builder.add("net/block_2/sum", "add", ["net/block_2/product", "net/block_2/conv/bias"], {});
  builder.add("net/block_2/norm", "batchNorm", ["net/block_2/sum", ...["gamma", "beta", "mean", "variance"].map((kind) => `net/block_2/bn/${kind}`)], { epsilon: 1e-3, momentum: 0.9 });
  builder.add("net/block_2/out", "add", ["net/block_2/norm", "stem/out"], {});
  builder.add("scaled", "multiply", ["net/block_2/out", "half"], {});
  builder.add("unused", "relu", ["scaled"], {});
  return attachClassifierHead(builder.build(["unused"]), { from: "scaled", classes: 4, dropout });
}

const graph = network();
const blocks = ["net/block_1", "net/block_2"];
const names = (values: ReadonlySet<string>): readonly string[] => [...values].sort();

describe("layerGroups", () => {
  it("is a tree in flow order, with chains collapsed and readable details", () => {
    const lines = allGroups(layerGroups(graph)).map(({ path, name, parameterCount, detail }) => `${path} | ${name} | ${parameterCount} | ${detail}`);
    expect(lines).toEqual([
      "stem/inner/conv | stem/inner/conv | 162 | Conv 3x3, 3 → 6",
      "net | net | 402 | 4 layers",
      "net/block_1 | block_1 | 60 | 2 layers",
      "net/block_1/scale | scale | 6 | Weights [6]",
      "net/block_1/depthwise | depthwise | 54 | Depthwise conv 3x3, 6",
      "net/block_2 | block_2 | 342 | 2 layers",
      "net/block_2/conv | conv | 330 | Conv 3x3, 6 → 6",
      "net/block_2/bn | bn | 12 | Batch norm 6",
      "head | head | 28 | Dense 6 → 4",
    ]);
  });

  it("describes embeddings and layer norms, with thousands set apart", () => {
    const builder = new GraphBuilder();
    builder.input("ids", [null, 4], "int32");
    builder.parameter("embeddings/table", [8002, 256]);
    builder.parameter("norm/gamma", [256]);
    builder.parameter("norm/beta", [256]);
    builder.add("tokens", "embedding", ["embeddings/table", "ids"], {});
    builder.add("out", "layerNorm", ["tokens", "norm/gamma", "norm/beta"], { epsilon: 1e-6 });
    expect(leavesOf(layerGroups(builder.build(["out"]))).map(({ detail }) => detail)).toEqual(["Embedding 8,002 × 256", "Layer norm 256"]);
  });

  it("goes from a group to the end of the flow", () => {
    expect(groupsFrom(graph, "net/block_2")).toEqual(["net/block_2/conv", "net/block_2/bn", "head"]);
    expect(groupsFrom(graph, "net/block_1/scale")).toEqual(["net/block_1/scale", "net/block_2/conv", "net/block_2/bn", "head"]);
    expect(groupsFrom(graph, "nowhere")).toEqual([]);
  });
});

describe("resolveUnfreeze", () => {
  const head = ["head/bias", "head/center", "head/kernel", "head/scale"];
  const block2 = ["net/block_2/bn/beta", "net/block_2/bn/gamma", "net/block_2/bn/mean", "net/block_2/bn/variance", "net/block_2/conv/bias", "net/block_2/conv/kernel"];

  it("knows the presets", () => {
    expect(names(resolveUnfreeze(graph, "head", blocks))).toEqual(head);
    expect(names(resolveUnfreeze(graph, "last-block", blocks))).toEqual([...head, ...block2]);
    expect(names(resolveUnfreeze(graph, "last-block", [...blocks, "net/block_3"]))).toEqual([...head, ...block2]);
    expect(resolveUnfreeze(graph, "all", blocks).size).toBe(graph.parameters.length);
  });

  it.each<[string, readonly string[]]>([
    ["net/block_2", block2],
    ["net/block_2/**", block2],
    ["**/bn", block2.slice(0, 4)],
    ["net/*_2/conv", block2.slice(4)],
    ["**/depthwise", ["net/block_1/depthwise/kernel"]],
    ["net/block_1/scale", ["net/block_1/scale"]],
    ["stem", ["stem/inner/conv/kernel"]],
  ])("takes the pattern %s, and the head with it", (pattern, wanted) => expect(names(resolveUnfreeze(graph, [pattern], blocks))).toEqual([...head, ...wanted]));

  it("does not take a prefix of a segment, or a pattern's letters, for a match", () => {
    expect(() => resolveUnfreeze(graph, ["net/block"], blocks)).toThrow(/unfreeze pattern "net\/block": no layer group matches.*"net\/block_1"/);
    expect(() => resolveUnfreeze(graph, ["net.block_1"], blocks)).toThrow(/no layer group matches/);
    expect(() => resolveUnfreeze(graph, ["net/*"], blocks)).not.toThrow();
  });

  it("finds the blocks of an unknown model by the numbers in its names", () => {
    expect(defaultBlocks(graph)).toEqual(["stem/inner/conv", "net/block_1/scale", "net/block_2/conv"]);
  });

  it("divides what is most of a model, and leaves out a last block with next to nothing in it", () => {
    const builder = new GraphBuilder();
    builder.input("x", [null, 10], "float32");
    const sizes: readonly (readonly [string, number])[] = [["model_1/stem", 10], ["model_1/block_1_a", 10], ["model_1/block_1_b", 10], ["model_1/block_2_a", 10], ["model_1/block_2_b", 10], ["model_1/tiny_3", 1]];
    let value = "x";
    for (const [path, width] of sizes) {
      builder.parameter(`${path}/kernel`, [10, width]);
      value = builder.add(path, "matMul", [value, `${path}/kernel`], { transposeA: false, transposeB: false });
    }
    expect(defaultBlocks(builder.build([value]))).toEqual(["model_1/stem", "model_1/block_1_a", "model_1/block_2_a"]);
  });
});

describe("splitAtCut", () => {
  const split = (paths: Parameters<typeof resolveUnfreeze>[1], of = graph): ReturnType<typeof splitAtCut> => splitAtCut(of, resolveUnfreeze(of, paths, blocks));

  it("leaves the head to the tail, but not the pooling, which has nothing to learn", () => {
    const { trunk, tail } = split("head");
    expect(trunk.outputs).toEqual(["head/pool"]);
    expect(tail.inputs).toEqual([{ name: "head/pool", shape: [null, 6], dtype: "float32" }]);
    expect(tail.nodes.map(({ name }) => name)).toEqual(["head/centered", "head/standardised", "head/dropout", "head/matmul", "head/logits"]);
    expect(tail.parameters.map(({ name }) => name)).toEqual(["head/center", "head/scale", "head/kernel", "head/bias"]);
    expect(trunk.parameters.some(({ name }) => name.startsWith("head/"))).toBe(false);
    expect(trunk.nodes.some(({ name }) => name === "net/block_1/drop")).toBe(true);
  });

  it("carries every value that crosses, once, and gives the tail its own constants", () => {
    const { trunk, tail } = split(["net/block_2"]);
    expect(trunk.outputs).toEqual(["net/block_1/out", "stem/out"]);
    expect(tail.inputs.map(({ name }) => name)).toEqual(trunk.outputs);
    expect(tail.nodes[0]?.name).toBe("half");
    expect(trunk.nodes.map(({ name }) => name)).toEqual(["stem/out", "net/block_1/dw", "net/block_1/drop", "net/block_1/out"]);
  });

  it("wakes a dropout whose layer learns, although nothing before it does", () => {
    expect(split(["net/block_1/scale"]).trunk.outputs).toEqual(["net/block_1/dw", "stem/out"]);
  });

  it("passes the input through where the first layer learns", () => {
    const { trunk, tail } = split("all");
    expect(trunk.nodes).toEqual([]);
    expect(trunk.outputs).toEqual(["images"]);
    expect(tail.inputs).toEqual(graph.inputs);
    expect(tail.nodes.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
  });

  it("passes an output through the tail where nothing learns", () => {
    const { trunk, tail } = splitAtCut(graph, new Set());
    expect(trunk.outputs).toEqual(["head/logits"]);
    expect(tail).toMatchObject({ nodes: [], parameters: [], outputs: ["head/logits"], inputs: [{ name: "head/logits" }] });
  });
});

describe("surgery", () => {
  it("adds a head without dropout or pooling where there is none to add", () => {
    const pooled = truncate(network(), "head/pool");
    const { nodes, outputs } = attachClassifierHead({ ...pooled, nodes: pooled.nodes.map((node) => (node.name === "head/pool" ? { ...node, name: "pool" } : node)) }, { from: "pool", classes: 2, dropout: 0 });
    expect(nodes.map(({ name }) => name).slice(-5)).toEqual(["pool", "head/centered", "head/standardised", "head/matmul", "head/logits"]);
    expect(outputs).toEqual(["head/logits"]);
  });

  it("keeps only what the new output needs", () => {
    const short = truncate(graph, "net/block_1/out");
    expect(short.parameters.map(({ name }) => name)).toEqual(["net/block_1/depthwise/kernel", "net/block_1/scale", "stem/inner/conv/kernel"]);
    expect(inferShapes(short).has("net/block_2/sum")).toBe(false);
    expect(() => truncate(graph, "nowhere")).toThrow(/it computes no value "nowhere"/);
    expect(() => attachClassifierHead(graph, { from: "head/bias", classes: 2, dropout: 0 })).toThrow(/computes no such value\. Expected .* such as "head\//);
  });
});
