/**
 * Labels, numbers and pairs, from a table to a download that is opened again, on a small BERT: what is learned is learned, and every
 * way gives the answers that the run gave, a number in its own units.
 */
import { unzipSync } from "fflate";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CancelledError } from "../core/errors.ts";
import "../core/testing/to-be-all-close.ts";
import { datasetFromTable, openFiles } from "../data/open.ts";
import type { ClassTextDataset } from "../data/text-dataset.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import { loadGraphModel } from "../formats/testing/plain-tfjs.ts";
import { openCheckpoint } from "../models/checkpoints/open.ts";
import { textCheckpoint } from "../models/testing/checkpoint-files.ts";
import type { ClassificationColumns } from "../protocol/data.ts";
import { parseRecipe, type RecipeInput } from "../protocol/recipe.ts";
import type { ClassificationMetrics, ExplainRequest, PredictionInput } from "../protocol/run.ts";
import { Yardstick } from "../tasks/text-classification/yardstick.ts";
import { createWorkerApi } from "./api.ts";
import { Device } from "./device.ts";
import { exportRun } from "./export.ts";
import { OpenedDownload } from "./opened-download.ts";
import { FineTuningRun } from "./run.ts";
import { ofKind, probabilitiesIn, singleLabel } from "./testing/narrow.ts";

const embeddedBase = fileURLToPath(new URL("../../public/embedded/", import.meta.url));
const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

async function tuned(csv: string, columns: ClassificationColumns, settings: Partial<RecipeInput> = {}) {
  const { loaded } = await openCheckpoint(textCheckpoint("bert"));
  const opened = await openFiles([{ path: "rows.csv", blob: new Blob([csv]) }]);
  if (opened.kind !== "table") throw new Error("A CSV is a table.");
  const dataset = await datasetFromTable(opened.table, columns);
  const recipe = parseRecipe({ task: "text-classification", model: "small", backend: "wasm", columns, unfreeze: "all", trunkLearningRateScale: 1, epochs: 25, batchSize: 8, learningRate: 1e-2, maxTokens: 16, earlyStopping: { enabled: false }, ...settings });
  dataset.setSplit({ ...recipe.split, seed: recipe.seed });
  const device = new Device(wasmPath);
  const run = new FineTuningRun({ recipe, dataset, loaded, backend: await device.activate("wasm"), onEvent: () => {} });
  await run.start();
  const zip = await exportRun(run, { formats: ["tfjs", "pytorch", "onnx"] });
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  const text = (path: string): string => new TextDecoder().decode(files[path]);
  const plain = async (ids: Int32Array): Promise<number[]> => {
    const model = await loadGraphModel({ modelJson: JSON.parse(text("tfjs/model.json")) as Record<string, unknown>, weightData: (files["tfjs/weights.bin"] as Uint8Array<ArrayBuffer>).slice().buffer });
    const padded = new Int32Array(16);
    padded.set(ids);
    return [...(await (model.execute({ [model.inputs[0]?.name ?? ""]: tf.tensor2d(padded, [1, 16], "int32") }) as Tensor).data())];
  };
  if (loaded.input.kind !== "text") throw new Error("It is a text model.");
  return { run, results: run.results(), zip, dataset, text, files, plain, tokenizer: loaded.input.tokenizer, again: await OpenedDownload.read([{ path: "download.zip", blob: zip }], device) };
}

/** As the page asks: a person who goes on to the next question does not wait for the answer to the last. */
async function nextQuestionCancels(zip: Blob, request: ExplainRequest): Promise<void> {
  const api = createWorkerApi({ embeddedBase });
  await api.openDownload([{ path: "download.zip", blob: zip }]);
  const alone = await api.explainOpened({ ...request, name: "bad" });
  for (const [next, said] of [[() => api.explainOpened({ ...request, name: "bad" }), alone], [() => api.predictOpened(request.input), await api.predictOpened(request.input)]] as const) {
    const first = api.explainOpened(request).then(() => "explained", (error: unknown) => error);
    expect(await next()).toEqual(said);
    expect(await first).toBeInstanceOf(CancelledError);
  }
  expect((await api.explainOpened(request)).tuned.words.length, "asked again, it is explained").toBe(4);
}

