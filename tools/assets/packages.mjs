/** Where installed packages lie. Assets are copied out of them and never committed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/** @param {string[]} path package name and a path within it */
export function inPackage(...path) {
  return join(projectRoot, "node_modules", ...path);
}

/**
 * @param {string} path
 * @returns {any}
 */
export function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
