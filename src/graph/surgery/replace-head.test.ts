/** A head at any value that holds features, what it pools, and the sentence where there is no such value. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { execute } from "../../engine/execute.ts";
import { tf } from "../../engine/tf.ts";
import { GraphBuilder } from "../builder.ts";
import { inferShapes } from "../shapes.ts";
import type { Graph } from "../types.ts";
import { attachClassifierHead, type ClassifierHead } from "./replace-head.ts";

/** Tokens and an image's patches beside each other; what the old classifier read is "pooled". */
function textModel(masked: boolean): Graph {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, 3], "int32");
  builder.add("mask", "paddingMask", [ids], { paddingId: 0 });
  const embedded = builder.add("encoder/tokens", "embedding", [builder.parameter("encoder/table", [5, 2]), ids], {});
  const active = builder.add("encoder/layer_0/out", "relu", [embedded], {});
  const pooled = masked ? builder.add("pooled", "maskedMean", [active, "mask"], {}) : builder.add("pooled", "mean", [active], { axes: [1], keepDims: false });
  const graph = builder.build([pooled]);
  return masked ? graph : { ...graph, nodes: graph.nodes.filter(({ name }) => name !== "mask") };
}

function imageModel(): Graph {
  const builder = new GraphBuilder();
  builder.input("images", [null, 2, 3, 2], "float32");
  return builder.build([builder.add("features", "negate", ["images"], {})]);
}

const headed = (graph: Graph, options: Partial<ClassifierHead>): Graph => attachClassifierHead(graph, { from: "encoder/layer_0/out", classes: 2, dropout: 0, ...options });

/** What reaches the standardisation. */
async function pooled(graph: Graph, input: tf.Tensor): Promise<number[]> {
  const node = graph.nodes.find(({ name }) => name === "head/centered");
  const table = tf.tensor2d([[9, 9], [1, 2], [3, -4], [5, 6], [7, 8]]);
  const outputs = [node?.inputs[0] as string];
  const [values] = [...execute({ nodes: graph.nodes.slice(0, graph.nodes.findIndex(({ name }) => name === "head/centered")), outputs }, new Map([[graph.inputs[0]?.name as string, input], ["encoder/table", table]])).values()];
  return [...(await (values as tf.Tensor).data())];
}

describe("a head", () => {
  beforeAll(async () => {
    await useBackend("cpu", { wasmPath: "" });
  });

  it.each<[string, boolean, Partial<ClassifierHead>, number[]]>([
    ["the mean of the tokens that are no padding", true, {}, [2, 1]],
    ["the mean of all tokens, where nobody knows of padding", false, {}, [13 / 3, 11 / 3]],
    ["their maximum", true, { pooling: "max" }, [9, 9]],
    ["the first of them", true, { pooling: "first" }, [1, 2]],
    ["one row as it is", true, { from: "pooled", pooling: "max" }, [2, 1]],
  ])("reads %s", async (_, masked, options, want) => {
    const graph = headed(textModel(masked), options);
    expect(inferShapes(graph).get("head/logits")).toEqual([null, 2]);
    expect(await pooled(graph, tf.tensor2d([[1, 2, 0]], [1, 3], "int32"))).toBeAllClose(want, { rtol: 1e-6 });
  });

  it("reads the mean or the maximum of an image", async () => {
    const image = tf.tensor4d(Array.from({ length: 12 }, (_, i) => i), [1, 2, 3, 2]);
    expect(await pooled(headed(imageModel(), { from: "features" }), image)).toEqual([-5, -6]);
    expect(await pooled(headed(imageModel(), { from: "features", pooling: "max" }), image)).toEqual([-0, -1]);
    expect(() => headed(imageModel(), { from: "features", pooling: "first" })).toThrow(/pooling "first" takes the first token, and its shape is \[\?, 2, 3, 2\]/);
  });

  it.each<[string, RegExp]>([
    ["encoder/layer_1/out", /head at "encoder\/layer_1\/out": the model computes no such value\. Expected .* such as "encoder\/layer_0\/out"/],
    ["encoder/table", /computes no such value/],
    ["ids", /its shape is \[\?, 3\]\. Expected \[batch, features\]/],
  ])("at %s is refused by a sentence", (from, message) => expect(() => headed(textModel(true), { from })).toThrow(message));
});
