import { strFromU8, unzipSync } from "fflate";
import { expect, test } from "vitest";
import { licenceFiles } from "./licences.mjs";
import { modelFiles } from "./models.mjs";
import { sampleFiles } from "./samples.mjs";

const samples = sampleFiles();

function sample(name: string): Uint8Array {
  const content = samples.get(`samples/${name}`);
  if (!content) throw new Error(`No sample ${name}.`);
  return content;
}

test("the picture sample is balanced, and its test set is of other emoji", () => {
  const paths = Object.keys(unzipSync(sample("emoji-images.zip"))).map((path) => path.split("/") as [string, string, string]);
  const count = new Map<string, number>();
  for (const [split, category] of paths) count.set(`${split}/${category}`, (count.get(`${split}/${category}`) ?? 0) + 1);
  expect(count.size).toBe(16);
  for (const [group, size] of count) expect(size, group).toBe(group.startsWith("train/") ? 60 : 20);
  const train = new Set(paths.filter(([split]) => split === "train").map(([, , name]) => name));
  expect(paths.filter(([split, , name]) => split === "test" && train.has(name))).toEqual([]);
});

test("the table sample has clean, distinct names", () => {
  const [header, ...rows] = strFromU8(sample("emoji-names.csv")).trimEnd().split("\n");
  expect(header).toBe("name,category");
  expect(rows.length).toBeGreaterThan(1000);
  const names = rows.map((row) => row.split(",")[0] ?? "");
  expect(new Set(names).size).toBe(names.length);
  expect(rows.filter((row) => !/^[\p{Ll}\p{N}' -]+,[A-Z][A-Za-z& ]+$/u.test(row))).toEqual([]);
});

test("the text sample is plain text of paragraphs, and no more than a newcomer waits for", () => {
  const text = strFromU8(sample("moby-dick.txt"));
  expect(text).toMatch(/^CHAPTER 1\. Loomings\.\n\nCall me Ishmael\./);
  expect(text.split("\n\n").length).toBeGreaterThan(100);
  expect(text.length).toBeGreaterThan(60_000);
  expect(text.length).toBeLessThan(100_000);
  expect(text).not.toMatch(/gutenberg|\r/i);
});

test("the same packages give the same bytes", () => {
  for (const [path, content] of sampleFiles()) expect(Buffer.compare(content, samples.get(path) ?? new Uint8Array()), path).toBe(0);
});

test("each model's shards are there under the names that its model.json gives", () => {
  const files = modelFiles();
  const models = [...files.keys()].filter((path) => path.endsWith("/model.json"));
  expect(models).toHaveLength(2);
  for (const path of models) {
    const { weightsManifest } = JSON.parse(strFromU8(files.get(path) ?? new Uint8Array())) as { weightsManifest: { paths: string[] }[] };
    for (const shard of weightsManifest.flatMap(({ paths }) => paths)) expect([...files.keys()]).toContain(path.replace("model.json", shard));
  }
});

test("every licence that is listed has its text", () => {
  const files = licenceFiles();
  const page = strFromU8(files.get("licences/index.html") ?? new Uint8Array());
  const listed = [...page.matchAll(/<a href="([^"]+)">([^<]+)<\/a>/g)];
  expect(listed.length).toBeGreaterThan(20);
  for (const [, file, name] of listed) expect(files.get(`licences/${file}`)?.length, name).toBeGreaterThan(200);
});
