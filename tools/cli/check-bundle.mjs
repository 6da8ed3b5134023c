/**
 * The page's budget: what index.html loads, now or later, stays under 400 KB gzipped and holds no TensorFlow.js. The
 * worker's files are not counted: they load beside the page. Reads the build's manifest and module list.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { CommandError, distFolder, runMain } from "./project.mjs";

const budgetBytes = 400_000;

/** @typedef {{ file: string, imports?: string[], dynamicImports?: string[], css?: string[] }} Chunk */

/**
 * Every JavaScript and CSS file that an entry leads to.
 * @param {Record<string, Chunk>} manifest
 * @param {string} entry
 */
export function pageFiles(manifest, entry) {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {Set<string>} */
  const files = new Set();
  const pending = [entry];
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const chunk = manifest[key];
    if (seen.has(key)) continue;
    if (!chunk) throw new CommandError(`The build's manifest has no ${key}.`);
    seen.add(key);
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    pending.push(...(chunk.imports ?? []), ...(chunk.dynamicImports ?? []));
  }
  return [...files];
}

/** @returns {string} one line for a person @throws CommandError where the page is over its budget */
export function checkBundle() {
  const read = (/** @type {string} */ path) => readFileSync(join(distFolder, path));
  const files = pageFiles(JSON.parse(read(".vite/manifest.json").toString()), "index.html");
  /** @type {Record<string, string[]>} */
  const modules = JSON.parse(read(".vite/modules.json").toString());
  const tensorflow = files.flatMap((file) => modules[file] ?? []).find((module) => module.includes("@tensorflow/"));
  if (tensorflow) throw new CommandError(`The page's bundle holds TensorFlow.js (${tensorflow}). Only the worker may; npm run layers shows who imports it.`);
  const sizes = files.map((file) => ({ file, bytes: gzipSync(read(file), { level: 9 }).length }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total >= budgetBytes) {
    const largest = sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5);
    throw new CommandError(`The page is ${Math.round(total / 1000)} KB gzipped, and ${budgetBytes / 1000} KB is the budget. Largest: ${largest.map(({ file, bytes }) => `${file} ${Math.round(bytes / 1000)} KB`).join(", ")}.`);
  }
  return `page ${Math.round(total / 1000)} KB gzipped of ${budgetBytes / 1000}, in ${files.length} files, no TensorFlow.js`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(async () => console.log(checkBundle()));
