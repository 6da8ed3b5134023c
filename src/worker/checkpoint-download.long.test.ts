/** A run on a published text checkpoint: it learns, and its download, which carries the checkpoint's tokenizer, predicts the same when opened again. */
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { datasetFromTable, openFiles } from "../data/open.ts";
import { loadGraphModel } from "../formats/testing/plain-tfjs.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import { openCheckpoint } from "../models/checkpoints/open.ts";
import { textCheckpoint } from "../models/testing/checkpoint-files.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { Prediction } from "../protocol/run.ts";
import { Device } from "./device.ts";
import { exportRun } from "./export.ts";
import { OpenedDownload } from "./opened-download.ts";
import { FineTuningRun } from "./run.ts";
import { probabilitiesIn } from "./testing/narrow.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));
const csv = `text,kind\n${Array.from({ length: 24 }, (_, i) => `${"abcdef"[i % 6] as string} ${i % 2 === 0 ? "good" : "bad"} film,${i % 2 === 0 ? "praise" : "blame"}`).join("\n")}\n`;
const probabilitiesOf = (prediction: Prediction["tuned"], classes: readonly string[]): number[] => classes.map((name) => probabilitiesIn(prediction).find((entry) => entry.name === name)?.probability ?? NaN);

test.each([["bert", "all"], ["distilbert", "last-block"]] as const)("a small %s learns with %s unfrozen and is opened again", { timeout: 60_000 }, async (name, unfreeze) => {
  const { loaded } = await openCheckpoint(textCheckpoint(name));
  const opened = await openFiles([{ path: "films.csv", blob: new Blob([csv]) }]);
  if (opened.kind !== "table") throw new Error("A CSV is a table.");
  const dataset = await datasetFromTable(opened.table, { text: "text", label: "kind" });
  const recipe = parseRecipe({ task: "text-classification", model: "checkpoint-small", backend: "wasm", unfreeze, epochs: 6, batchSize: 8, learningRate: 1e-2, maxTokens: 8 });
  dataset.setSplit({ ...recipe.split, seed: recipe.seed });

  const device = new Device(wasmPath);
  const backend = await device.activate("wasm");
  const run = new FineTuningRun({ recipe, dataset, loaded, backend, onEvent: () => {} });
  await run.start();
  const results = run.results();
  expect(results.epochs.at(-1)?.trainLoss).toBeLessThan(0.7 * (results.epochs[0]?.trainLoss ?? 0));

  const text = "A good film, a b";
  const { tuned } = await run.predict({ kind: "text", text });
  const zip = await exportRun(run);
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  expect(Object.keys(files).filter((path) => path.startsWith("tokenizer/")).sort()).toEqual(["tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"]);
  const again = await OpenedDownload.read([{ path: "download.zip", blob: zip }], device);
  expect(probabilitiesOf((await again.predict({ kind: "text", text })).tuned, results.classes)).toBeAllClose(probabilitiesOf(tuned, results.classes), { atol: 1e-6 });

  const json = (path: string): Record<string, unknown> => JSON.parse(new TextDecoder().decode(files[path])) as Record<string, unknown>;
  const plain = await loadGraphModel({ modelJson: json("tfjs/model.json"), weightData: (files["tfjs/weights.bin"] as Uint8Array<ArrayBuffer>).slice().buffer });
  if (loaded.input.kind !== "text") throw new Error("It is a text model.");
  const ids = new Int32Array(8).fill(loaded.input.tokenizer.paddingId);
  ids.set(loaded.input.tokenizer.encode(text, 8));
  const logits = plain.execute({ [plain.inputs[0]?.name ?? ""]: tf.tensor2d(ids, [1, 8], "int32") }) as Tensor;
  expect([...(await tf.softmax(logits).data())]).toBeAllClose(probabilitiesOf(tuned, results.classes), { atol: 1e-5 });
  again.dispose();
  run.dispose();
});
