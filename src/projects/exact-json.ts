/** JSON that gives back every number as it was: infinities, NaN and -0, which JSON does not know, are written as objects. */

const numberKey = "$number";
const unusual: ReadonlyMap<string, number> = new Map([NaN, Infinity, -Infinity, -0].map((value) => [Object.is(value, -0) ? "-0" : String(value), value]));

export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "number" || (Number.isFinite(part) && !Object.is(part, -0))) return part;
    return { [numberKey]: Object.is(part, -0) ? "-0" : String(part) };
  });
}

/** @returns undefined for what is no JSON. Names that would reach an object's prototype are left out. */
export function parseExactJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes), (key, part: unknown) => (key === "__proto__" ? undefined : revived(part)));
  } catch {
    return undefined;
  }
}

function revived(part: unknown): unknown {
  if (typeof part !== "object" || part === null || !Object.hasOwn(part, numberKey)) return part;
  const text = (part as Record<string, unknown>)[numberKey];
  return Object.keys(part).length === 1 && typeof text === "string" ? (unusual.get(text) ?? part) : part;
}
