/**
 * A published checkpoint, dropped or downloaded, as a model to start from: config.json says which family builds the graph, the
 * safetensors files fill it, and the tokenizer or the pixels' range come from the files beside them.
 */
import { GraftError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { openCheckpointTensors } from "../../formats/safetensors/shards.ts";
import { baseName, listed, type ModelFile } from "../../formats/tfjs-files.ts";
import { countWeights } from "../../graph/parameters.ts";
import { parentPath } from "../../graph/paths.ts";
import { writesText } from "../../graph/surgery/decode-step.ts";
import { rescaleInput } from "../../graph/surgery/rescale-input.ts";
import type { Graph } from "../../graph/types.ts";
import type { ModelCard } from "../../protocol/models.ts";
import { tokenRows } from "../tokenizers/open.ts";
import type { LoadedModel, ModelInput } from "../types.ts";
import { checkpointCard } from "./card.ts";
import { familyOf } from "./find-family.ts";
import { missingPreprocessing, pixelScaleOf, timmPixelScale } from "./preprocessing.ts";
import { readTokenizer } from "./tokenizer-files.ts";
import type { CheckpointModel } from "./types.ts";
import { readCheckpointWeights, type CheckpointWeights } from "./weights.ts";

export interface OpenedCheckpoint {
  readonly card: ModelCard;
  readonly loaded: LoadedModel;
  /** Upstream names: the head's tensors that were not there, and what the architecture has no place for. */
  readonly report: Pick<CheckpointWeights, "missing" | "ignored">;
}

/** @throws GraftError if the family is not known, the config asks for what it lacks, or a file is missing or does not fit. */
export async function openCheckpoint(files: readonly ModelFile[]): Promise<OpenedCheckpoint> {
  const configFile = findConfig(files);
  const folder = parentPath(configFile.path);
  const beside = files.filter(({ path }) => parentPath(path) === folder);
  const config = await readJson(configFile);
  const family = familyOf(config);
  const built = family.build(config);
  const tensors = await openCheckpointTensors(beside, folder);
  const { graph, weights, missing, ignored } = await readCheckpointWeights(built.graph, tensors, { features: built.features, basePrefix: family.basePrefix, where: configFile.path });
  const { input, graph: prepared } = await prepareInput(built, graph, config, beside);
  const card = await checkpointCard({ config, folder, files: beside, input, writes: writesText(prepared), parameters: countWeights(prepared), ignored });
  return { card, loaded: { model: { graph: prepared, weights }, features: built.features, blocks: built.blocks, input, licence: card.licence, config: config.value }, report: { missing, ignored } };
}

/** The one that lies highest: repositories keep other formats, with configs of their own, in folders. */
function findConfig(files: readonly ModelFile[]): ModelFile {
  const depth = ({ path }: ModelFile): number => path.split("/").length;
  const configs = files.filter(({ path }) => baseName(path) === "config.json");
  const highest = configs.filter((file) => depth(file) === Math.min(...configs.map(depth)));
  const [config] = highest;
  if (config !== undefined && highest.length === 1) return config;
  throw new GraftError({
    where: "The dropped files",
    what: config === undefined ? "there is no config.json among them" : `there are ${highest.length} models: ${listed(highest.map(({ path }) => path))}`,
    wanted: "one model: config.json, model.safetensors and what lies beside them",
  });
}

async function readJson({ path, blob }: ModelFile): Promise<JsonCursor> {
  return new JsonCursor(parseJson(new Uint8Array(await blob.arrayBuffer()), path), path);
}

async function prepareInput({ input }: CheckpointModel, graph: Graph, config: JsonCursor, beside: readonly ModelFile[]): Promise<{ readonly input: ModelInput; readonly graph: Graph }> {
  if (input.kind === "text") {
    const { name, maxTokens, paddingId, endOfText } = input;
    const tokens = await readTokenizer(beside, { modelType: config.get("model_type").string(), paddingId, rows: tokenRows(graph, name), where: config.where });
    return { graph, input: { kind: "text", name, maxTokens, ...tokens, ...(endOfText && { endOfText }) } };
  }
  const { name, size } = input;
  const scale = config.get("architecture").isMissing ? pixelScaleOf(await preprocessorConfig(config, beside)) : timmPixelScale(config);
  return { graph: rescaleInput(graph, name, scale), input: { kind: "image", name, size } };
}

async function preprocessorConfig(config: JsonCursor, beside: readonly ModelFile[]): Promise<JsonCursor> {
  const file = beside.find(({ path }) => baseName(path) === "preprocessor_config.json");
  if (file === undefined) throw missingPreprocessing(config.where);
  return readJson(file);
}
