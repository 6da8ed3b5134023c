/**
 * What a text is padded to changes nothing: outputs, pooled features, loss, score and every gradient of each family that reads texts are
 * those of a shorter bucket. A classifier masks padding; a model that writes has it on the right, where causal attention does not look.
 */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../core/rng.ts";
import "../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../engine/backend.ts";
import { IGNORED_LABEL } from "../engine/losses.ts";
import { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import { prune } from "../graph/surgery/prune.ts";
import type { Model } from "../graph/types.ts";
import generationGoldens from "../models/goldens/generation.json" with { type: "json" };
import { initialWeights } from "../models/initial-weights.ts";
import { buildCheckpoint, checkpointCases, startingWeights } from "../models/testing/checkpoint-problems.ts";
import { buildUniversalSentenceEncoderLite, featuresName, inputName } from "../models/universal-sentence-encoder-lite/build.ts";
import { paddingId as sentencePadding } from "../models/universal-sentence-encoder-lite/tokenizer.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { Objective } from "../train/objective.ts";
import { classificationObjective } from "./classification/objective.ts";
import { graftWriter } from "./text-generation/graft.ts";
import { generationObjective } from "./text-generation/objective.ts";

interface Problem {
  readonly name: string;
  readonly model: Model;
  readonly features: string;
  readonly inputName: string;
  readonly paddingId: number;
  readonly vocabulary: number;
  /** Whether each token is followed by one, instead of the text being of a class. */
  readonly writes: boolean;
}

interface Outcome {
  /** Of the texts' own tokens. */
  readonly outputs: readonly number[];
  readonly pooled: readonly number[];
  readonly figures: readonly [loss: number, score: number];
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

const textLengths = [7, 4, 2];
const buckets = [7, 12] as const;

function checkpoint(name: string, config: object, starts: object): Problem {
  const { graph, features, input } = buildCheckpoint(config);
  if (input.kind !== "text") throw new Error(`${name} does not read texts.`);
  const { parameters } = prune(graph, [...graph.outputs, features]);
  const { vocab_size: vocabulary, architectures } = config as { vocab_size: number; architectures: readonly string[] };
  const writes = /ForCausalLM|LMHead/.test(architectures[0] as string);
  return { name, model: { graph, weights: startingWeights(parameters, starts) }, features, inputName: input.name, paddingId: input.paddingId, vocabulary, writes };
}

function sentenceEncoder(): Problem {
  const graph = buildUniversalSentenceEncoderLite();
  const weights = initialWeights(graph, new Rng(1), ({ shape, name }) => (name.endsWith("table") ? 1 : Math.sqrt(1 / (shape[0] as number))));
  return { name: "sentence encoder", model: { graph, weights }, features: featuresName, inputName, paddingId: sentencePadding, vocabulary: sentencePadding, writes: false };
}

const mistral = generationGoldens.cases.find(({ name }) => name === "mistral") as (typeof generationGoldens.cases)[number];
const problems: readonly Problem[] = [
  ...checkpointCases.flatMap((golden) => ("tokens" in golden ? [checkpoint(golden.name, golden.config, golden.starts)] : [])),
  checkpoint("mistral, next tokens", mistral.config, mistral.starts),
  sentenceEncoder(),
];

/** No token is the padding. */
function textsOf({ vocabulary, paddingId }: Problem): number[][] {
  return textLengths.map((length, row) => Array.from({ length }, (_, i) => (5 * i * i + 3 * i + 11 * row) % (vocabulary - 1)).map((id) => (id < paddingId ? id : id + 1)));
}

function trainedModel({ model, writes, inputName: name }: Problem): Model {
  const graph = prune(model.graph, model.graph.outputs);
  const used = new Set(graph.parameters.map((parameter) => parameter.name));
  const weights = new Map([...model.weights].filter(([parameter]) => used.has(parameter)));
  if (!writes) return { graph, weights };
  const loaded = { model: { graph, weights }, input: { kind: "text", name } };
  return graftWriter(loaded as unknown as Parameters<typeof graftWriter>[0], parseRecipe({ task: "text-generation", model: "tiny" }), new Rng(1));
}

function withoutMask({ model, ...problem }: Problem): Problem {
  const nodes = model.graph.nodes.map((node) => (node.op === "paddingMask" ? { ...node, attributes: { paddingId: -1 } } : node));
  return { ...problem, model: { ...model, graph: { ...model.graph, nodes } } };
}

async function outcome(problem: Problem, bucket: number): Promise<Outcome> {
  const texts = textsOf(problem);
  const fill = (rows: readonly (readonly number[])[], filler: number): tf.Tensor => tf.tensor(rows.flatMap((row) => [...row, ...new Array<number>(bucket - row.length).fill(filler)]), [rows.length, bucket], "int32");
  const ids = fill(texts, problem.paddingId);
  const inputs = new Map([[problem.inputName, ids]]);
  const targets = problem.writes ? fill(texts.map((text) => [...text.slice(1), IGNORED_LABEL]), IGNORED_LABEL) : tf.tensor1d([2, 0, 1], "int32");
  const objective: Objective = problem.writes ? generationObjective({ labelSmoothing: 0 }) : classificationObjective({ labelSmoothing: 0, classWeights: "none" }, []);

  const model = trainedModel(problem);
  const module = new GraphModule(model, new Set(model.graph.parameters.map(({ name }) => name)));
  const activations = module.runTrunk(inputs);
  const { loss, output, gradients } = module.gradients(activations, (logits) => objective.loss(logits, targets, { training: true }), { value: 0, tensor: null });
  const score = objective.score(output, targets);
  const width = output.shape.at(-1) as number;
  const values = [...(await output.data())];
  const outputs = problem.writes ? texts.flatMap((text, row) => values.slice(row * bucket * width, (row * bucket + text.length) * width)) : values;
  const read = new Map<string, ArrayLike<number>>();
  for (const [name, gradient] of gradients) read.set(name, (await gradient.data()).slice());
  const figures = [(await loss.data())[0] as number, (await score.data())[0] as number] as const;
  for (const tensor of [loss, output, score, targets, ...activations.values(), ...gradients.values()]) tensor.dispose();
  module.dispose();

  const features = new GraphModule({ graph: prune(problem.model.graph, [problem.features]), weights: problem.model.weights }, new Set());
  const trunk = features.runTrunk(inputs);
  const pooledTensor = features.runTail(trunk);
  const pooled = [...(await pooledTensor.data())];
  for (const tensor of [ids, pooledTensor, ...trunk.values()]) tensor.dispose();
  features.dispose();
  return { outputs, pooled, figures, gradients: read };
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

describe.each(["cpu", "wasm"] as const)("padding on %s", (backend) => {
  beforeAll(() => useBackend(backend, { wasmPath: fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) }));

  it("has every family that reads texts", () => {
    expect(problems.map(({ name }) => name)).toEqual(["bert", "roberta", "distilbert", "gpt2, next tokens", "gpt2, classes", "llama, next tokens", "llama, classes", "qwen2, next tokens", "mistral, next tokens", "sentence encoder"]);
  });

  // The sentence encoder has one size only, which takes the cpu backend minutes.
  it.each(problems.filter(({ name }) => backend === "wasm" || name !== "sentence encoder").map((problem) => [problem.name, problem] as const))("%s: a longer bucket changes no output, loss, score or gradient", { timeout: 120_000 }, async (_, problem) => {
    const before = memory();
    const [short, long] = [await outcome(problem, buckets[0]), await outcome(problem, buckets[1])];
    expect(long.outputs).toBeAllClose(short.outputs, { rtol: 1e-5, atol: 1e-5 });
    expect(long.pooled).toBeAllClose(short.pooled, { rtol: 1e-5, atol: 1e-5 });
    expect(long.figures).toBeAllClose(short.figures, { rtol: 1e-5 });
    expect([...long.gradients.keys()]).toEqual([...short.gradients.keys()]);
    for (const [name, gradient] of long.gradients) {
      const want = short.gradients.get(name) as ArrayLike<number>;
      expect(gradient, name).toBeAllClose(want, { rtol: 1e-5, atol: 1e-5 * Math.max(1e-2, largest(want)) });
    }
    expect(memory()).toEqual(before);
  });

  it.each(problems.filter(({ name }) => backend === "wasm" && name !== "sentence encoder").map((problem) => [problem.name, problem] as const))("%s: without its mask, its features would change", async (_, problem) => {
    const unmasked = withoutMask(problem);
    const [short, long] = [await outcome(unmasked, buckets[0]), await outcome(unmasked, buckets[1])];
    expect(largest(long.pooled.map((value, i) => value - (short.pooled[i] as number)))).toBeGreaterThan(1e-2);
  });
});
