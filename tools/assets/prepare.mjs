/**
 * Copies what the page embeds (models, wasm binaries, samples, licences) out of the installed packages into
 * public/embedded/. Nothing to do takes milliseconds; running twice at once is safe, since every file is written whole
 * under another name first, and both write the same bytes.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "./packages.mjs";

const target = join(projectRoot, "public/embedded");
const marker = join(target, "prepared.json");

/** What the output depends on: these scripts, our own pre-trained models, and the versions that the lock names. */
function fingerprint() {
  const folders = [new URL(".", import.meta.url), new URL("../pretrain/models/", import.meta.url)].map((url) => fileURLToPath(url));
  const inputs = folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const path of [...inputs.toSorted(), join(projectRoot, "LICENSE"), join(projectRoot, "package-lock.json")]) hash.update(readFileSync(path));
  return hash.digest("hex");
}

/** @param {string} path @param {Uint8Array | string} content */
function writeWhole(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}

/** @returns {Promise<boolean>} whether there was anything to do */
export async function prepareAssets() {
  const wanted = fingerprint();
  /** @type {{ fingerprint?: string, files?: string[] }} */
  const before = existsSync(marker) ? JSON.parse(readFileSync(marker, "utf8")) : {};
  if (before.fingerprint === wanted && before.files?.every((path) => existsSync(join(target, path)))) return false;
  // Loaded only now: the samples need a package that may just have been installed.
  const [{ modelFiles }, { sampleFiles }, { licenceFiles }] = await Promise.all([import("./models.mjs"), import("./samples.mjs"), import("./licences.mjs")]);
  const files = new Map([...modelFiles(), ...sampleFiles(), ...licenceFiles()]);
  for (const [path, content] of files) writeWhole(join(target, path), content);
  for (const path of before.files ?? []) if (!files.has(path)) rmSync(join(target, path), { force: true });
  writeWhole(marker, JSON.stringify({ fingerprint: wanted, files: [...files.keys()] }, null, 1));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await prepareAssets()) ? "Assets prepared." : "Assets are up to date.");
}
