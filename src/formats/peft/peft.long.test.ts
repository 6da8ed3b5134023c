/** Adapters merged, and written and read as PEFT has them: the same outputs each way, the names and shapes that PEFT looks for, and what is refused. */
import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../core/rng.ts";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../../engine/backend.ts";
import { GraphModule } from "../../engine/module.ts";
import { createTrainingStep } from "../../engine/steps/training-step.ts";
import { tf } from "../../engine/tf.ts";
import { insertLora, isAdapter, type LoraOptions } from "../../graph/surgery/lora.ts";
import { mergeLora } from "../../graph/surgery/merge-lora.ts";
import type { Model } from "../../graph/types.ts";
import { batchOf, disposeBatch, objective } from "../../models/describe-families.ts";
import { adapterValues, smallMobilenetV2, smallTransformer, type ReferenceProblem } from "../../models/testing/reference-problems.ts";
import { readSafetensors } from "../safetensors/read.ts";
import { writeSafetensors } from "../safetensors/write.ts";
import { countRefused, mutateBytes } from "../testing/mutate.ts";
import { readAdapter } from "./read.ts";
import { configFile, weightsFile, writeAdapter } from "./write.ts";

const options: LoraOptions = { rank: 3, alpha: 4, dropout: 0.1, targets: ["encoder"] };

function trained(problem: ReferenceProblem, settings: Partial<LoraOptions> = {}): Model {
  const { graph, weights } = insertLora(problem, { ...options, ...settings }, new Rng(1));
  return { graph, weights: new Map([...weights, ...adapterValues(graph)]) };
}

async function outputs(model: Model, { inputName, batch }: ReferenceProblem): Promise<number[]> {
  const module = new GraphModule(model, new Set());
  const { input } = batch(0);
  const x = input.data instanceof Int32Array ? tf.tensor(input.data, input.shape, "int32") : tf.tensor(input.data, input.shape);
  const activations = module.runTrunk(new Map([[inputName, x]]));
  const output = module.runTail(activations);
  const values = [...(await output.data())];
  for (const tensor of [x, output, ...activations.values()]) tensor.dispose();
  module.dispose();
  return values;
}

const problems: readonly (readonly [string, () => ReferenceProblem, Partial<LoraOptions>])[] = [
  ["dense layers", () => smallTransformer("pre"), {}],
  ["convolutions", smallMobilenetV2, { targets: ["stem", "**/expand", "**/project"] }],
];

const config = (files: Record<string, Uint8Array>): Record<string, unknown> => JSON.parse(new TextDecoder().decode(files[configFile])) as Record<string, unknown>;
const withConfig = (files: Record<string, Uint8Array>, changes: Readonly<Record<string, unknown>>): Record<string, Uint8Array> => ({ ...files, [configFile]: new TextEncoder().encode(JSON.stringify({ ...config(files), ...changes })) });

