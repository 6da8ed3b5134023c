/** The download: one zip with everything that a run made, adapters merged into the model, for Graft, for whoever reads safetensors, and in the formats that were asked for. */
import { strToU8, zip } from "fflate";
import { Pace, type JobOptions } from "../data/pace.ts";
import { graphToJson } from "../formats/graft/graph-json.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import type { ModelInput } from "../models/types.ts";
import { classificationColumns, targetOf } from "../protocol/data.ts";
import { headlineOf } from "../protocol/headline.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { ExportOptions, Int8Report, MetricsFile, RunResults } from "../protocol/run.ts";
import { adapterDownload } from "./adapter-download.ts";
import { describeDownload, type DownloadManifest } from "./download.ts";
import { writeFormats } from "./export-formats.ts";
import { adapterFiles, checkpointConfig, jsonFile, storeInt8, storeModel } from "./export-parts.ts";
import { concreteInputShapes } from "./model-input.ts";
import type { FineTuningRun } from "./run.ts";
import { isWriting } from "./writing.ts";

/** What a download needs of a finished run. */
export interface Exported extends Pick<FineTuningRun, "recipe" | "loaded" | "classes" | "results" | "model" | "scoreOf"> {
  int8?: Int8Report;
  leftOut: readonly string[];
}

export function metricsFile({ epochs, validation, test, info, seconds }: RunResults, int8?: Int8Report): MetricsFile {
  return {
    epochs: epochs.map(({ epoch, trainLoss, validationLoss, validationScore, learningRate, seconds: epochSeconds }) => ({ epoch, trainLoss, validationLoss, validationScore, learningRate, seconds: epochSeconds })),
    score: info.score,
    validation: validation.after,
    validationBefore: validation.before,
    ...(test && { test: test.after }),
    ...(validation.kind !== "generation" && validation.yardstick && { validationYardstick: validation.yardstick }),
    ...(test && test.kind !== "generation" && test.yardstick && { testYardstick: test.yardstick }),
    backend: info.backend,
    adapter: info.adapter,
    trainableParameters: info.trainableParameters,
    totalParameters: info.totalParameters,
    seconds,
    ...(int8 && { int8 }),
  };
}

/** @throws GraftError if the adapters alone are asked for and there are none; CancelledError. */
export async function exportRun(run: Exported, { int8 = false, formats = int8 ? ["tfjs"] : ["tfjs", "pytorch"], adapterOnly = false }: ExportOptions = {}, options: JobOptions = {}): Promise<Blob> {
  const { recipe, loaded, classes } = run;
  const results = run.results();
  const pace = new Pace(options);
  /** Lets a cancel in before the next part. */
  const begin = async (what: string): Promise<void> => {
    pace.report(what, 0, 0);
    await pace.breathe();
  };
  await begin("Reading the weights");
  const tuned = await run.model();
  if (adapterOnly) return zipOf(adapterDownload({ recipe, tuned, info: results.info, licence: loaded.licence }));
  const model = mergeLora(tuned);
  const adapter = adapterFiles(tuned, recipe);
  const inputShapes = concreteInputShapes(loaded, recipe);
  const tfjsOptions = { inputShapes, userDefinedMetadata: { classes, task: recipe.task } };
  await begin(int8 ? "Measuring the weights in eight bits" : "Writing the weights");
  const stored = int8 ? await storeInt8(model, tfjsOptions, (candidate) => run.scoreOf(candidate, pace)) : storeModel(model, tfjsOptions);
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
    input: input.kind === "text" ? textInput(input, recipe) : { kind: "image", name: input.name, size: input.size ?? recipe.imageSize },
    ...(target !== "single-label" && { target }),
    ...(classificationColumns(recipe.columns)?.secondText !== undefined && { isPair: true }),
    ...(results.chat?.isUsual && { learnedChats: true }),
    // Of a run that has diverged there is no figure.
    ...(Number.isFinite(after) && { headline: { name, after, isShare } }),
  };
  await begin("Writing the files");
  const { files: formatFiles, written, leftOut } = writeFormats(formats, { model, manifest, inputShapes, licence: loaded.licence, tfjs: stored.tfjs, isInt8: int8 });
  run.leftOut = leftOut;
  // In eight bits, the weights are nothing that transformers reads.
  const config = isWriting(recipe) && !int8 ? checkpointConfig(loaded) : undefined;
  const files: Record<string, Uint8Array> = {
    "README.md": strToU8(describeDownload(manifest, { recipe, results, licence: loaded.licence, hasAdapter: Object.keys(adapter).length > 0, hasConfig: config !== undefined, inputShapes, int8: stored.int8, written, leftOut })),
    "graft.json": jsonFile(manifest),
    ...(classes.length > 0 && { "labels.json": jsonFile(classes) }),
    "recipe.json": jsonFile(recipe),
    "metrics.json": jsonFile(metricsFile(results, stored.int8)),
    "graft/graph.json": jsonFile(graphToJson(model.graph)),
    "model.safetensors": stored.safetensors,
    ...(config && { "config.json": jsonFile(config) }),
    ...formatFiles,
    ...Object.fromEntries(Object.entries(adapter).map(([name, bytes]) => [`adapter/${name}`, bytes])),
    ...(input.kind === "text" && Object.fromEntries(Object.entries(input.tokenizerFiles).map(([name, value]) => [`tokenizer/${name}`, strToU8(JSON.stringify(value))]))),
  };
  await begin("Packing the zip");
  return zipOf(files);
}

/** A model that writes reads as much as it can when it is opened again, whatever it learned with. */
function textInput(input: Extract<ModelInput, { readonly kind: "text" }>, recipe: Recipe): DownloadManifest["input"] {
  const { name, maxTokens, tokenizer, endOfText } = input;
  return { kind: "text", name, maxTokens: isWriting(recipe) ? maxTokens : Math.min(recipe.maxTokens, maxTokens), paddingId: tokenizer.paddingId, ...(isWriting(recipe) && endOfText && { endOfText: [...endOfText] }) };
}

async function zipOf(files: Record<string, Uint8Array>): Promise<Blob> {
  // Weights hardly compress; storing them makes the download quick.
  const bytes = await new Promise<Uint8Array>((resolve, reject) => zip(files, { level: 0 }, (error, data) => (error ? reject(error) : resolve(data))));
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
