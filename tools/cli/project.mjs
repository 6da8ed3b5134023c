/**
 * Brings a fresh checkout to where a command can run: packages installed, assets prepared, page built. Each step does
 * nothing when there is nothing to do. Uses Node alone, since the packages may not be there yet.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
export const distFolder = join(projectRoot, "dist");

/** A failure that a person can act on: its message is all that is printed. */
export class CommandError extends Error {}

/** @param {string} path relative to the project */
function modifiedMs(path) {
  return statSync(join(projectRoot, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * @param {string} path file or folder, relative to the project
 * @returns {number}
 */
function newestMs(path) {
  const stat = statSync(join(projectRoot, path), { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...readdirSync(join(projectRoot, path)).map((name) => newestMs(join(path, name))));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean }} options quiet: output only on failure
 */
export function run(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, { cwd: projectRoot, encoding: "utf8", shell: process.platform === "win32", maxBuffer: 2 ** 28, stdio: quiet ? "pipe" : ["ignore", 2, 2] });
  if (quiet && result.status !== 0) process.stderr.write((result.stdout ?? "") + (result.stderr ?? ""));
  return result.status === 0;
}

/** Path of a tool's own script, run with this Node: works where node_modules/.bin does not. @param {string} path */
export function tool(path) {
  return join(projectRoot, "node_modules", path);
}

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new CommandError(`Node ${process.versions.node} is too old for Graft's build: it needs 20.19 or later. Get the current version from nodejs.org.`);
}

/** `npm ci` where node_modules is missing or older than the lock. */
export function ensureInstalled() {
  requireNode();
  // npm writes this file at the end of an installation.
  if (modifiedMs("node_modules/.package-lock.json") >= modifiedMs("package-lock.json")) return;
  console.error("Installing packages.");
  if (!run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])) throw new CommandError("The packages could not be installed: npm ci failed, and says why above.");
}

export async function ensureAssets() {
  const { prepareAssets } = await import("../assets/prepare.mjs");
  if (await prepareAssets()) console.error("Assets prepared.");
}

/** Builds the page where dist/ is missing or older than what it is made of. Expects packages. */
export async function ensureBuilt() {
  await ensureAssets();
  const sources = ["src", "public", "index.html", "headless.html", "vite.config.ts", "package-lock.json", "tsconfig.json", "tools/cli/headers.mjs"];
  const built = modifiedMs("dist/.vite/manifest.json");
  if (built > 0 && sources.every((path) => newestMs(path) <= built)) return;
  console.error("Building the page.");
  if (!run(process.execPath, [tool("vite/bin/vite.js"), "build", "--logLevel", "warn"], { quiet: true })) throw new CommandError("The page could not be built: vite says why above.");
  if (!existsSync(join(distFolder, "index.html"))) throw new CommandError("The build left no dist/index.html.");
}

/**
 * Runs a command's main function: prints a CommandError or anything with a sentence as one line, and sets the exit code.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    const isSentence = error instanceof CommandError || (error instanceof Error && error.name === "GraftError");
    console.error(isSentence ? error.message : error instanceof Error ? error.stack : String(error));
    process.exitCode = 1;
  }
}