describe("adapters", () => {
  beforeAll(async () => {
    await useBackend("cpu", { wasmPath: "" });
  });

  it.each(problems)("of %s leave the outputs bit for bit at the start, and change them when trained", async (_, make, settings) => {
    const problem = make();
    const base = await outputs(problem, problem);
    expect(await outputs(insertLora(problem, { ...options, ...settings }, new Rng(1)), problem)).toEqual(base);
    const moved = await outputs(trained(problem, settings), problem);
    expect(Math.max(...moved.map((value, i) => Math.abs(value - (base[i] as number))))).toBeGreaterThan(0.01);
  });

  it.each(problems)("of %s give the same outputs merged, and read back from PEFT's files", async (_, make, settings) => {
    const problem = make();
    const model = trained(problem, settings);
    const want = await outputs(model, problem);
    expect(await outputs(mergeLora(model), problem)).toBeAllClose(want, { rtol: 1e-5, atol: 1e-5 });
    const again = readAdapter(problem, writeAdapter(model, { baseModel: "base" }));
    expect(again).toEqual(model);
    expect(await outputs(again, problem)).toEqual(want);
  });

  it("have PEFT's names, layouts and settings", () => {
    const dense = writeAdapter(trained(smallTransformer("pre"), { targets: ["**/qkv"] }), { baseModel: "org/name" });
    const tensors = [...readSafetensors(dense[weightsFile] as Uint8Array).tensors].map(([name, { shape }]) => [name, shape]);
    expect(tensors).toEqual(
      [0, 1].flatMap((layer) => [
        [`base_model.model.encoder.layer_${layer}.attention.qkv.lora_A.weight`, [3, 32]],
        [`base_model.model.encoder.layer_${layer}.attention.qkv.lora_B.weight`, [96, 3]],
      ]),
    );
    expect(config(dense)).toMatchObject({ peft_type: "LORA", base_model_name_or_path: "org/name", r: 3, lora_alpha: 4, lora_dropout: 0.1, fan_in_fan_out: true, bias: "none", use_rslora: false, use_dora: false, target_modules: ["encoder.layer_0.attention.qkv", "encoder.layer_1.attention.qkv"] });
    const stem = writeAdapter(trained(smallMobilenetV2(), { targets: ["stem"] }), { baseModel: "" });
    expect([...readSafetensors(stem[weightsFile] as Uint8Array).tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ["base_model.model.stem.conv.lora_A.weight", [3, 3, 3, 3]],
      ["base_model.model.stem.conv.lora_B.weight", [16, 3, 1, 1]],
    ]);
    expect(config(stem)).toMatchObject({ fan_in_fan_out: false });
    expect(writeAdapter(smallTransformer("pre"), { baseModel: "" })).toEqual({});
  });

  it("of a model that they were not made for, or that are not plain LoRA, are refused by a sentence", () => {
    const problem = smallTransformer("pre");
    const files = writeAdapter(trained(problem), { baseModel: "base" });
    const read = (changed: Record<string, Uint8Array>): Model => readAdapter(problem, changed);
    expect(() => read(withConfig(files, { use_rslora: true }))).toThrow(/"use_rslora": its scale is rank-stabilised/);
    expect(() => read(withConfig(files, { use_dora: true }))).toThrow(/"use_dora": it is a DoRA adapter/);
    expect(() => read(withConfig(files, { peft_type: "IA3" }))).toThrow(/it is a IA3 adapter/);
    expect(() => read(withConfig(files, { bias: "all" }))).toThrow(/learned biases/);
    expect(() => read(withConfig(files, { rank_pattern: { qkv: 2 } }))).toThrow(/different ranks/);
    expect(() => read(withConfig(files, { modules_to_save: ["classifier"] }))).toThrow(/replaces whole layers/);
    expect(() => read(withConfig(files, { r: 4 }))).toThrow(/has the shape \[3, 32\]\. Expected \[4, 32\]/);
    expect(() => read({ [configFile]: files[configFile] as Uint8Array })).toThrow(/adapter_model.safetensors is missing/);
    expect(() => readAdapter(smallMobilenetV2(), files)).toThrow(/no layer "encoder\.layer_0\.attention\.qkv".*such as "/);
    const { tensors } = readSafetensors(files[weightsFile] as Uint8Array);
    const extra = new Map([...tensors, ["base_model.model.encoder.layer_0.attention.qkv.lora_magnitude_vector", { shape: [1], values: Float32Array.of(1) }] as const]);
    expect(() => read({ ...files, [weightsFile]: writeSafetensors(extra) })).toThrow(/lora_magnitude_vector" is no part of plain LoRA/);
    const half = new Map([...tensors].filter(([name]) => !name.endsWith("layer_0.attention.qkv.lora_B.weight")));
    expect(() => read({ ...files, [weightsFile]: writeSafetensors(half) })).toThrow(/qkv\.lora_B\.weight" is missing/);
  });

  it.each([configFile, weightsFile])("load or are refused with a sentence, however %s is damaged", (name) => {
    const problem = smallTransformer("pre");
    const files = writeAdapter(trained(problem, { targets: ["encoder/layer_0/attention/output"], rank: 1 }), { baseModel: "base" });
    const refused = countRefused(500, 7, (rng) => void readAdapter(problem, { ...files, [name]: mutateBytes(files[name] as Uint8Array, rng) }));
    expect(refused).toBeGreaterThan(50);
  });

  it("learn the same bits twice, their dropout with them, and leave the base alone", async () => {
    const problem = smallTransformer("pre");
    const model = insertLora(problem, options, new Rng(1));
    const learned = new Set(model.graph.parameters.map(({ name }) => name).filter(isAdapter));
    const run = async (seed: number): Promise<ReadonlyMap<string, ArrayLike<number>>> => {
      const module = new GraphModule(model, learned);
      const step = createTrainingStep(module, objective, { optimizer: "adamw", weightDecay: 0.01, momentum: 0, gradientClipNorm: 1, learningRateScale: () => 1 });
      for (let index = 0; index < 3; index++) {
        const batch = batchOf(module, problem, index);
        step.accumulate({ ...batch, share: 1, seed: seed + index });
        step.apply(1e-2);
        disposeBatch(batch);
      }
      const weights = await module.weights();
      for (const { name } of problem.graph.parameters) expect(await module.readFrozen(name), name).toEqual(problem.weights.get(name));
      step.dispose();
      module.dispose();
      return weights;
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(9)).not.toEqual(first);
    expect(first.get("encoder/layer_1/attention/qkv/lora_B/weight")).not.toEqual(model.weights.get("encoder/layer_1/attention/qkv/lora_B/weight"));
  });
});
