/** The suite of describe-model.ts over every family in the catalog, on the files that tools/assets takes out of the installed packages. */
import { expect, test } from "vitest";
import { modelFiles } from "../../tools/assets/models.mjs";
import { catalog } from "./catalog.ts";
import { describeModel } from "./describe-model.ts";

const embedded = modelFiles();

test("the catalog's files are the embedded models' files, no more and no fewer", () => {
  expect(catalog.map(({ card }) => card.id)).toEqual(["mobilenet-v3-coco", "universal-sentence-encoder-lite", "graft-bert", "graft-gpt2"]);
  expect(catalog.flatMap(({ files }) => files).sort()).toEqual([...embedded.keys()].filter((path) => path.startsWith("models/")).sort());
});

for (const family of catalog) {
  describeModel(family, (path) => {
    const bytes = embedded.get(path);
    if (bytes === undefined) throw new Error(`${path} is not embedded.`);
    return bytes;
  });
}
