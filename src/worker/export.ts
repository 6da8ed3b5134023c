/** The download: one zip with everything that a run made, for Graft, for TensorFlow.js and for whoever reads safetensors. */
import { strToU8, zip } from "fflate";
import { graphToJson } from "../formats/graft/graph-json.ts";
import { tensorsOf, writeSafetensors } from "../formats/safetensors/write.ts";
import { writeTfjsGraph } from "../formats/tfjs-graph/write.ts";
import type { MetricsFile, RunResults } from "../protocol/run.ts";
import { describeDownload, type DownloadManifest } from "./download.ts";
import { concreteInputShapes } from "./model-input.ts";
import type { FineTuningRun } from "./run.ts";

export function metricsFile({ epochs, validation, test, info, seconds }: RunResults): MetricsFile {
  return {
    epochs: epochs.map(({ epoch, trainLoss, validationLoss, validationAccuracy, learningRate, seconds: epochSeconds }) => ({ epoch, trainLoss, validationLoss, validationAccuracy, learningRate, seconds: epochSeconds })),
    validation: validation.after,
    validationBefore: validation.before,
    ...(test && { test: test.after }),
    backend: info.backend,
    adapter: info.adapter,
    trainableParameters: info.trainableParameters,
    totalParameters: info.totalParameters,
    seconds,
  };
}

export async function exportRun(run: FineTuningRun): Promise<Blob> {
  const { recipe, loaded, classes } = run;
  const results = run.results();
  const model = await run.model();
  const { modelJson, weightData } = writeTfjsGraph(model, { inputShapes: concreteInputShapes(loaded, recipe), userDefinedMetadata: { classes, task: recipe.task } });
  const { input } = loaded;
  const manifest: DownloadManifest = {
    format: "graft",
    version: 1,
    name: `${recipe.model}, fine-tuned`,
    task: recipe.task,
    classes: [...classes],
    input: input.kind === "text" ? { kind: "text", name: input.name, maxTokens: Math.min(recipe.maxTokens, input.maxTokens), paddingId: input.tokenizer.paddingId } : { kind: "image", name: input.name, size: input.size ?? recipe.imageSize },
    validationAccuracy: results.validation.after.accuracy,
  };
  const json = (value: unknown): Uint8Array => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  const files: Record<string, Uint8Array> = {
    "README.md": strToU8(describeDownload(manifest, { recipe, results, licence: loaded.licence })),
    "graft.json": json(manifest),
    "labels.json": json(classes),
    "recipe.json": json(recipe),
    "metrics.json": json(metricsFile(results)),
    "graft/graph.json": json(graphToJson(model.graph)),
    "model.safetensors": writeSafetensors(tensorsOf(model.graph, model.weights)),
    "tfjs/model.json": strToU8(JSON.stringify(modelJson)),
    "tfjs/weights.bin": new Uint8Array(weightData),
    ...(input.kind === "text" && Object.fromEntries(Object.entries(input.tokenizerFiles).map(([name, value]) => [`tokenizer/${name}`, strToU8(JSON.stringify(value))]))),
  };
  // Weights hardly compress; storing them makes the download quick.
  const bytes = await new Promise<Uint8Array>((resolve, reject) => zip(files, { level: 0 }, (error, data) => (error ? reject(error) : resolve(data))));
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
