/** A download is known by its contents, never by its file's name. */
import { strToU8, zipSync } from "fflate";
import { expect, it } from "vitest";
import { isGraftDownload, isGraftProject } from "./graft-download.ts";

function zipOf(...names: readonly string[]): Blob {
  return new Blob([zipSync(Object.fromEntries(names.map((name) => [name, strToU8("x".repeat(40_000))])), { level: 0 })]);
}

it("knows a download, zipped or unpacked, from a zip of images", async () => {
  expect(await isGraftDownload([{ path: "anything.zip", blob: zipOf("README.md", "graft.json", "graft/graph.json", "model.safetensors") }])).toBe(true);
  expect(await isGraftDownload([{ path: "pets-model/graft.json", blob: new Blob() }, { path: "pets-model/recipe.json", blob: new Blob() }])).toBe(true);
  expect(await isGraftDownload([{ path: "graft.zip", blob: zipOf("pets/cat/1.jpg", "pets/dog/1.jpg") }])).toBe(false);
  expect(await isGraftDownload([{ path: "notgraft.json", blob: new Blob() }])).toBe(false);
  expect(await isGraftDownload([])).toBe(false);
});

it("knows a project from a download and from data", async () => {
  expect(await isGraftProject([{ path: "anything.ZIP", blob: zipOf("graft-project.json", "project", "content/0a") }])).toBe(true);
  expect(await isGraftProject([{ path: "graft-project.zip", blob: zipOf("graft.json", "graft/graph.json") }])).toBe(false);
  expect(await isGraftProject([{ path: "graft-project.json", blob: new Blob(["graft-project.json"]) }])).toBe(false);
  expect(await isGraftProject([])).toBe(false);
});
