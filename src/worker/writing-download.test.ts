/** What a model that writes is taken along as: the whole download, which writes the same when it is opened again, and its adapters alone. */
import { fileURLToPath } from "node:url";
import { strFromU8, unzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../core/rng.ts";
import { useBackend } from "../engine/backend.ts";
import { TextGenerator } from "../engine/generation/text-generator.ts";
import { GraphModule } from "../engine/module.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import { readSafetensors } from "../formats/safetensors/read.ts";
import { loadGraphModel } from "../formats/testing/plain-tfjs.ts";
import { insertLora, isAdapter } from "../graph/surgery/lora.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import { countWeights } from "../graph/parameters.ts";
import type { Model } from "../graph/types.ts";
import { openCheckpoint } from "../models/checkpoints/open.ts";
import { caseOf, writingCheckpoint } from "../models/testing/checkpoint-files.ts";
import { checkpointProblem } from "../models/testing/checkpoint-problems.ts";
import { adapterValues } from "../models/testing/reference-problems.ts";
import type { LoadedModel } from "../models/types.ts";
import { generationSchema } from "../protocol/generation.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { TaskEngine } from "../tasks/engine.ts";
import { engineOf } from "../tasks/engines.ts";
import type { ExportOptions, GenerationMetrics, RunResults } from "../protocol/run.ts";
import { Device } from "./device.ts";
import { exportRun, type Exported } from "./export.ts";
import { concreteInputShapes } from "./model-input.ts";
import { OpenedDownload } from "./opened-download.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));
const greedy = generationSchema.parse({ temperature: 0, repetitionPenalty: 1, maxNewTokens: 24 });
const recipe = parseRecipe({ task: "text-generation", model: "hub:example/small-writer@0123abc", lora: { enabled: true }, maxTokens: 8, generation: { contextLength: 16 } });
const figures = (perplexity: number): GenerationMetrics => ({ loss: Math.log(perplexity), perplexity, tokenAccuracy: 0.25, tokens: 400 });

type TextInput = Extract<LoadedModel["input"], { readonly kind: "text" }>;

let loaded: LoadedModel;
let input: TextInput;
let adapted: Model;
beforeAll(async () => {
  ({ loaded } = await openCheckpoint(writingCheckpoint()));
  input = loaded.input as TextInput;
  const inserted = insertLora(loaded.model, { rank: 2, alpha: 3, dropout: 0.1, targets: [] }, new Rng(1));
  adapted = { ...inserted, weights: new Map([...inserted.weights, ...adapterValues(inserted.graph)]) };
  await useBackend("wasm", { wasmPath });
  const writer: TaskEngine["writer"] = (module, { tokenizer, maxTokens, endOfText = [] }: TextInput) => new TextGenerator({ module, tokenizer, maxTokens, endOfText });
  Object.assign(engineOf("text-generation"), { writer, ...engineOf("text-generation") });
});

function runOf(model: Model, some: Partial<Exported> = {}): Exported {
  const results: RunResults = {
    classes: [],
    epochs: [],
    validation: { kind: "generation", before: figures(48.5), after: figures(12.25) },
    info: { backend: "wasm", adapter: "", totalSteps: 1, epochs: 1, trainableParameters: countWeights(model.graph, isAdapter), totalParameters: countWeights(model.graph), trunkCached: false, score: { name: "Token accuracy", better: "higher", isShare: true } },
    reason: "completed",
    bestEpoch: 1,
    seconds: 1,
  };
  return { recipe, loaded, classes: [], leftOut: [], results: () => results, model: () => Promise.resolve(model), scoreOf: () => Promise.resolve(0.25), ...some };
}

async function filesOf(run: Exported, options?: ExportOptions): Promise<{ readonly zip: Blob; readonly files: Record<string, Uint8Array>; readonly text: (path: string) => string }> {
  const zip = await exportRun(run, options);
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  return { zip, files, text: (path) => strFromU8(files[path] as Uint8Array) };
}

/** What the model writes where it is. */
async function writtenBy(model: Model): Promise<readonly number[]> {
  const module = new GraphModule(model, new Set());
  const { tokens } = await new TextGenerator({ module, tokenizer: input.tokenizer, maxTokens: input.maxTokens, endOfText: input.endOfText ?? [] }).generate("a bad cat", greedy);
  module.dispose();
  return tokens;
}

async function writtenByOpened(zip: Blob): Promise<readonly number[]> {
  const opened = await OpenedDownload.read([{ path: "download.zip", blob: zip }], new Device(wasmPath));
  const { tokens } = await opened.write({ prompt: "a bad cat", asChat: false }, greedy, {});
  opened.dispose();
  return tokens;
}

describe("the download of a model that writes", () => {
  it("writes the same when it is opened again", async () => {
    const { zip, text } = await filesOf(runOf(adapted));
    const before = await writtenBy(adapted);
    expect(before.length).toBe(24);
    expect(before, "the adapters matter").not.toEqual(await writtenBy(loaded.model));
    expect(await writtenByOpened(zip)).toEqual(before);
    expect(JSON.parse(text("graft.json"))).toMatchObject({ task: "text-generation", classes: [], input: { kind: "text", maxTokens: 16, endOfText: [49] }, headline: { name: "Perplexity", after: 12.25 } });
  });

  it("says in graft.json how much the model reads, and learns and is exported with no more than the recipe's context", async () => {
    const longer = { ...loaded, input: { ...input, maxTokens: 40 } };
    expect(JSON.parse((await filesOf(runOf(adapted, { loaded: longer }), { formats: [] })).text("graft.json"))).toMatchObject({ input: { maxTokens: 40 } });
    expect(concreteInputShapes(longer, recipe)).toEqual({ input_ids: [null, 16] });
    expect(concreteInputShapes(longer, { ...recipe, generation: { ...recipe.generation, contextLength: 128 } })).toEqual({ input_ids: [null, 40] });
  });

  it("is a folder that transformers opens: its config, and a tensor by each name and shape that the checkpoint had, with what was learned in it", async () => {
    const { files, text } = await filesOf(runOf(adapted), { formats: [] });
    expect(JSON.parse(text("config.json"))).toEqual({ ...caseOf("gpt2, next tokens").config, torch_dtype: "float32" });
    const { tensors, metadata } = readSafetensors(files["model.safetensors"] as Uint8Array, "model.safetensors");
    const published = new Map(checkpointProblem(caseOf("gpt2, next tokens")).graph.parameters.map(({ name, shape }) => [name.replaceAll("/", "."), shape]));
    // The table is tied to the head, which has no tensor of its own: so transformers writes it, too.
    expect(new Map([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(published);
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(["transformer.wte.weight", "transformer.h.0.attn.c_attn.weight"]));
    expect(metadata.get("format")).toBe("pt");
    expect(tensors.get("transformer.h.0.attn.c_attn.weight")?.values).toEqual(mergeLora(adapted).weights.get("transformer/h/0/attn/c_attn/weight"));
    expect(Object.keys(files)).toEqual(expect.arrayContaining(["tokenizer/tokenizer.json", "adapter/adapter_config.json", "adapter/adapter_model.safetensors"]));
    expect(files["labels.json"]).toBeUndefined();
    const readme = text("README.md");
    for (const part of ["Perplexity: validation 12.25; before fine-tuning 48.50", 'AutoModelForCausalLM.from_pretrained(".")', 'tokenizer_file="tokenizer/tokenizer.json"', 'base = "example/small-writer"', "| config.json |"]) expect(readme).toContain(part);
    expect(readme).not.toMatch(/labels\.json|head\b.*logits/);
  });

  it("has the dtype of its weights in its config, whatever the checkpoint was stored in", async () => {
    const { text } = await filesOf(runOf(adapted, { loaded: { ...loaded, config: { model_type: "gpt2", dtype: "bfloat16", torch_dtype: "float16", quantization_config: {} } } }), { formats: [] });
    expect(JSON.parse(text("config.json"))).toEqual({ model_type: "gpt2", dtype: "float32", torch_dtype: "float32" });
  });

  it("holds the other formats too, written for the length that it learned with", async () => {
    const { files, text } = await filesOf(runOf(adapted, { loaded: { ...loaded, input: { ...input, maxTokens: 40 } } }), { formats: ["tfjs", "onnx", "pytorch"] });
    expect(Object.keys(files)).toEqual(expect.arrayContaining(["tfjs/model.json", "model.onnx", "model.py"]));
    expect(JSON.stringify((JSON.parse(text("tfjs/model.json")) as { signature: { inputs: unknown } }).signature.inputs)).toContain('"size":"16"');
    const plain = await loadGraphModel({ modelJson: JSON.parse(text("tfjs/model.json")) as Record<string, unknown>, weightData: (files["tfjs/weights.bin"] as Uint8Array<ArrayBuffer>).slice().buffer });
    const prompt = [...input.tokenizer.encode("a bad cat")];
    const logits = plain.execute({ input_ids: tf.tensor2d([...prompt, ...new Array<number>(16 - prompt.length).fill(49)], [1, 16], "int32") }) as Tensor;
    const next = tf.argMax(tf.slice(logits, [0, prompt.length - 1], [1, 1]), -1);
    expect(await next.data(), "as the README says").toEqual(Int32Array.from((await writtenBy(adapted)).slice(0, 1)));
    expect(text("model.py")).toContain("The outputs are logits, [batch, tokens, vocabulary]: at every token, of the one after it");
    const readme = text("README.md");
    for (const part of ["padded with 49 to 16", "[batch, 16], int32; [batch, tokens, vocabulary]", "argMax(-1)"]) expect(readme).toContain(part);
    expect(readme).not.toContain("What is not in here");
  });

  it("opens and writes in eight bits, where it is no checkpoint for others", async () => {
    const { zip, files, text } = await filesOf(runOf(adapted), { int8: true });
    expect(files["config.json"]).toBeUndefined();
    expect(text("README.md")).not.toContain("With transformers");
    const written = await writtenByOpened(zip);
    expect(written.length).toBe(24);
    expect([...readSafetensors(files["model.safetensors"] as Uint8Array, "model.safetensors").tensors.keys()], "the table, which scores tokens too").toContain("transformer/wte/weight.scale");
    expect(JSON.parse(text("metrics.json"))).toMatchObject({ int8: { scoreBefore: 0.25 }, validation: { perplexity: 12.25 } });
  });
});

describe("adapters alone", () => {
  it("are what PEFT opens, with the recipe and a README that names their base", async () => {
    const { zip, files, text } = await filesOf(runOf(adapted), { adapterOnly: true });
    expect(Object.keys(files).sort()).toEqual(["README.md", "adapter_config.json", "adapter_model.safetensors", "recipe.json"]);
    expect(JSON.parse(text("adapter_config.json"))).toMatchObject({ peft_type: "LORA", task_type: "CAUSAL_LM", base_model_name_or_path: "example/small-writer", fan_in_fan_out: true });
    const { tensors } = readSafetensors(files["adapter_model.safetensors"] as Uint8Array, "adapter_model.safetensors");
    expect([...tensors.keys()].every((name) => name.startsWith("base_model.model.transformer.h."))).toBe(true);
    expect([...tensors.values()].reduce((sum, { values }) => sum + values.length, 0)).toBe(countWeights(adapted.graph, isAdapter));
    expect(JSON.parse(text("recipe.json"))).toEqual(recipe);
    expect(text("README.md")).toContain('PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), ".")');
    expect(text("README.md")).not.toContain("other weights too");
    await expect(OpenedDownload.read([{ path: "adapter.zip", blob: zip }], new Device(wasmPath))).rejects.toThrow("adapter.zip: it holds adapters alone, without the model");
  });

  it("say what else the run trained, which they do not hold", async () => {
    const run = runOf(adapted);
    const results = run.results();
    const info = { ...results.info, trainableParameters: results.info.trainableParameters + 1234 };
    const { text } = await filesOf({ ...run, results: () => ({ ...results, info }) }, { adapterOnly: true });
    expect(text("README.md")).toContain("The run trained 1234 other weights too");
  });

  it("are refused by a sentence where there are none", async () => {
    await expect(exportRun(runOf(loaded.model), { adapterOnly: true })).rejects.toThrow("the adapter's download: this run has no adapters: its layers themselves learned. Download the whole model, or train with adapters (LoRA) switched on.");
  });
});
