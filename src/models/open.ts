/** What dropped model files become: finds out which format they are in, reads them, and makes of the model one to start from. */
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { JsonCursor } from "../formats/json-cursor.ts";
import { readOnnx } from "../formats/onnx/read.ts";
import { baseName, readTfjsFiles, type ModelFile } from "../formats/tfjs-files.ts";
import { readTfjsGraph } from "../formats/tfjs-graph/read.ts";
import { readTfjsLayers } from "../formats/tfjs-layers/read.ts";
import { configFile, weightsFile } from "../formats/peft/write.ts";
import { readAdapter } from "../formats/peft/read.ts";
import { mergeLora } from "../graph/surgery/merge-lora.ts";
import type { Model } from "../graph/types.ts";
import { adoptModel, type AdoptedModel, type AdoptOptions } from "./adopt.ts";
import { openCheckpoint } from "./checkpoints/open.ts";
import { readTokenizer } from "./checkpoints/tokenizer-files.ts";

/** What a model is read for that leaves its sizes open and cannot be run so. */
const exportedTokens = 128;
const exportedPixels = 224;

const isNamed = (ending: string) => ({ path }: ModelFile): boolean => path.toLowerCase().endsWith(ending);

/** @throws GraftError if the files are not one model, or it is one that Graft cannot read or start from. */
export async function openModelFiles(files: readonly ModelFile[]): Promise<AdoptedModel> {
  const onnx = files.filter(isNamed(".onnx"));
  if (onnx.length > 0) return openOnnx(onnx, files);
  if (files.some(isNamed(".safetensors"))) return openWithAdapter(files);
  if (files.some(isNamed(".json"))) return openTfjs(files);
  throw new GraftError({
    where: "The dropped files",
    what: files.length === 1 ? `"${files[0]?.path ?? ""}" is not a model` : "none of them is a model",
    wanted: "an .onnx file, a TensorFlow.js model.json with its weight files, or .safetensors with config.json",
  });
}

/** A published checkpoint; an adapter in PEFT's files beside it is merged into its weights. */
async function openWithAdapter(files: readonly ModelFile[]): Promise<AdoptedModel> {
  const isAdapterFile = ({ path }: ModelFile): boolean => baseName(path) === configFile || baseName(path) === weightsFile;
  const adapterFiles = files.filter(isAdapterFile);
  const { card, loaded } = await openCheckpoint(files.filter((file) => !isAdapterFile(file)));
  if (adapterFiles.length === 0) return { card, loaded };
  const contents = await Promise.all(adapterFiles.map(async ({ path, blob }) => [baseName(path), new Uint8Array(await blob.arrayBuffer())] as const));
  const model = mergeLora(readAdapter(loaded.model, Object.fromEntries(contents)));
  return { card: { ...card, id: `${card.id}-adapted`, name: `${card.name}, adapted`, summary: `${card.summary} With the dropped adapter merged into it.` }, loaded: { ...loaded, model } };
}

async function openOnnx(models: readonly ModelFile[], files: readonly ModelFile[]): Promise<AdoptedModel> {
  const [file] = models;
  if (file === undefined || models.length > 1) {
    throw new GraftError({ where: "The dropped files", what: `there are ${models.length} ONNX files: ${models.map(({ path }) => path).join(", ")}`, wanted: "one model at a time" });
  }
  const beside = files.filter(({ path }) => path !== file.path && !/\.(json|txt|md|model)$/i.test(path));
  const externalData = new Map(await Promise.all(beside.map(async ({ path, blob }) => [baseName(path), new Uint8Array(await blob.arrayBuffer())] as const)));
  const bytes = new Uint8Array(await file.blob.arrayBuffer());
  const read = (otherSizes?: number): Model => readOnnx(bytes, { externalData, where: file.path, otherSizes });
  let model: Model;
  try {
    model = read();
  } catch (error) {
    // Some exports compute shapes from the length of the text or the size of the image: they are read for one of them.
    if (!(error instanceof GraftError)) throw error;
    try {
      model = read(hasTokenizer(files) ? exportedTokens : exportedPixels);
    } catch {
      throw error;
    }
  }
  return adopt(model, { file: file.path, format: "ONNX", pixelRange: "imagenet", bytes: file.blob.size + beside.reduce((sum, { blob }) => sum + blob.size, 0) }, files);
}

async function openTfjs(files: readonly ModelFile[]): Promise<AdoptedModel> {
  const found = await readTfjsFiles(files);
  const layers = found.format === "layers-model";
  const model = layers ? readTfjsLayers(found.json, found.bytes) : readTfjsGraph(found.json, found.bytes);
  return adopt(model, { file: found.path, format: layers ? "a TensorFlow.js layers model" : "a TensorFlow.js graph model", pixelRange: "-1..1", bytes: found.bytes.byteLength }, files);
}

/** A folder's name says more than `model.onnx` or `model.json`. */
function nameOf(path: string): string {
  const own = baseName(path).replace(/\.[^.]+$/, "");
  return own === "model" ? (path.split("/").at(-2) ?? "Your model") : own;
}

const tokenizerNames: ReadonlySet<string> = new Set(["tokenizer.json", "vocab.txt", "vocab.json"]);
/** What an encoder takes whose config does not say. */
const usualTokens = 512;

function hasTokenizer(files: readonly ModelFile[]): boolean {
  return files.some(({ path }) => tokenizerNames.has(baseName(path)));
}

function adopt(model: Model, { file, ...facts }: { readonly file: string } & Pick<AdoptOptions, "format" | "bytes" | "pixelRange">, files: readonly ModelFile[]): Promise<AdoptedModel> {
  const text = async (rows: number) => {
    const config = await readConfig(files);
    const tokens = await readTokenizer(files, { modelType: config.get("model_type").string("bert"), paddingId: config.get("pad_token_id").number(0), rows, where: file });
    return { maxTokens: config.get("max_position_embeddings").number(usualTokens), ...tokens };
  };
  return adoptModel(model, { ...facts, name: nameOf(file), where: file, text: hasTokenizer(files) ? text : null });
}

/** config.json, which exporters leave beside the model; empty without. */
async function readConfig(files: readonly ModelFile[]): Promise<JsonCursor> {
  const file = files.find(({ path }) => baseName(path) === "config.json");
  return file ? new JsonCursor(parseJson(new Uint8Array(await file.blob.arrayBuffer()), file.path), file.path) : new JsonCursor({}, "config.json");
}