test("several labels: each is learned by itself", { timeout: 120_000 }, async () => {
  const words = ["good", "bad", "film"];
  const csv = `text,tags\n${Array.from({ length: 48 }, (_, i) => `a ${words.filter((_, word) => (i >> word) & 1).join(" ")} ${"bcdefg"[i % 6] as string},${words.filter((_, word) => (i >> word) & 1).join(";")}`).join("\n")}\n`;
  const { run, results, zip, text, plain, tokenizer, again } = await tuned(csv, { text: "text", label: "tags", target: "multi-label" }, { classWeights: "balanced" });
  expect(results.classes).toEqual(["bad", "film", "good"]);
  const { before, after, curves, mistakes } = ofKind(results.validation, "multi-label");
  expect(after.f1Micro).toBeGreaterThan(0.95);
  expect(before.f1Micro ?? 0).toBeLessThan(0.8);
  expect([curves.map(({ name }) => name), mistakes.length]).toEqual([["bad", "film", "good"], Math.round((1 - (after.subsetAccuracy ?? 0)) * 9)]);

  const input = { kind: "text", text: "a good film b" } as const;
  const { tuned: answer, base } = await run.predict(input);
  const labels = probabilitiesIn(answer);
  expect(labels.filter(({ probability }) => probability >= 0.5).map(({ name }) => name).sort()).toEqual(["film", "good"]);
  expect(base).not.toEqual(answer);
  expect((await again.predict(input)).tuned).toMatchObject({ kind: "labels", labels: labels.map(({ name, probability }) => ({ name, probability: expect.closeTo(probability, 5) as number })) });
  const logits = await plain(tokenizer.encode("a good film b", 16));
  const request = { input, name: "good" };
  const why = await run.explain(request, new AbortController().signal);
  const logOdds = (probability = NaN): number => Math.log(probability / (1 - probability));
  expect(why.tuned.output).toBeCloseTo(logOdds(labels.find(({ name }) => name === "good")?.probability), 3);
  expect(why.tuned.words.map(({ start, end }) => input.text.slice(start, end))).toEqual(["a", "good", "film", "b"]);
  const [most] = why.tuned.words.toSorted((a, b) => b.score - a.score);
  expect(most).toMatchObject({ start: 2, end: 6 });
  expect(why.base?.output).not.toBeCloseTo(why.tuned.output, 2);
  expect((await again.explain(request, new AbortController().signal)).tuned.output).toBeCloseTo(why.tuned.output, 3);
  const left = new AbortController();
  const cancelled = run.explain(request, left.signal);
  left.abort();
  await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
  await expect(run.explain({ input, name: "no such label" }, new AbortController().signal)).rejects.toThrow(/no such label/);
  await nextQuestionCancels(zip, request);
  // The weights of the tuned model are in their place again.
  expect((await run.predict(input)).tuned).toEqual(answer);
  expect(logits.map((logit) => 1 / (1 + Math.exp(-logit)))).toBeAllClose(results.classes.map((name) => labels.find((label) => label.name === name)?.probability ?? NaN), { atol: 1e-5 });
  // Each label is one word, which counting words finds as well.
  const { yardstick } = ofKind(results.validation, "multi-label");
  expect(yardstick?.f1Micro).toBeGreaterThan(0.9);
  expect(JSON.parse(text("metrics.json"))).toMatchObject({ validationYardstick: yardstick });
  expect(text("README.md")).toMatch(/3 labels \(bad, film, good\)[^]*Micro F1: validation [^]*tf\.sigmoid\(logits\)/);
  again.dispose();
  run.dispose();
});

