/** A GPU that goes away in mid-run: what was best until then is kept, measured on another device, and can be downloaded. */
import { expect, test } from "vitest";
import { tf } from "../engine/tf.ts";
import { webgpuBackend } from "../engine/webgpu/internals.ts";
import { saveLayers } from "../formats/testing/plain-tfjs.ts";
import type { SourceFile } from "../protocol/data.ts";
import { headlineOf } from "../protocol/headline.ts";
import { parseRecipe } from "../protocol/recipe.ts";
import type { RunEvent } from "../protocol/run.ts";
import { createWorkerApi } from "./api.ts";
import { probabilitiesIn } from "./testing/narrow.ts";

async function square(hue: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${hue}, 70%, 50%)`;
  context.fillRect(0, 0, 16, 16);
  return canvas.convertToBlob({ type: "image/png" });
}

async function ownModel(): Promise<SourceFile[]> {
  await tf.setBackend("cpu");
  const model = tf.sequential({ layers: [tf.layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, strides: 4, name: "block" }), tf.layers.globalAveragePooling2d({ name: "pool" }), tf.layers.dense({ units: 3, name: "old" })] });
  const { json, bytes } = await saveLayers(model);
  model.dispose();
  return [
    { path: "mine/model.json", blob: new Blob([JSON.stringify(json)]) },
    { path: "mine/weights.bin", blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) },
  ];
}

test.each(["all", "head"] as const)("with %s unfrozen, the run ends with its best epoch and goes on to results on a new device", { timeout: 120_000 }, async (unfreeze) => {
  const api = createWorkerApi({ embeddedBase: "/embedded/" });
  const files: SourceFile[] = [];
  for (let i = 0; i < 12; i++) files.push({ path: `colours/${i % 2 ? "warm" : "cold"}/${i}.png`, blob: await square((i % 2 ? 0 : 180) + i * 5) });
  await api.openFiles(files, () => {});
  const card = await api.importModel(await ownModel(), () => {});
  const events: RunEvent[] = [];
  const recipe = parseRecipe({ task: "image-classification", model: card.id, backend: "webgpu", unfreeze, epochs: 50, batchSize: 4, dropout: 0, earlyStopping: { enabled: false } });
  await api.startRun(recipe, (event) => {
    events.push(event);
    if (event.kind === "epoch" && event.point.epoch === 3) webgpuBackend().device.destroy();
  });

  const end = events.at(-1);
  expect(end).toMatchObject({ kind: "finished", reason: "device-lost" });
  const epochs = events.flatMap((event) => (event.kind === "epoch" ? [event.point] : []));
  expect(epochs).toHaveLength(3);
  const best = epochs.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  expect(end).toMatchObject({ bestEpoch: best.epoch });
  // Measured again on the new device, the kept weights are those of that epoch.
  const { validation } = await api.getResults();
  expect(headlineOf(validation).after).toBeCloseTo(best.validationScore, 6);
  expect(probabilitiesIn((await api.predict({ kind: "image", blob: await square(0) })).tuned)).toHaveLength(2);
  expect((await api.exportRun()).size).toBeGreaterThan(1000);

  await api.startRun({ ...recipe, epochs: 2 }, (event) => events.push(event));
  expect(events.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
});
