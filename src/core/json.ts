/**
 * The one way in for JSON that somebody else wrote: bytes, depth and encoding are checked before anything looks at the value.
 * A key such as `__proto__` or `constructor` comes out of JSON.parse as a property of its own and reaches no prototype; so that it
 * stays like that, nothing below assigns by a key from outside, and tables are asked by `Object.hasOwn` or are Maps.
 */
import { GraftError } from "./errors.ts";

/** Nobody's model nests deeper; what walks or prints a value may then call itself. */
const deepest = 200;

interface JsonOptions {
  /** Where a document of any length would only be an attack. */
  readonly longest?: { readonly bytes: number; readonly words: string };
  /** What to do where it is no JSON. */
  readonly next?: string;
}

/** @throws GraftError if it is not JSON in UTF-8, is too long, or is nested too deeply. A byte order mark is no part of it. */
export function parseJson(source: Uint8Array | string, where: string, { longest, next = "The file may be cut off; get it again." }: JsonOptions = {}): unknown {
  if (longest && source.length > longest.bytes) throw new GraftError({ where, what: `it has ${source.length.toLocaleString("en")} characters`, wanted: longest.words });
  let value: unknown;
  try {
    value = JSON.parse((typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source)).replace(/^\uFEFF/, ""));
  } catch {
    throw new GraftError({ where, what: "it is not readable JSON", next });
  }
  if (depthOver(value, deepest)) throw new GraftError({ where, what: `it is nested more than ${deepest} levels deep`, wanted: "JSON that a program wrote to be read" });
  return value;
}

/** Level by level, since a value that is too deep is one that a function cannot follow by calling itself. */
function depthOver(value: unknown, limit: number): boolean {
  let level: readonly object[] = isObject(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    const below: object[] = [];
    for (const parent of level) for (const child of Object.values(parent) as unknown[]) if (isObject(child)) below.push(child);
    level = below;
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
