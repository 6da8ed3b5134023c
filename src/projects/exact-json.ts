/** JSON that gives back every number as it was: infinities, NaN and -0, which JSON does not know, are written as objects. */
import { parseJson } from "../core/json.ts";

const numberKey = "$number";
const unusual: ReadonlyMap<string, number> = new Map([NaN, Infinity, -Infinity, -0].map((value) => [textOf(value), value]));

function textOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "number" && unusual.has(textOf(part)) ? { [numberKey]: textOf(part) } : part));
}

/** @throws GraftError if it is no JSON, or too deep. A key that names an object's prototype is left out. */
export function parseExactJson(bytes: Uint8Array, where: string): unknown {
  return revived(parseJson(bytes, where));
}

function revived(part: unknown): unknown {
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map(revived);
  const entries = Object.entries(part);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === numberKey && typeof first[1] === "string") return unusual.get(first[1]) ?? part;
  return Object.fromEntries(entries.filter(([key]) => key !== "__proto__").map(([key, value]) => [key, revived(value)]));
}
