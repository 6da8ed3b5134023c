/**
 * The suite for writing text, on every backend: with a key-value cache the decoders go on as they do without, token for token, and as
 * PyTorch goes on (tools/reference/generation.py), over several lengths of the cache, with adapters and while they are trained.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../core/backends.ts";
import { Rng } from "../core/rng.ts";
import "../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../engine/backend.ts";
import { CachedDecoder, contextStart } from "../engine/generation/cached-decoder.ts";
import { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import { insertLora, isAdapter } from "../graph/surgery/lora.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import type { Model } from "../graph/types.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import goldens from "./goldens/generation.json" with { type: "json" };
import { buildCheckpoint, startingWeights } from "./testing/checkpoint-problems.ts";
import { adapterValues, chirp } from "./testing/reference-problems.ts";

type Golden = (typeof goldens.cases)[number];
type NextLogits = (ids: readonly number[]) => Promise<Float32Array>;

function modelOf({ config, starts }: Golden): Model {
  const { graph } = buildCheckpoint(config);
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return { graph, weights: startingWeights(graph.parameters.filter(({ name }) => used.has(name)), starts) };
}

/** The model as it is trained, on the whole text for each token. */
function withoutCache(module: GraphModule, maxTokens: number): NextLogits {
  const [{ name } = { name: "" }] = module.graph.inputs;
  let start = 0;
  return async (ids) => {
    start = contextStart(ids.length, start, maxTokens);
    const text = ids.slice(start);
    const logits = tf.tidy(() => {
      const all = module.runTail(module.runTrunk(new Map([[name, tf.tensor([...text], [1, text.length], "int32")]])));
      return tf.slice(all, [0, text.length - 1, 0], [1, 1, -1]);
    });
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    return values;
  };
}

async function likeliest(next: NextLogits, prompt: readonly number[], count: number): Promise<number[]> {
  const ids = [...prompt];
  while (ids.length < prompt.length + count) {
    const logits = await next(ids);
    ids.push(logits.indexOf(logits.reduce((best, logit) => Math.max(best, logit), -Infinity)));
  }
  return ids.slice(prompt.length);
}

async function cachedTokens(module: GraphModule, maxTokens: number, prompt: readonly number[], count: number): Promise<number[]> {
  const decoder = new CachedDecoder(module, maxTokens);
  const tokens = await likeliest((ids) => decoder.logitsAfter(ids), prompt, count);
  decoder.dispose();
  return tokens;
}

/** Registers the suite on one backend. A backend that is not there fails it. `tokens`: fewer than the goldens have where each is slow. */
export function describeGeneration(backend: BackendName, wasmPath: string, { tokens = 72 } = {}): void {
  describe(`writing text on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("has four decoders to compare, whose texts outgrow two lengths of the cache", () => {
      expect(goldens.cases.map(({ name, tokens: all }) => [name, all.length])).toEqual([["gpt2", 72], ["llama", 72], ["mistral", 72], ["qwen2", 72]]);
    });

    it.each(goldens.cases.map((golden) => [golden.name, golden] as const))("%s goes on as in PyTorch, with the cache and without", { timeout: 120_000 }, async (_, golden) => {
      const before = memory();
      const module = new GraphModule(modelOf(golden), new Set());
      const decoder = new CachedDecoder(module, 96);
      // Another text first, which this one does not go on from though it is longer by one.
      await decoder.logitsAfter([1, 2, 3, 4]);
      expect(await decoder.logitsAfter(golden.prompt)).toBeAllClose(golden.logits, { rtol: 1e-4 });
      decoder.dispose();
      const want = golden.tokens.slice(0, tokens);
      expect(await cachedTokens(module, 96, golden.prompt, tokens)).toEqual(want);
      expect(await likeliest(withoutCache(module, 96), golden.prompt, tokens)).toEqual(want);
      module.dispose();
      expect(memory()).toEqual(before);
    });

    it.each(goldens.cases.slice(0, 2).map((golden) => [golden.name, golden] as const))("%s forgets the oldest half of a text that outgrows its context", { timeout: 60_000 }, async (_, golden) => {
      const module = new GraphModule(modelOf(golden), new Set());
      const count = Math.min(tokens, 40);
      const want = await likeliest(withoutCache(module, 14), golden.prompt, count);
      expect(await cachedTokens(module, 14, golden.prompt, count)).toEqual(want);
      expect(want, "what is forgotten matters").not.toEqual(golden.tokens.slice(0, count));
      // A prompt that is too long at the start.
      const long = [...golden.prompt, ...golden.tokens.slice(0, 20)];
      expect(await cachedTokens(module, 14, long, 3)).toEqual(await likeliest(withoutCache(module, 14), long, 3));
      module.dispose();
    });

    it.each(goldens.cases.slice(0, 2).map((golden) => [golden.name, golden] as const))("%s writes the same with adapters beside its layers and merged into them", { timeout: 60_000 }, async (_, golden) => {
      const count = Math.min(tokens, 24);
      const base = modelOf(golden);
      const inserted = insertLora(base, { rank: 2, alpha: 3, dropout: 0.1, targets: [] }, new Rng(1));
      const model = { ...inserted, weights: new Map([...inserted.weights, ...adapterValues(inserted.graph)]) };
      const beside = new GraphModule(model, new Set(model.graph.parameters.map(({ name }) => name).filter(isAdapter)));
      const merged = new GraphModule(mergeLora(model), new Set());
      const text = await cachedTokens(beside, 96, golden.prompt, count);
      expect(text).toEqual(await cachedTokens(merged, 96, golden.prompt, count));
      expect(text, "the adapters matter").not.toEqual(golden.tokens.slice(0, count));
      beside.dispose();
      merged.dispose();
    });

    it("follows a model that learns, in place", async () => {
      const golden = goldens.cases[0] as Golden;
      const count = Math.min(tokens, 12);
      const model = modelOf(golden);
      const module = new GraphModule(model, resolveUnfreeze(model.graph, ["transformer/h/1"], []));
      const before = memory();
      expect(await cachedTokens(module, 96, golden.prompt, count)).toEqual(golden.tokens.slice(0, count));
      module.restore(new Map([...module.variables].map(([name, { size }]) => [name, Float32Array.from({ length: size }, (_, i) => chirp(i, 1))])));
      const after = await cachedTokens(module, 96, golden.prompt, count);
      expect(after).not.toEqual(golden.tokens.slice(0, count));
      expect(after).toEqual(await likeliest(withoutCache(module, 96), golden.prompt, count));
      expect(memory()).toEqual(before);
      module.dispose();
    });
  });
}
