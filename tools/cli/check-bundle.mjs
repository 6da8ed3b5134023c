/**
 * The page's budgets, gzipped: what index.html loads before its first step is there stays under 210 KB, and all that it ever loads under
 * 400 KB, without TensorFlow.js. The worker's files are not counted: they load beside the page. Reads the build's manifest and module list.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { CommandError, distFolder, runMain } from "./project.mjs";

const budgetBytes = 400_000;
const firstBudgetBytes = 210_000;

/** @typedef {{ file: string, imports?: string[], dynamicImports?: string[], css?: string[] }} Chunk */

/**
 * Every JavaScript and CSS file that an entry leads to.
 * @param {Record<string, Chunk>} manifest
 * @param {string} entry
 * @param {{ isFirst?: boolean }} [options] isFirst: only what is loaded before anybody has done anything
 */
export function pageFiles(manifest, entry, { isFirst = false } = {}) {
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
    pending.push(...(chunk.imports ?? []), ...(isFirst ? [] : (chunk.dynamicImports ?? [])));
  }
  return [...files];
}

/** @returns {string} one line for a person @throws CommandError where the page is over its budget */
export function checkBundle() {
  const read = (/** @type {string} */ path) => readFileSync(join(distFolder, path));
  const manifest = JSON.parse(read(".vite/manifest.json").toString());
  const files = pageFiles(manifest, "index.html");
  const first = new Set(pageFiles(manifest, "index.html", { isFirst: true }));
  /** @type {Record<string, string[]>} */
  const modules = JSON.parse(read(".vite/modules.json").toString());
  const tensorflow = files.flatMap((file) => modules[file] ?? []).find((module) => module.includes("@tensorflow/"));
  if (tensorflow) throw new CommandError(`The page's bundle holds TensorFlow.js (${tensorflow}). Only the worker may; npm run layers shows who imports it.`);
  const sizes = files.map((file) => ({ file, bytes: gzipSync(read(file), { level: 9 }).length }));
  const refuseOver = (/** @type {typeof sizes} */ counted, /** @type {number} */ budget, /** @type {string} */ what) => {
    const total = counted.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total < budget) return Math.round(total / 1000);
    const largest = counted.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5);
    throw new CommandError(`${what} is ${Math.round(total / 1000)} KB gzipped, and ${budget / 1000} KB is the budget. Largest: ${largest.map(({ file, bytes }) => `${file} ${Math.round(bytes / 1000)} KB`).join(", ")}.`);
  };
  const all = refuseOver(sizes, budgetBytes, "The page");
  const atFirst = refuseOver(sizes.filter(({ file }) => first.has(file)), firstBudgetBytes, "What the page loads first");
  return `page ${all} KB gzipped of ${budgetBytes / 1000}, ${atFirst} of ${firstBudgetBytes / 1000} at first, in ${files.length} files, no TensorFlow.js`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(async () => console.log(checkBundle()));
