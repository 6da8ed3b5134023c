import { expect, test } from "vitest";
import { GraftError } from "./errors.ts";
import { parseJson } from "./json.ts";

const sentence = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof GraftError) return error.message;
    throw error;
  }
  throw new Error("It was read.");
};

test("bytes and texts, with a byte order mark or without", () => {
  expect(parseJson('\uFEFF{"a":[1]}', "a.json")).toEqual({ a: [1] });
  expect(parseJson(new TextEncoder().encode("[1,2]"), "a.json")).toEqual([1, 2]);
});

test("no JSON, no UTF-8, too long and too deep are sentences", () => {
  expect(sentence(() => parseJson("{a:1}", "a.json"))).toBe("a.json: it is not readable JSON. The file may be cut off; get it again.");
  expect(sentence(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), "a.json"))).toContain("not readable");
  expect(sentence(() => parseJson("[1,2,3,4]", "a.json", { longest: { bytes: 5, words: "at most 5" } }))).toBe("a.json: it has 9 characters. Expected at most 5.");
  expect(sentence(() => parseJson("[".repeat(100_000) + "]".repeat(100_000), "a.json"))).toContain("200 levels");
  expect(sentence(() => parseJson('{"a":'.repeat(100_000) + "1" + "}".repeat(100_000), "a.json"))).toContain("200 levels");
  expect(parseJson("[".repeat(200) + "]".repeat(200), "a.json")).toHaveLength(1);
});

test("keys that name prototypes are keys", () => {
  const value = parseJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', "a.json") as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect("polluted" in value).toBe(false);
  expect("polluted" in {}).toBe(false);
});
