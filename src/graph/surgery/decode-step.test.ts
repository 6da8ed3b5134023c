/** What a language model's graph becomes for writing text, and which graphs are refused. What the two graphs compute is in models/describe-generation.ts. */
import { describe, expect, it } from "vitest";
import { buildMobilenetV2 } from "../../models/mobilenet-v2/build.ts";
import { buildCheckpoint, checkpointCases } from "../../models/testing/checkpoint-problems.ts";
import { buildTransformerEncoder } from "../../models/transformer-encoder/build.ts";
import { GraphBuilder } from "../builder.ts";
import { inferDTypes, inferShapes } from "../shapes.ts";
import type { Graph, OpAttributes, OpName } from "../types.ts";
import { decodingGraphs } from "./decode-step.ts";

const graphOf = (name: string): Graph => buildCheckpoint(checkpointCases.find((golden) => golden.name === name)?.config ?? {}).graph;

type Between = (builder: GraphBuilder, x: string, mask: string) => string;

/** One causal attention between tables; `between` may put something in its way, or `keys` in that of its keys. */
function small({ attention = {}, positions = {}, between, keys }: { readonly attention?: Partial<OpAttributes["attention"]>; readonly positions?: Partial<OpAttributes["positionIds"]>; readonly between?: Between; readonly keys?: Between } = {}): Graph {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId: 0 });
  const places = builder.add("places", "positionIds", [ids], { offset: 2, ...positions });
  let x = builder.add("x", "add", [builder.add("words", "embedding", [builder.parameter("words/table", [9, 4]), ids], {}), builder.add("at", "embedding", [builder.parameter("at/table", [7, 4]), places], {})], {});
  x = between?.(builder, x, mask) ?? x;
  const mixed = builder.add("mixed", "attention", [x, keys?.(builder, x, mask) ?? x, x, mask], { heads: 2, scale: 0.5, causal: true, ...attention });
  return builder.build([builder.add("logits", "matMul", [mixed, "words/table"], { transposeA: false, transposeB: true })]);
}

const node = <Op extends OpName>(op: Op, attributes: OpAttributes[Op], more: readonly string[] = []) => ({
  between: (builder: GraphBuilder, x: string): string => builder.add("odd", op, [x, ...more], attributes),
});

