import { strToU8, zipSync } from "fflate";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeOutput } from "./output.ts";

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "graft-output-"));
});
afterEach(() => rmSync(out, { recursive: true }));

test("unpacks the download into model/ and puts its metrics beside it", () => {
  writeOutput(zipSync({ "metrics.json": strToU8('{"seconds":1}'), "tfjs/model.json": strToU8("{}"), "tfjs/": new Uint8Array() }), out);
  expect(readFileSync(join(out, "metrics.json"), "utf8")).toBe('{"seconds":1}');
  expect(readFileSync(join(out, "model/metrics.json"), "utf8")).toBe('{"seconds":1}');
  expect(readFileSync(join(out, "model/tfjs/model.json"), "utf8")).toBe("{}");
});

test.each(["../outside.txt", "/outside.txt", "tfjs/../../outside.txt", "../model-2/outside.txt"])("writes nothing at all for a zip that names %s", (name) => {
  expect(() => writeOutput(zipSync({ "metrics.json": strToU8("{}"), [name]: strToU8("x") }), out)).toThrow("outside its folder");
  expect(readdirSync(out)).toEqual([]);
  expect(existsSync(join(out, "../outside.txt"))).toBe(false);
});
