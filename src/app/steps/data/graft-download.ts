/** Tells what Graft saved, a model or a project, from data to learn from, so that all can be dropped in the same place. */
import type { SourceFile } from "../../../protocol/data.ts";

/** A zip lists its contents at its end, with the names uncompressed; Graft's own list fits in this many bytes. */
const listBytes = 16_384;
const firstEntryBytes = 64;

/** The list of a project's zip ends with its runs, and names every file: the manifest is the zip's first entry. */
export async function isGraftProject(files: readonly SourceFile[]): Promise<boolean> {
  const [first] = files;
  return files.length === 1 && first !== undefined && /\.zip$/i.test(first.path) && (await first.blob.slice(0, firstEntryBytes).text()).includes("graft-project.json");
}

export async function isGraftDownload(files: readonly SourceFile[]): Promise<boolean> {
  const [first] = files;
  if (files.some(({ path }) => /(^|\/)graft\.json$/.test(path))) return true;
  if (files.length !== 1 || first === undefined || !/\.zip$/i.test(first.path)) return false;
  const list = await first.blob.slice(-listBytes).text();
  // The adapter alone does not open, and what opens it says so.
  return (list.includes("graft.json") && list.includes("graft/graph.json")) || (list.includes("adapter_config.json") && list.includes("recipe.json"));
}
