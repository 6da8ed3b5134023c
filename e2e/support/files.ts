/** Puts a map from path to content where a journey needs it: into a zip, or into a folder on disk. */
import { zipSync } from "fflate";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type Files = ReadonlyMap<string, Uint8Array>;

export function zipOf(files: Files): Buffer {
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 0 }));
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
