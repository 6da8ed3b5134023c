/**
 * A checkpoint's tensors, of one safetensors file or of the shards that model.safetensors.index.json names. Of each file the
 * header is read at once; a tensor's values are read when asked for, so that the files are never in memory as a whole.
 */
import { GraftError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { parentPath } from "../../graph/paths.ts";
import { JsonCursor } from "../json-cursor.ts";
import { baseName, listed, type ModelFile } from "../tfjs-files.ts";
import { decodeTensor, readSafetensorsHeader, type StoredTensor } from "./read.ts";

export interface TensorSource {
  readonly shape: readonly number[];
  read(): Promise<StoredTensor>;
}

const single = "model.safetensors";
const index = "model.safetensors.index.json";

/**
 * @param files where to look; what lies in other folders counts only if there is nothing beside `folder`'s files.
 * @throws GraftError if there are no weights, or a shard is missing or damaged.
 */
export async function openCheckpointTensors(files: readonly ModelFile[], folder: string): Promise<ReadonlyMap<string, TensorSource>> {
  const tensors = new Map<string, TensorSource>();
  for (const { path, blob } of await weightFiles(files, folder)) {
    const header = await readSafetensorsHeader(blob, path);
    for (const [name, entry] of header.tensors) {
      if (tensors.has(name)) throw new GraftError({ where: path, what: `the tensor "${name}" is in another shard too`, next: "Files of two checkpoints are mixed; take the files of one." });
      tensors.set(name, { shape: entry.shape, read: async () => decodeTensor(entry, await blob.slice(entry.begin, entry.end).arrayBuffer(), path) });
    }
  }
  return tensors;
}

async function weightFiles(files: readonly ModelFile[], folder: string): Promise<readonly ModelFile[]> {
  const beside = files.filter(({ path }) => parentPath(path) === folder);
  const named = (name: string): ModelFile | undefined => beside.find(({ path }) => baseName(path) === name);
  const whole = named(single);
  if (whole !== undefined) return [whole];
  const list = named(index);
  if (list !== undefined) return shardsOf(list, beside);
  const others = beside.filter(({ path }) => path.endsWith(".safetensors"));
  if (others.length === 1) return others;
  const pickled = beside.find(({ path }) => /\.(bin|pt|pth|ckpt|h5|msgpack)$/.test(path));
  throw new GraftError({
    where: folder === "" ? "the dropped files" : folder,
    what: others.length > 1 ? `there are ${others.length} safetensors files and no ${index}: ${listed(others.map(({ path }) => baseName(path)))}` : `there are no weights${pickled === undefined ? "" : `, only ${baseName(pickled.path)}, which Graft does not read`}`,
    wanted: `${single}, or ${index} with its shards`,
    next: pickled === undefined ? undefined : "Most repositories have safetensors too; else save the model with save_pretrained(folder, safe_serialization=True) in Python.",
  });
}

async function shardsOf(list: ModelFile, beside: readonly ModelFile[]): Promise<readonly ModelFile[]> {
  const json = new JsonCursor(parseJson(new Uint8Array(await list.blob.arrayBuffer()), list.path), list.path);
  const names = [...new Set(json.get("weight_map").entries().map(([, file]) => file.string()))];
  const found = names.map((name) => beside.find(({ path }) => baseName(path) === baseName(name)));
  const missing = names.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) throw new GraftError({ where: list.path, what: `${missing.length === 1 ? "a shard is" : `${missing.length} shards are`} missing: ${listed(missing)}`, next: `Add ${missing.length === 1 ? "it" : "them"} to the files.` });
  return found as readonly ModelFile[];
}
