import { describe, expect, it } from "vitest";
import { type ModelFile, readTfjsFiles } from "./tfjs-files.ts";

const file = (path: string, content: string | unknown[]): ModelFile => ({ path, blob: new Blob([typeof content === "string" ? content : Uint8Array.from(content as number[])]) });
const model = (topology: unknown = {}): string => JSON.stringify({ modelTopology: topology, weightsManifest: [{ paths: ["a.bin", "b.bin"], weights: [] }, { paths: ["c.bin"], weights: [] }] });
const shards = (folder: string): ModelFile[] => [file(`${folder}c.bin`, [5]), file(`${folder}b.bin`, [3, 4]), file(`${folder}a.bin`, [1, 2])];

describe("readTfjsFiles", () => {
  it("joins the shards in the manifest's order and tells the two formats apart", async () => {
    const read = await readTfjsFiles([...shards("my/"), file("my/model.json", model())]);
    expect([...read.bytes]).toEqual([1, 2, 3, 4, 5]);
    expect(read.format).toBe("layers-model");
    expect((await readTfjsFiles([...shards(""), file("other.json", model({ node: [] }))])).format).toBe("graph-model");
  });

  it("prefers the shard beside model.json and falls back on the file name", async () => {
    const other = file("backup/a.bin", [9, 9]);
    expect([...(await readTfjsFiles([other, ...shards("my/"), file("my/model.json", model())])).bytes]).toEqual([1, 2, 3, 4, 5]);
    expect([...(await readTfjsFiles([...shards("elsewhere/"), file("my/model.json", model())])).bytes]).toEqual([1, 2, 3, 4, 5]);
  });

  it("passes over other JSON files", async () => {
    const read = await readTfjsFiles([file("labels.json", "[1]"), ...shards(""), file("net.json", model())]);
    expect(read.path).toBe("net.json");
  });

  it.each<[string, ModelFile[], RegExp]>([
    ["no model", [file("a.txt", "x")], /none of them is the model.json/],
    ["two models", [file("a/model.json", model()), file("b/model.json", model())], /there are 2 models: a\/model.json, b\/model.json/],
    ["missing shards", [file("model.json", model()), file("b.bin", [1])], /2 weight files are missing: a.bin, c.bin/],
    ["cut off", [file("model.json", '{"modelTopology": ')], /model.json: it is not readable JSON/],
    ["a manifest that is none", [file("model.json", '{"modelTopology": {}, "weightsManifest": 3}')], /"weightsManifest": it is 3. Expected a list/],
  ])("says what is wrong: %s", async (_, files, message) => {
    await expect(readTfjsFiles(files)).rejects.toThrow(message);
  });
});
