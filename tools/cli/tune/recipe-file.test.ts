import { strToU8, zipSync } from "fflate";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readRecipeFile } from "./recipe-file.ts";

const folder = mkdtempSync(join(tmpdir(), "graft-recipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const smallest = JSON.stringify({ task: "image-classification", model: "mobilenet-v3-coco" });

test("a recipe may name only task and model; the command line's own options come first", () => {
  expect(readRecipeFile(file("a.json", smallest))).toMatchObject({ model: "mobilenet-v3-coco", epochs: 20, backend: "auto" });
  expect(readRecipeFile(file("bom.json", `\uFEFF${smallest}`), { backend: "cpu", model: "imported" })).toMatchObject({ backend: "cpu", model: "imported" });
});

test("the page's download holds a recipe", () => {
  expect(readRecipeFile(file("run.zip", zipSync({ "run/recipe.json": strToU8(smallest), "run/model.safetensors": new Uint8Array(9) })))).toMatchObject({ task: "image-classification" });
});

test.each([
  ["bad-field.json", '{ "task": "image-classification", "model": "m", "epochs": 0 }', /bad-field\.json, field "epochs"/],
  ["extra-field.json", '{ "task": "image-classification", "model": "m", "epoch": 3 }', /"epoch"/],
  ["cut.json", '{ "task":', /cut\.json: it is not readable JSON/],
  ["list.json", "[1]", /list\.json: this is JSON, but not a recipe/],
  ["broken.zip", "nothing zipped", /this zip cannot be read/],
])("%s gets a sentence", (name, content, sentence) => {
  expect(() => readRecipeFile(file(name, content))).toThrow(sentence);
});

test("a missing file and a zip without a recipe get a sentence", () => {
  expect(() => readRecipeFile(join(folder, "none.json"))).toThrow("there is no such file");
  expect(() => readRecipeFile(file("other.zip", zipSync({ "readme.txt": strToU8("hello") })))).toThrow("holds no recipe.json");
});