describe("the graphs that write text", () => {
  it.each([
    ["gpt2, next tokens", 24, 50],
    ["llama, next tokens", 16, 50],
    ["qwen2, next tokens", 12, 50],
  ] as const)("of %s read a text into caches, and a token more with them", (name, width, vocabulary) => {
    const graph = graphOf(name);
    const { inputs, caches, prefill, step } = decodingGraphs(graph);
    // Keys and values of two layers.
    expect(caches).toHaveLength(4);
    const text = { [inputs.ids]: [1, 7], [inputs.positions]: [1, 7], [inputs.mask]: [1, 7] } as const;
    const read = inferShapes(prefill, text);
    expect(prefill.outputs.map((output) => read.get(output))).toEqual([[1, 1, vocabulary], ...caches.map(() => [1, 7, width])]);
    const token = { [inputs.ids]: [1, 1], [inputs.positions]: [1, 1], [inputs.mask]: [1, 32], ...Object.fromEntries(caches.map((cache) => [cache, [1, 32, width]])) };
    const stepped = inferShapes(step, token);
    expect(step.outputs.map((output) => stepped.get(output))).toEqual([[1, 1, vocabulary], ...caches.map(() => [1, 32, width])]);
    for (const made of [prefill, step]) {
      expect(made.parameters.map((parameter) => parameter.name).sort()).toEqual(graph.parameters.map((parameter) => parameter.name).filter((parameter) => made.nodes.some((any) => any.inputs.includes(parameter))).sort());
      expect(made.outputs.map((output) => inferDTypes(made).get(output))).toEqual(made.outputs.map(() => "float32"));
      expect(made.nodes.filter(({ op }) => op === "paddingMask" || op === "positionIds" || op === "dropout")).toEqual([]);
    }
  });

  it("compute the last layer and the scores for the last token alone", () => {
    const { inputs, prefill } = decodingGraphs(graphOf("gpt2, next tokens"));
    const shapes = inferShapes(prefill, { [inputs.ids]: [1, 7], [inputs.positions]: [1, 7], [inputs.mask]: [1, 7] });
    expect(["transformer/h/0/mlp/sum", "transformer/h/1/attn/c_attn/out", "transformer/h/1/attn/sum", "transformer/h/1/mlp/c_fc/out", "transformer/ln_f/out"].map((name) => shapes.get(name)?.[1])).toEqual([7, 7, 1, 1, 1]);
  });

  it("count positions as the model does, and leave dropout out", () => {
    const { step, prefill } = decodingGraphs(small(node("dropout", { rate: 0.5 })));
    for (const graph of [step, prefill]) {
      expect(graph.nodes.find(({ name }) => name === "places")).toMatchObject({ op: "add", inputs: ["decode/positions", "places/offset"] });
      expect(graph.nodes.find(({ name }) => name === "places/offset")?.attributes).toMatchObject({ values: [2], dtype: "int32" });
      expect(graph.nodes.some(({ name }) => name === "odd")).toBe(false);
    }
    // Keys and values are the same value here: one cache.
    expect(decodingGraphs(small()).caches).toEqual(["decode/cache_0"]);
  });

  it.each<[string, Graph, RegExp]>([
    ["an image model", buildMobilenetV2({ width: 0.35, imageSize: 32, classes: 4 }), /writing text: the model's inputs are images \[\?, 32, 32, 3\]\. Expected one: token ids/],
    ["a text of one length", buildTransformerEncoder({ layers: 1, width: 8, heads: 2, tokens: 6, vocabulary: 11, classes: 3 }), /the model's inputs are ids \[\?, 6\]/],
    ["a decoder that classifies", graphOf("gpt2, classes"), /the model gives score\/out \[\?, 3\]\. Expected scores of every next token/],
    ["an encoder", graphOf("bert"), /the model gives classifier\/out \[\?, 3\]/],
    ["attention both ways", small({ attention: { causal: false } }), /node "mixed" \(attention\): its tokens see those that come later/],
    ["positions that count padding", small({ positions: { paddingId: 1 } }), /node "places" \(positionIds\): it counts padding in/],
    ["a mean over tokens", small({ between: (builder, x) => builder.add("back", "add", [x, builder.add("odd", "mean", [x], { axes: [1], keepDims: true })], {}) }), /node "odd" \(mean\): tokens may meet in it, so a text cannot be continued token by token/],
    ["running sums", small(node("cumulativeSum", { axis: 1, exclusive: false, reverse: false })), /node "odd" \(cumulativeSum\): tokens may meet in it/],
    ["tokens in another order", small(node("reverse", { axes: [1] })), /node "odd" \(reverse\)/],
    ["a token left out", small(node("slice", { begin: [0, 1, 0], size: [-1, -1, -1] })), /node "odd" \(slice\): it leaves tokens out/],
    ["tokens twice", small({ between: (builder, x) => builder.add("odd", "concat", [x, x], { axis: 1 }) }), /node "odd" \(concat\): it joins other things/],
    ["products of tokens", small({ between: (builder, x) => builder.add("odd", "matMul", [builder.add("square", "matMul", [x, x], { transposeA: false, transposeB: true }), x], { transposeA: false, transposeB: false }) }), /node "square" \(matMul\): it multiplies tokens by tokens/],
    ["a mask beside attention", small({ between: (builder, x, mask) => builder.add("odd", "multiply", [x, mask], {}) }), /node "odd" \(multiply\): it reads the mask/],
    ["texts of a fixed length", small({ between: (builder, x) => builder.add("odd", "add", [x, builder.parameter("table", [6, 4])], {}) }), /the model gives logits \[\?, 6, 9\]/],
    ["keys of a fixed length", small({ keys: (builder, x) => builder.add("odd", "add", [x, builder.parameter("table", [6, 4])], {}) }), /node "odd" \(add\): its result is \[\?, 6, 4\]/],
  ])("are refused for %s, in a sentence", (_, graph, message) => {
    expect(() => decodingGraphs(graph)).toThrow(message);
  });

  it("are refused where tokens never meet", () => {
    const builder = new GraphBuilder();
    const ids = builder.input("ids", [null, null], "int32");
    expect(() => decodingGraphs(builder.build([builder.add("logits", "embedding", [builder.parameter("table", [5, 5]), ids], {})]))).toThrow("writing text: the model has no causal attention. Expected a causal language model, as those of the GPT-2 and Llama families.");
  });
});
