/** Finds a TensorFlow.js model among dropped files: model.json and the weight shards that it names. */
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { parentPath } from "../graph/paths.ts";
import { JsonCursor } from "./json-cursor.ts";
import { shardPaths } from "./tfjs-weights.ts";

/** A dropped file; `path` has forward slashes. */
export interface ModelFile {
  readonly path: string;
  readonly blob: Blob;
}

export interface TfjsFiles {
  /** Path of model.json. */
  readonly path: string;
  readonly format: "layers-model" | "graph-model";
  readonly json: unknown;
  /** All shards, one after the other. */
  readonly bytes: Uint8Array;
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Shards are looked up beside model.json, then by file name alone. */
export async function readTfjsFiles(files: readonly ModelFile[]): Promise<TfjsFiles> {
  const { path, json } = await findModelJson(files);
  const root = new JsonCursor(json, path);
  const wanted = shardPaths(root.get("weightsManifest"));
  const folder = parentPath(path);
  const found = wanted.map((shard) => {
    const beside = folder === "" ? shard : `${folder}/${shard}`;
    return files.find((file) => file.path === beside) ?? files.find((file) => baseName(file.path) === baseName(shard));
  });
  const missing = wanted.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) {
    throw new GraftError({ where: path, what: `${missing.length === 1 ? "a weight file is" : `${missing.length} weight files are`} missing: ${listed(missing)}`, next: "Drop model.json together with all of its weight files." });
  }
  const bytes = new Uint8Array(await new Blob(found.map((file) => (file as ModelFile).blob)).arrayBuffer());
  return { path, format: root.get("modelTopology").get("node").isMissing ? "layers-model" : "graph-model", json, bytes };
}

async function findModelJson(files: readonly ModelFile[]): Promise<{ readonly path: string; readonly json: unknown }> {
  const jsonFiles = files.filter(({ path }) => path.toLowerCase().endsWith(".json"));
  const byName = jsonFiles.filter(({ path }) => baseName(path) === "model.json");
  const candidates = byName.length > 0 ? byName : jsonFiles;
  const models: { readonly path: string; readonly json: unknown }[] = [];
  for (const { path, blob } of candidates) {
    const json = parseJson(new Uint8Array(await blob.arrayBuffer()), path);
    if (typeof json === "object" && json !== null && Object.hasOwn(json, "modelTopology") && Object.hasOwn(json, "weightsManifest")) models.push({ path, json });
  }
  const [model] = models;
  if (model === undefined || models.length > 1) {
    throw new GraftError({
      where: "The dropped files",
      what: model === undefined ? "none of them is the model.json of a TensorFlow.js model" : `there are ${models.length} models: ${listed(models.map(({ path }) => path))}`,
      wanted: "one model.json, with modelTopology and weightsManifest, and its weight files",
    });
  }
  return model;
}

/** The names, or the first five of many. */
export function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
