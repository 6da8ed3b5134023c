/** Graphs that no family describes: which input they get, where the head goes, and that they compute what they computed before. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { execute } from "../engine/execute.ts";
import { waveWeights } from "../formats/testing/plain-tfjs.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { prune } from "../graph/surgery/prune.ts";
import type { Graph, Model } from "../graph/types.ts";
import { adoptModel, featuresOf, type AdoptOptions } from "./adopt.ts";
import type { Tokenizer } from "./types.ts";

beforeAll(() => tf.setBackend("cpu"));

const options: AdoptOptions = { name: "mine", format: "ONNX", where: "mine.onnx", bytes: 1000, pixelRange: "imagenet", text: null };

function modelOf(graph: Graph): Model {
  return { graph, weights: waveWeights(graph) };
}

/** Up to the features, as an adopted model is. */
function truncated({ graph, weights }: Model): Model {
  return { graph: prune(graph, [featuresOf(graph)]), weights };
}

function run({ graph, weights }: Model, inputs: Readonly<Record<string, tf.Tensor>>): Float32Array {
  return tf.tidy(() => {
    const values = new Map(Object.entries(inputs));
    for (const { name, shape } of graph.parameters) values.set(name, tf.tensor(weights.get(name) as Float32Array, [...shape]));
    return execute(graph, values).get(graph.outputs[0] as string)?.dataSync() as Float32Array;
  });
}

function classifier(shape: readonly (number | null)[], permutation?: readonly number[]): Model {
  const builder = new GraphBuilder();
  let x = builder.input("input", shape, "float32");
  if (permutation) x = builder.add("to_nhwc", "transpose", [x], { permutation });
  const channels = (permutation ? shape[1] : shape[3]) as number;
  x = builder.add("conv/out", "conv2d", [x, builder.parameter("conv/kernel", [3, 3, channels, 4])], { strides: [2, 2], dilations: [1, 1], padding: "same" });
  x = builder.add("pool", "mean", [x], { axes: [1, 2], keepDims: false });
  x = builder.add("classifier/matmul", "matMul", [x, builder.parameter("classifier/kernel", [4, 5])], { transposeA: false, transposeB: false });
  return modelOf(builder.build([builder.add("classifier/softmax", "softmax", [x], {})]));
}

describe("an image model", () => {
  it("keeps an RGB input, and its head goes before the old classifier", async () => {
    const model = classifier([null, 8, 8, 3]);
    const { card, loaded } = await adoptModel(model, options);
    expect(loaded).toMatchObject({ features: "pool", input: { kind: "image", name: "input", size: 8, scaled: true } });
    expect(card).toMatchObject({ id: "imported-mine", tasks: ["image-classification"], pixelRange: "imagenet", parameters: 3 * 3 * 3 * 4 });
    expect(loaded.model.graph).toEqual({ ...prune(model.graph, ["pool"]) });
  });

  it("takes RGB where the model wants channels first", async () => {
    const model = classifier([null, 3, 8, 8], [0, 2, 3, 1]);
    const { loaded } = await adoptModel(model, options);
    expect(loaded.model.graph.inputs).toMatchObject([{ name: "input/rgb", shape: [null, 8, 8, 3] }]);
    const image = tf.randomUniform([2, 8, 8, 3], 0, 1, "float32", 1);
    expect(run(loaded.model, { "input/rgb": image })).toBeAllClose(run(truncated(model), { input: image.transpose([0, 3, 1, 2]) }), { atol: 1e-6 });
  });

  it("takes RGB where the model wants grey", async () => {
    const model = classifier([null, 8, 8, 1]);
    const { loaded } = await adoptModel(model, options);
    const image = tf.randomUniform([2, 8, 8, 3], 0, 1, "float32", 1);
    const grey = image.mul([0.299, 0.587, 0.114]).sum(3, true);
    expect(run(loaded.model, { [loaded.input.name]: image })).toBeAllClose(run(truncated(model), { input: grey }), { atol: 1e-5 });
  });

  it.each([
    ["a wide image", [null, 8, 16, 3], /takes "input" \[\?, 8, 16, 3\]/],
    ["sound", [null, 16000, 1, 7], /wanted|Expected/i],
  ])("%s is refused by a sentence", async (_, shape, message) => {
    await expect(adoptModel(classifier(shape), options)).rejects.toThrow(message);
  });
});

