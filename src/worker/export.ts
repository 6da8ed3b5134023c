/** The download: one zip with everything that a run made, adapters merged into the model, for Graft, for whoever reads safetensors, and in the formats that were asked for. */
import { strToU8, zip } from "fflate";
import { graphToJson } from "../formats/graft/graph-json.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import { classificationColumns, targetOf } from "../protocol/data.ts";
import { headlineOf } from "../protocol/headline.ts";
import type { ExportOptions, Int8Report, MetricsFile, RunResults } from "../protocol/run.ts";
import { describeDownload, type DownloadManifest } from "./download.ts";
import { writeFormats } from "./export-formats.ts";
import { adapterFiles, storeInt8, storeModel } from "./export-parts.ts";
import { concreteInputShapes } from "./model-input.ts";
import type { FineTuningRun } from "./run.ts";

export function metricsFile({ epochs, validation, test, info, seconds }: RunResults, int8?: Int8Report): MetricsFile {
  return {
    epochs: epochs.map(({ epoch, trainLoss, validationLoss, validationScore, learningRate, seconds: epochSeconds }) => ({ epoch, trainLoss, validationLoss, validationScore, learningRate, seconds: epochSeconds })),
    score: info.score,
    validation: validation.after,
    validationBefore: validation.before,
    ...(test && { test: test.after }),
    backend: info.backend,
    adapter: info.adapter,
    trainableParameters: info.trainableParameters,
    totalParameters: info.totalParameters,
    seconds,
    ...(int8 && { int8 }),
  };
}

export async function exportRun(run: FineTuningRun, { int8 = false, formats = int8 ? ["tfjs"] : ["tfjs", "pytorch"] }: ExportOptions = {}): Promise<Blob> {
  const { recipe, loaded, classes } = run;
  const results = run.results();
  const tuned = await run.model();
  const model = mergeLora(tuned);
  const adapter = adapterFiles(tuned, recipe.model);
  const inputShapes = concreteInputShapes(loaded, recipe);
  const options = { inputShapes, userDefinedMetadata: { classes, task: recipe.task } };
  const stored = int8 ? await storeInt8(model, options, (candidate) => run.scoreOf(candidate)) : storeModel(model, options);
  if (stored.int8) run.int8 = stored.int8;
  const { input } = loaded;
  const target = targetOf(recipe.columns);
  const { name, after, isShare } = headlineOf(results.validation);
  const manifest: DownloadManifest = {
    format: "graft",
    version: 1,
    name: `${recipe.model}, fine-tuned`,
    task: recipe.task,
    classes: [...classes],
    input: input.kind === "text" ? { kind: "text", name: input.name, maxTokens: Math.min(recipe.maxTokens, input.maxTokens), paddingId: input.tokenizer.paddingId } : { kind: "image", name: input.name, size: input.size ?? recipe.imageSize },
    ...(target !== "single-label" && { target }),
    ...(classificationColumns(recipe.columns)?.secondText !== undefined && { isPair: true }),
    // Of a run that has diverged there is no figure.
    ...(Number.isFinite(after) && { headline: { name, after, isShare } }),
  };
  const { files: formatFiles, written, leftOut } = writeFormats(formats, { model, manifest, inputShapes, licence: loaded.licence, tfjs: stored.tfjs, isInt8: int8 });
  run.leftOut = leftOut;
  const json = (value: unknown): Uint8Array => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  const files: Record<string, Uint8Array> = {
    "README.md": strToU8(describeDownload(manifest, { recipe, results, licence: loaded.licence, hasAdapter: Object.keys(adapter).length > 0, int8: stored.int8, written, leftOut })),
    "graft.json": json(manifest),
    ...(classes.length > 0 && { "labels.json": json(classes) }),
    "recipe.json": json(recipe),
    "metrics.json": json(metricsFile(results, stored.int8)),
    "graft/graph.json": json(graphToJson(model.graph)),
    "model.safetensors": stored.safetensors,
    ...formatFiles,
    ...adapter,
    ...(input.kind === "text" && Object.fromEntries(Object.entries(input.tokenizerFiles).map(([name, value]) => [`tokenizer/${name}`, strToU8(JSON.stringify(value))]))),
  };
  // Weights hardly compress; storing them makes the download quick.
  const bytes = await new Promise<Uint8Array>((resolve, reject) => zip(files, { level: 0 }, (error, data) => (error ? reject(error) : resolve(data))));
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
