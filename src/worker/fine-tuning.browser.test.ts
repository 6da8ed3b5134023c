/**
 * The whole job through the WorkerApi, in real Chromium on wasm: data in, training, results, download, opened again by
 * Graft and by plain TensorFlow.js. Every way has to give the predictions that the run gave.
 */
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import { readSafetensors } from "../formats/safetensors/read.ts";
import { loadGraphModel, saveLayers } from "../formats/testing/plain-tfjs.ts";
import type { WorkerApi } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";
import { headlineOf } from "../protocol/headline.ts";
import { parseRecipe, type RecipeInput } from "../protocol/recipe.ts";
import type { Answer, ExportOptions, MetricsFile, Prediction, RunEvent, SingleLabelResults } from "../protocol/run.ts";
import { createWorkerApi } from "./api.ts";
import { probabilitiesIn } from "./testing/narrow.ts";

const size = 64;
const quiet = (): void => {};

/** A disc or a square on a noisy ground: two classes that differ in shape only. */
async function picture(kind: "disc" | "square", index: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${index * 47}, 40%, 60%)`;
  context.fillRect(0, 0, size, size);
  context.fillStyle = `hsl(${index * 91 + 180}, 70%, 35%)`;
  const center = 24 + (index % 5) * 4;
  context.beginPath();
  if (kind === "disc") context.arc(center, center, 14, 0, 2 * Math.PI);
  else context.rect(center - 13, center - 13, 26, 26);
  context.fill();
  return canvas.convertToBlob({ type: "image/png" });
}

async function pictures(count: number): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const kind of ["disc", "square"] as const) for (let i = 0; i < count; i++) files.push({ path: `shapes/${kind}/${i}.png`, blob: await picture(kind, i) });
  return files;
}

const fruits = ["apple", "pear", "plum", "cherry", "grape", "peach", "lemon", "melon"];
const tools = ["hammer", "saw", "drill", "wrench", "pliers", "chisel", "screwdriver", "anvil"];
const csv = `text,kind\n${[0, 1, 2].flatMap((round) => [...fruits.map((word) => `"I ate a ${word} at ${round + 1} o'clock, it was sweet",food`), ...tools.map((word) => `The ${word} number ${round} is in the workshop,tool`)]).join("\n")}\n`;

interface Trained {
  readonly events: readonly RunEvent[];
  readonly losses: readonly number[];
}

async function trainWith(api: WorkerApi, recipe: RecipeInput): Promise<Trained> {
  const events: RunEvent[] = [];
  const complete = parseRecipe(recipe);
  await api.setSplit({ ...complete.split, seed: complete.seed });
  await api.startRun(complete, (event) => events.push(event));
  const failure = events.find((event) => event.kind === "failed");
  if (failure) throw new Error(JSON.stringify(failure));
  return { events, losses: events.flatMap((event) => (event.kind === "steps" ? event.points.map(({ loss }) => loss) : [])) };
}

const probabilitiesOf = (prediction: Prediction["tuned"], classes: readonly string[]): number[] => classes.map((name) => probabilitiesIn(prediction).find((entry) => entry.name === name)?.probability ?? NaN);

async function unpacked(api: WorkerApi, options?: ExportOptions): Promise<{ zip: Blob; files: Record<string, Uint8Array>; json: (path: string) => unknown }> {
  const zip = await api.exportRun(options);
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  return { zip, files, json: (path): unknown => JSON.parse(new TextDecoder().decode(files[path])) };
}

async function loadPlain(files: Record<string, Uint8Array>): Promise<tf.GraphModel> {
  const modelJson = JSON.parse(new TextDecoder().decode(files["tfjs/model.json"])) as Record<string, unknown>;
  return loadGraphModel({ modelJson, weightData: (files["tfjs/weights.bin"] as Uint8Array<ArrayBuffer>).slice().buffer });
}

describe("fine-tuning images", () => {
  test("learns, downloads, and predicts the same when opened again by Graft and by TensorFlow.js", { timeout: 120_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    const opened = await api.openFiles(await pictures(16), quiet);
    expect(opened).toMatchObject({ kind: "ready", summary: { trainable: true, itemCount: 32 } });
    const recipe: RecipeInput = { task: "image-classification", model: "mobilenet-v3-coco", backend: "wasm", imageSize: size, epochs: 12, batchSize: 8, unfreeze: "last-block" };
    const { losses } = await trainWith(api, recipe);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);

    const results = await api.getResults();
    const { before, after } = results.validation as SingleLabelResults;
    expect(after.accuracy).toBeGreaterThan(before.accuracy - 0.01);
    expect(after.confusion.flat().reduce((a, b) => a + b)).toBe(6);

    const blob = await picture("disc", 101);
    const { tuned, base } = await api.predict({ kind: "image", blob });
    const classes = results.classes;
    expect(base).toBeDefined();
    expect(probabilitiesOf(tuned, classes)).not.toEqual(probabilitiesOf(base as Answer, classes));

    const { zip, files, json } = await unpacked(api);
    expect(Object.keys(files).sort()).toEqual(["README.md", "graft.json", "graft/graph.json", "labels.json", "metrics.json", "model.py", "model.safetensors", "recipe.json", "tfjs/model.json", "tfjs/weights.bin"]);
    expect(json("labels.json")).toEqual(["disc", "square"]);
    expect((json("metrics.json") as MetricsFile).validation).toEqual(after);
    expect(parseRecipe(json("recipe.json"))).toEqual(parseRecipe(recipe));

    const again = await api.openDownload([{ path: "download.zip", blob: zip }]);
    expect(again).toMatchObject({ task: "image-classification", classes: ["disc", "square"] });
    expect(probabilitiesOf((await api.predictOpened({ kind: "image", blob })).tuned, classes)).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 1e-5 });

    const plain = await loadPlain(files);
    const pixels = tf.browser.fromPixels(await createImageBitmap(blob)).expandDims(0).toFloat();
    const logits = plain.execute({ [plain.inputs[0]?.name ?? ""]: pixels }) as Tensor;
    expect([...(await tf.softmax(logits).data())]).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 1e-5 });
  });

  test("same recipe and seed: the same losses, bit for bit; and no tensor is left behind", { timeout: 120_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await api.openFiles(await pictures(8), quiet);
    const recipe: RecipeInput = { task: "image-classification", model: "mobilenet-v3-coco", backend: "wasm", imageSize: 32, epochs: 3, batchSize: 8, unfreeze: "last-block", augmentation: { horizontalFlip: true, crop: 0.1, views: 2 } };
    const first = await trainWith(api, recipe);
    const { tensors } = await api.memory();
    const second = await trainWith(api, recipe);
    expect(second.losses.length).toBeGreaterThan(3);
    expect(second.losses).toEqual(first.losses);
    expect((await api.memory()).tensors).toBe(tensors);
  });

  test("cancelled while preparing, a run says so and leaves nothing", { timeout: 60_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await api.openFiles(await pictures(8), quiet);
    const before = (await api.memory()).tensors;
    const events: RunEvent[] = [];
    await api.startRun(parseRecipe({ task: "image-classification", model: "mobilenet-v3-coco", backend: "wasm", imageSize: 32, batchSize: 2 }), (event) => {
      events.push(event);
      if (event.kind === "preparing") void api.controlRun({ kind: "stop" });
    });
    expect(events.at(-1)).toEqual({ kind: "cancelled" });
    expect((await api.memory()).tensors).toBe(before);
    await expect(api.getResults()).rejects.toThrow("nothing has been trained yet");
  });
});

describe("a person's own TensorFlow.js layers model", () => {
  /** A small network with a batch norm, and the classifier that it was trained with. */
  async function ownModel(): Promise<SourceFile[]> {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [32, 32, 3], filters: 8, kernelSize: 3, strides: 2, padding: "same", name: "block_1_conv" }),
        tf.layers.batchNormalization({ name: "block_1_norm" }),
        tf.layers.reLU({ name: "block_1_relu" }),
        tf.layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "same", name: "block_2_depthwise" }),
        tf.layers.globalAveragePooling2d({ name: "pool" }),
        tf.layers.dense({ units: 5, activation: "softmax", name: "old_classifier" }),
      ],
    });
    const { json, bytes } = await saveLayers(model);
    model.dispose();
    return [
      { path: "mine/model.json", blob: new Blob([JSON.stringify(json)]) },
      { path: "mine/weights.bin", blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) },
    ];
  }

  test.each([["head"], ["all"]] as const)("trains with %s unfrozen, and its download predicts the same in Graft and in TensorFlow.js", { timeout: 120_000 }, async (unfreeze) => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await api.openFiles(await pictures(8), quiet);
    const card = await api.importModel(await ownModel(), quiet);
    expect(card).toMatchObject({ name: "mine", origin: "imported" });
    expect((await api.listModels("image-classification")).map(({ id }) => id)).toContain(card.id);

    const recipe: RecipeInput = { task: "image-classification", model: card.id, backend: "wasm", unfreeze, epochs: 3, batchSize: 8, pixelRange: "0..1" };
    const { groups } = await api.describeLayers(parseRecipe(recipe));
    // The old classifier is gone, the new head is there.
    expect(groups.map(({ path }) => path)).toEqual(["block_1_conv", "block_1_norm", "block_2_depthwise", "head"]);
    const { losses } = await trainWith(api, recipe);
    expect(losses.every(Number.isFinite)).toBe(true);

    const blob = await picture("square", 7);
    const { tuned } = await api.predict({ kind: "image", blob });
    const { zip, files, json } = await unpacked(api);
    const classes = json("labels.json") as string[];
    await api.openDownload([{ path: "download.zip", blob: zip }]);
    expect(probabilitiesOf((await api.predictOpened({ kind: "image", blob })).tuned, classes)).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 1e-5 });
    const plain = await loadPlain(files);
    const bitmap = await createImageBitmap(blob, { resizeWidth: 32, resizeHeight: 32, resizeQuality: "high" });
    const logits = plain.execute({ [plain.inputs[0]?.name ?? ""]: tf.browser.fromPixels(bitmap).expandDims(0).toFloat() }) as Tensor;
    expect([...(await tf.softmax(logits).data())]).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 0.02 });
  });

  test("a shard that is missing is named", async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    const [modelJson] = await ownModel();
    await expect(api.importModel([modelJson as SourceFile], quiet)).rejects.toThrow(/a weight file is missing: weights\.bin/);
  });
});

describe("fine-tuning texts", () => {
  test("learns from a CSV, downloads, and predicts the same when opened again by Graft and by TensorFlow.js", { timeout: 180_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    const opened = await api.openFiles([{ path: "things.csv", blob: new Blob([csv]) }], quiet);
    expect(opened).toMatchObject({ kind: "table", preview: { proposed: { text: "text", label: "kind" }, rowCount: 48 } });
    await api.mapColumns({ text: "text", label: "kind" }, quiet);
    await trainWith(api, { task: "text-classification", model: "universal-sentence-encoder-lite", backend: "wasm", maxTokens: 32, epochs: 10, batchSize: 16 });
    const results = await api.getResults();
    expect(headlineOf(results.validation).after).toBeGreaterThan(0.8);
    // The two kinds share few words.
    expect(headlineOf(results.validation).yardstick).toBe(1);

    const text = "The hammer fell on the sweet apple";
    const { tuned } = await api.predict({ kind: "text", text });
    const { zip, files, json } = await unpacked(api);
    const again = await api.openDownload([{ path: "download.zip", blob: zip }]);
    expect(again.classes).toEqual(results.classes);
    expect(probabilitiesOf((await api.predictOpened({ kind: "text", text })).tuned, results.classes)).toBeAllClose(probabilitiesOf(tuned, results.classes), { atol: 1e-5 });

    const manifest = json("graft.json") as { input: { name: string; maxTokens: number; paddingId: number } };
    const { createTokenizer } = await import("../models/universal-sentence-encoder-lite/tokenizer.ts");
    const ids = new Int32Array(manifest.input.maxTokens).fill(manifest.input.paddingId);
    ids.set(createTokenizer(json("tokenizer/vocab.json")).encode(text));
    const plain = await loadPlain(files);
    const logits = plain.execute({ [plain.inputs[0]?.name ?? ""]: tf.tensor2d(ids, [1, ids.length], "int32") }) as Tensor;
    expect([...(await tf.softmax(logits).data())]).toBeAllClose(probabilitiesOf(tuned, results.classes), { atol: 1e-5 });
  });
});

describe("fine-tuning with adapters", () => {
  const recipe: RecipeInput = { task: "text-classification", model: "universal-sentence-encoder-lite", backend: "wasm", maxTokens: 32, epochs: 6, batchSize: 16, learningRate: 0.01, lora: { enabled: true, rank: 4, alpha: 8, dropout: 0.1 } };

  test("learns few parameters; the download has them merged, on their own, and in eight bits, and predicts the same", { timeout: 180_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await api.openFiles([{ path: "things.csv", blob: new Blob([csv]) }], quiet);
    await api.mapColumns({ text: "text", label: "kind" }, quiet);
    const selection = await api.describeSelection(parseRecipe(recipe));
    const { losses } = await trainWith(api, recipe);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    const results = await api.getResults();
    // Rank 4 beside 256 -> 768 and 512 -> 1536, and a head of 512 -> 2.
    expect(results.info.trainableParameters).toBe(4 * (256 + 768) + 4 * (512 + 1536) + 512 * 2 + 2);
    expect(selection).toMatchObject({ trainableParameters: results.info.trainableParameters, totalParameters: results.info.totalParameters, trainable: ["encoder/layer_0/attention/qkv/lora_A", "encoder/layer_0/attention/qkv/lora_B", "encoder/layer_1/attention/qkv/lora_A", "encoder/layer_1/attention/qkv/lora_B", "head"] });
    expect(results.info.trunkCached).toBe(true);

    const { classes } = results;
    const { tuned, base } = await api.predict({ kind: "text", text: "The hammer fell on the sweet apple" });
    expect(probabilitiesOf(tuned, classes)).not.toEqual(probabilitiesOf(base as Answer, classes));
    const { zip, files, json } = await unpacked(api);
    expect(Object.keys(files).filter((path) => path.startsWith("adapter/"))).toEqual(["adapter/adapter_model.safetensors", "adapter/adapter_config.json"]);
    expect(json("adapter/adapter_config.json")).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8, lora_dropout: 0.1, base_model_name_or_path: "universal-sentence-encoder-lite" });
    const merged = [...readSafetensors(files["model.safetensors"] as Uint8Array).tensors.keys()];
    expect(merged).toContain("encoder.layer_0.attention.qkv.kernel");
    expect(merged.some((name) => name.includes("lora"))).toBe(false);
    expect(new TextDecoder().decode(files["README.md"])).toMatch(/PeftModel\.from_pretrained/);
    await api.openDownload([{ path: "download.zip", blob: zip }]);
    const opened = async (): Promise<number[]> => probabilitiesOf((await api.predictOpened({ kind: "text", text: "The hammer fell on the sweet apple" })).tuned, classes);
    expect(await opened()).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 1e-5 });

    const small = await unpacked(api, { int8: true });
    const { int8 } = small.json("metrics.json") as MetricsFile;
    expect(int8?.scoreBefore).toBeCloseTo(headlineOf(results.validation).after, 6);
    expect(Math.abs((int8?.scoreAfter ?? 0) - (int8?.scoreBefore ?? 1))).toBeLessThan(0.11);
    expect((await api.getResults()).int8).toEqual(int8);
    expect(new TextDecoder().decode(small.files["README.md"])).toMatch(/Accuracy of the validation examples: before \d/);
    for (const path of ["model.safetensors", "tfjs/weights.bin"]) expect(small.files[path]?.length, path).toBeLessThan(0.27 * (files[path]?.length ?? 0));
    await api.openDownload([{ path: "download.zip", blob: small.zip }]);
    const rounded = await opened();
    expect(rounded).toBeAllClose(probabilitiesOf(tuned, classes), { atol: 0.05 });

    const manifest = json("graft.json") as { input: { maxTokens: number; paddingId: number } };
    const { createTokenizer } = await import("../models/universal-sentence-encoder-lite/tokenizer.ts");
    const ids = new Int32Array(manifest.input.maxTokens).fill(manifest.input.paddingId);
    ids.set(createTokenizer(json("tokenizer/vocab.json")).encode("The hammer fell on the sweet apple"));
    const plain = await loadPlain(small.files);
    const logits = plain.execute({ [plain.inputs[0]?.name ?? ""]: tf.tensor2d(ids, [1, ids.length], "int32") }) as Tensor;
    expect([...(await tf.softmax(logits).data())]).toBeAllClose(rounded, { atol: 1e-5 });
  });

  test("same recipe and seed: the same losses, bit for bit; and a head at another value, with dropout in the trunk", { timeout: 120_000 }, async () => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await api.openFiles(await pictures(8), quiet);
    const wanted: RecipeInput = {
      ...{ task: "image-classification", model: "mobilenet-v3-coco", backend: "wasm", imageSize: 32, epochs: 2, batchSize: 8 },
      ...{ head: { at: "MobilenetV3/expanded_conv_6/project/BatchNorm/FusedBatchNorm", pooling: "max" }, lora: { enabled: true, rank: 2, targets: ["**/expanded_conv_[5]/**"], dropout: 0.2 }, trunkDropout: { rate: 0.1, targets: ["**/expand"] } },
    };
    await expect(api.describeLayers(parseRecipe(wanted))).rejects.toThrow(/LoRA pattern .* such as "MobilenetV3\/expanded_conv_/);
    const recipeThere: RecipeInput = { ...wanted, lora: { enabled: true, rank: 2, targets: ["**/expanded_conv_5/**", "**/expanded_conv_6/**"], dropout: 0.2 } };
    const { groups } = await api.describeLayers(parseRecipe(recipeThere));
    expect(JSON.stringify(groups)).toContain("MobilenetV3/expanded_conv_6/expand/lora_A");
    expect(JSON.stringify(groups)).not.toContain("expanded_conv_7");
    const first = await trainWith(api, recipeThere);
    const { tensors } = await api.memory();
    const second = await trainWith(api, recipeThere);
    expect(second.losses.length).toBeGreaterThan(3);
    expect(second.losses).toEqual(first.losses);
    expect((await api.memory()).tensors).toBe(tensors);
  });
});

describe("a download that is not one", () => {
  test.each([
    ["an empty zip", new Blob([new Uint8Array([0x50, 0x4b, 5, 6, ...Array.from({ length: 18 }, () => 0)])]), /graft\.json|empty/],
    ["no zip at all", new Blob(["hello"]), /zip/],
  ])("%s is refused by a sentence", async (_, blob, message) => {
    const api = createWorkerApi({ embeddedBase: "/embedded/" });
    await expect(api.openDownload([{ path: "download.zip", blob }])).rejects.toThrow(message);
  });
});
