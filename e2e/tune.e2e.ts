/** The command line, end to end: the same engine in headless Chromium, files out, and a sentence for what goes wrong. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MetricsFile } from "../src/protocol/run.ts";
import { writeFiles } from "./support/files.ts";
import { expect, test } from "./support/fixtures.ts";
import { shapeFolder } from "./support/images.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function tune(cwd: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["tools/cli/run.mjs", "tune", ...args], { env: { ...process.env, INIT_CWD: cwd } });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const recipe = { task: "image-classification", model: "mobilenet-v3-coco", unfreeze: "head", backend: "wasm", epochs: 3, imageSize: 64, earlyStopping: { enabled: false } };

test("a folder of images becomes a model and its metrics, the same twice", async ({ folder }) => {
  writeFiles(join(folder, "shapes"), shapeFolder(["disc", "stripes"], { perClass: 12 }));
  writeFileSync(join(folder, "r.json"), JSON.stringify(recipe));
  const first = await tune(folder, "--recipe", "r.json", "--data", "shapes", "--out", "one");
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout.match(/^epoch \d\/3 {2}loss [\d.]+ {2}val loss [\d.]+ {2}val score [\d.]+ {2}lr \d\.\de[+-]\d+ {2}[\d.]+ s$/gm)).toHaveLength(3);
  const read = (out: string): MetricsFile => JSON.parse(readFileSync(join(folder, out, "metrics.json"), "utf8")) as MetricsFile;
  const metrics = read("one");
  expect(metrics).toMatchObject({ backend: "wasm", epochs: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }] });
  expect(metrics.trainableParameters).toBeLessThan(metrics.totalParameters);
  for (const file of ["model.safetensors", "tfjs/model.json", "labels.json", "recipe.json", "README.md"]) expect(existsSync(join(folder, "one/model", file)), file).toBe(true);

  // The recipe that the first run wrote makes the second.
  expect((await tune(folder, "--recipe", "one/model/recipe.json", "--data", "shapes", "--out", "two")).code).toBe(0);
  expect(read("two").epochs.map(({ trainLoss }) => trainLoss)).toEqual(metrics.epochs.map(({ trainLoss }) => trainLoss));
  expect(readFileSync(join(folder, "two/model/model.safetensors")).equals(readFileSync(join(folder, "one/model/model.safetensors")))).toBe(true);
});

test("a table becomes a model, and one class alone is refused", async ({ folder }) => {
  const rows = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? `"the cat, number ${i}, sleeps",cat` : `our dog number ${i} barks,dog`));
  writeFileSync(join(folder, "pets.csv"), ["words,kind", ...rows].join("\n"));
  writeFileSync(join(folder, "one-class.csv"), ["words,kind", ...rows.filter((row) => row.endsWith("cat"))].join("\n"));
  writeFileSync(join(folder, "r.json"), JSON.stringify({ task: "text-classification", model: "universal-sentence-encoder-lite", columns: { text: "words", label: "kind" }, backend: "wasm", epochs: 2 }));
  const trained = await tune(folder, "--recipe", "r.json", "--data", "pets.csv", "--out", "out");
  expect(trained.code, trained.stderr).toBe(0);
  const refused = await tune(folder, "--recipe", "r.json", "--data", "one-class.csv", "--out", "refused");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^[^\n]+\.\n$/);
  expect(existsSync(join(folder, "refused/metrics.json"))).toBe(false);
});

test("whatever is wrong is one sentence, and a non-zero exit", async ({ folder }) => {
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(folder, "r.json"), JSON.stringify(recipe));
  writeFileSync(join(folder, "wrong.json"), JSON.stringify({ ...recipe, epochs: "many" }));
  writeFileSync(join(folder, "broken.zip"), "this is no zip");
  writeFileSync(join(folder, "other-task.csv"), "text,label\none,a\ntwo,b\nthree,a\nfour,b\n");
  const cases: readonly (readonly [args: string[], sentence: RegExp])[] = [
    [["--recipe", "wrong.json", "--data", "empty"], /wrong\.json, field "epochs"/],
    [["--recipe", "none.json", "--data", "empty"], /no such file/],
    [["--recipe", "r.json", "--data", "none"], /--data none: there is no such file or folder/],
    [["--recipe", "r.json", "--data", "empty"], /the folder is empty/],
    [["--recipe", "r.json", "--data", "broken.zip"], /broken\.zip/],
    [["--recipe", "r.json", "--data", "other-task.csv"], /text-classification/],
    [["--recipe", "r.json", "--data", "empty", "--backend", "abacus"], /--backend abacus/],
    [["--recipe", "r.json", "--data", "empty", "--speed", "11"], /--speed/],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await tune(folder, ...args, "--out", "out");
    expect(code, args.join(" ")).toBe(1);
    expect(stderr, args.join(" ")).toMatch(sentence);
    expect(stderr.trimEnd().split("\n"), args.join(" ")).toHaveLength(1);
    expect(stdout).not.toContain("Wrote");
  }
});