describe("a text model", () => {
  const tokenizer: Tokenizer = { encode: () => Int32Array.of(), pieces: () => [], vocabularySize: 10, paddingId: 0 } as unknown as Tokenizer;
  const text = (rows: number) => Promise.resolve({ maxTokens: 64, tokenizer, tokenizerFiles: { rows } });

  /** Sums embeddings of ids, segments and positions where the mask is 1. */
  function encoder(): Model {
    const builder = new GraphBuilder();
    const inputs = ["input_ids", "attention_mask", "token_type_ids", "position_ids"].map((name) => builder.input(name, [null, 5], "int32"));
    const embed = (name: string, ids: string): string => builder.add(`${name}/out`, "embedding", [builder.parameter(`${name}/table`, [10, 3]), ids], {});
    const [ids, mask, segments, positions] = inputs as [string, string, string, string];
    const sum = builder.add("sum", "add", [builder.add("partial", "add", [embed("words", ids), embed("segments", segments)], {}), embed("positions", positions)], {});
    const weights = builder.add("mask", "cast", [mask], { dtype: "float32" });
    return modelOf(builder.build([builder.add("pooled", "maskedMean", [sum, weights], {})]));
  }

  it("asks for ids alone and makes mask, segments and positions of them", async () => {
    const model = encoder();
    const { loaded } = await adoptModel(model, { ...options, text });
    expect(loaded.input).toMatchObject({ kind: "text", name: "input_ids", maxTokens: 5, tokenizerFiles: { rows: 10 } });
    expect(loaded.model.graph.inputs.map(({ name }) => name)).toEqual(["input_ids"]);
    const ids = tf.tensor2d([[3, 4, 5, 0, 0], [9, 0, 0, 0, 0]], [2, 5], "int32");
    const want = run(model, {
      input_ids: ids,
      attention_mask: tf.tensor2d([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], [2, 5], "int32"),
      token_type_ids: tf.zeros([2, 5], "int32"),
      position_ids: tf.tensor2d([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]], [2, 5], "int32"),
    });
    expect(run(loaded.model, { input_ids: ids })).toBeAllClose(want, { atol: 1e-6 });
  });

  it("gets one vector for a text where the model has one for each token", async () => {
    const builder = new GraphBuilder();
    const ids = builder.input("input_ids", [null, null], "int32");
    const model = modelOf(builder.build([builder.add("last_hidden_state", "embedding", [builder.parameter("words/table", [10, 3]), ids], {})]));
    const { loaded } = await adoptModel(model, { ...options, text });
    expect(loaded.features).toBe("pooler/mean");
    const table = model.weights.get("words/table") as Float32Array;
    const mean = (a: number, b: number): number[] => [0, 1, 2].map((i) => ((table[a * 3 + i] as number) + (table[b * 3 + i] as number)) / 2);
    expect(run(loaded.model, { input_ids: tf.tensor2d([[3, 4, 0], [9, 1, 0]], [2, 3], "int32") })).toBeAllClose([...mean(3, 4), ...mean(9, 1)], { atol: 1e-6 });
  });

  it("without a tokenizer is refused, naming the files that were expected", async () => {
    await expect(adoptModel(encoder(), options)).rejects.toThrow(/no tokenizer came with it.*tokenizer\.json/s);
  });
});

it("finds features at the end where there is no classifier", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [null, 8, 8, 3], "float32");
  expect(featuresOf(builder.build([builder.add("relu", "relu", [x], {})]))).toBe("relu");
});

it("finds features before a classifier that is a convolution", () => {
  const builder = new GraphBuilder();
  const conv = (path: string, x: string, channels: readonly [number, number]): string =>
    builder.add(`${path}/out`, "conv2d", [x, builder.parameter(`${path}/kernel`, [1, 1, ...channels])], { strides: [1, 1], dilations: [1, 1], padding: "same" });
  const body = builder.add("body/relu", "relu", [conv("body", builder.input("x", [null, 8, 8, 3], "float32"), [3, 16])], {});
  const mean = builder.add("mean", "mean", [conv("classes", body, [16, 7])], { axes: [1, 2], keepDims: false });
  expect(featuresOf(builder.build([builder.add("softmax", "softmax", [mean], {})]))).toBe("body/relu");
  // Without probabilities it may be the features themselves.
  expect(featuresOf(builder.build([mean]))).toBe("mean");
});