test("a number of a pair: in its own units everywhere, and the second text counts", { timeout: 120_000 }, async () => {
  // The second text alone says how large the number is.
  const csv = `one,two,price\n${Array.from({ length: 48 }, (_, i) => `${i % 2 ? "good" : "bad"} ${"bcdef"[i % 5] as string},${(i >> 1) % 2 ? "good" : "bad"} ${"ghijk"[i % 5] as string},${1000 + ((i >> 1) % 2) * 500 + (i % 3)}`).join("\n")}\n`;
  const { run, results, text, files, plain, tokenizer, again } = await tuned(csv, { text: "one", secondText: "two", label: "price", target: "regression" });
  const { before, after, points } = ofKind(results.validation, "regression");
  expect(before.meanAbsoluteError).toBeGreaterThan(150);
  expect(after.meanAbsoluteError).toBeLessThan(60);
  expect(points.length).toBe(10);
  expect(results.info.score).toEqual({ name: "Mean absolute error", better: "lower", isShare: false });

  const input: PredictionInput = { kind: "text", text: "bad c", secondText: "good h" };
  const { tuned: answer } = await run.predict(input);
  if (answer.kind !== "number") throw new Error("Not a number.");
  expect(Math.abs(answer.value - 1500)).toBeLessThan(120);
  expect((await again.predict(input)).tuned).toEqual({ kind: "number", name: "price", value: expect.closeTo(answer.value, 1) as number });
  const ids = tokenizer.encodePair("bad c", "good h", 16);
  expect(tokenizer.pieces("bad c").length + tokenizer.pieces("good h").length - 1).toBe(ids.length);
  expect(await plain(ids)).toBeAllClose([answer.value], { rtol: 1e-5 });
  expect(Object.keys(files)).toContain("model.onnx");
  const { yardstick } = ofKind(results.validation, "regression");
  // Counting words cannot tell which of the two texts a word is of.
  expect(yardstick?.meanAbsoluteError).toBeGreaterThan(2 * (after.meanAbsoluteError ?? NaN));
  expect(JSON.parse(text("metrics.json"))).toMatchObject({ validationYardstick: yardstick });
  expect(text("README.md")).toMatch(/the number price[^]*Mean absolute error: validation [^]*price, in its own units/);
  expect(JSON.parse(text("graft.json"))).toMatchObject({ target: "regression", isPair: true, headline: { name: "Mean absolute error", isShare: false } });
  again.dispose();
  run.dispose();
});

test("a bag of words is measured on the test rows as well, which it has not counted, and stands in the download", { timeout: 120_000 }, async () => {
  // Every sixth label is the wrong one, so that no model is right everywhere.
  const isGood = (i: number): boolean => (i * 7) % 9 < 4;
  const moodOf = (i: number): string => (isGood(i) !== (i % 6 === 0) ? "glad" : "sad");
  const csv = `text,mood\n${Array.from({ length: 90 }, (_, i) => `a ${isGood(i) ? "good" : "bad"} film ${"bcdefg"[i % 5] as string},${moodOf(i)}`).join("\n")}\n`;
  const { run, results, dataset, text, again } = await tuned(csv, { text: "text", label: "mood", target: "single-label" }, { epochs: 1, split: { validation: 0.2, test: 0.3 } });
  const texts = (split: "train" | "test"): string[] => dataset.indices(split).map((example) => (dataset as ClassTextDataset).texts(example).text);
  const labels = (split: "train" | "test"): number[] => dataset.indices(split).map((example) => results.classes.indexOf(moodOf(example)));
  const byHand = await Yardstick.train(texts("train"), { kind: "classes", classes: 2, labels: labels("train") });
  const said = await byHand.predict(texts("test"));
  const right = labels("test").filter((label, row) => (said[2 * row + label] as number) > 0.5).length;
  const { yardstick } = singleLabel(results.test);
  expect(yardstick?.accuracy).toBeCloseTo(right / labels("test").length, 6);
  expect(yardstick?.accuracy).toBeLessThan(1);
  expect(yardstick).not.toEqual(singleLabel(results.validation).yardstick);
  expect((JSON.parse(text("metrics.json")) as { testYardstick?: ClassificationMetrics }).testYardstick).toEqual(yardstick);
  again.dispose();
  run.dispose();
});
