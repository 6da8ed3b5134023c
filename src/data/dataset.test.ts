import { zipSync, strToU8 } from "fflate";
import { describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.ts";
import type { ClassificationColumns, DataIssue } from "../protocol/data.ts";
import type { ClassTextDataset as TextDataset } from "./text-dataset.ts";
import { datasetFromTable, openFiles, type Table } from "./open.ts";

const mapping: ClassificationColumns = { text: "text", label: "label" };
const open = async (csv: string): Promise<Table> => {
  const opened = await openFiles([{ path: "spam.csv", blob: new Blob([csv]) }]);
  if (opened.kind !== "table") throw new Error("Not a table.");
  return opened.table;
};
const dataset = async (rows: readonly (readonly [text: string, label: string])[]): Promise<TextDataset> => (await datasetFromTable(await open(`text,label\n${rows.map(([text, label]) => `${text},${label}`).join("\n")}\n`), mapping)) as TextDataset;
const many = (label: string, count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`${label} message ${i}`, label]);
const issuesOf = (data: TextDataset, kind: DataIssue["kind"]): readonly DataIssue[] => data.summary().issues.filter((issue) => issue.kind === kind);

describe("a text data set", () => {
  test("has natural classes, labelled examples and a summary", async () => {
    const data = await dataset([...many("class 10", 20), ...many("class 9", 10)]);
    expect(data.classes).toEqual(["class 9", "class 10"]);
    const train = data.examples("train");
    expect(train.length).toBe(24);
    for (const { index, label } of train) expect(data.texts(index).text).toContain(`${data.classes[label]} message`);
    expect(data.summary()).toMatchObject({
      name: "spam.csv",
      task: "text-classification",
      itemCount: 30,
      counts: { train: 24, validation: 6, test: 0 },
      excluded: 0,
      splitSource: "seeded",
      columns: mapping,
      issues: [],
      trainable: true,
      classes: [{ name: "class 9", counts: { train: 8, validation: 2, test: 0 }, excluded: 0 }, { name: "class 10" }],
    });
  });

  test("an excluded item leaves the examples and comes back", async () => {
    const data = await dataset([...many("a", 6), ...many("b", 6)]);
    const before = data.examples("train");
    const [first] = before as [{ index: number; label: number }];
    data.setExcluded([first.index], true);
    expect(data.examples("train")).toEqual(before.slice(1));
    expect(data.summary()).toMatchObject({ excluded: 1, itemCount: 12, classes: [{ excluded: 1 }, { excluded: 0 }] });
    data.setExcluded([first.index], false);
    expect(data.examples("train")).toEqual(before);
  });

  test("a class without included examples is no class, but stays in the summary", async () => {
    const data = await dataset([...many("a", 6), ...many("b", 6), ...many("c", 6)]);
    data.setExcluded([0, 1, 2, 3, 4, 5], true);
    expect(data.classes).toEqual(["b", "c"]);
    expect(data.summary().classes[0]).toEqual({ name: "a", counts: { train: 0, validation: 0, test: 0 }, excluded: 6 });
  });

  test("lists items by label, split and index, in pages", async () => {
    const data = await dataset([...many("a", 10), ...many("b", 10)]);
    const all = await data.listItems({ offset: 0, limit: 100 });
    expect(all.total).toBe(20);
    expect(all.items[0]).toEqual({ index: 0, name: "row 2", label: "a", split: all.items[0]?.split, excluded: false, text: "a message 0" });
    const held = await data.listItems({ label: "b", split: "validation", offset: 1, limit: 5 });
    expect([held.total, held.items.length]).toEqual([2, 1]);
    expect(held.items[0]).toMatchObject({ label: "b", split: "validation" });
    expect((await data.listItems({ indices: [7, 3], offset: 0, limit: 5 })).items.map(({ index }) => index)).toEqual([7, 3]);
    await expect(data.listItems({ indices: [99], offset: 0, limit: 5 })).rejects.toThrow(RangeError);
  });

  test("the split follows its options", async () => {
    const data = await dataset([...many("a", 100), ...many("b", 100)]);
    data.setSplit({ validation: 0.3, test: 0.1, seed: 5 });
    expect(data.summary().counts).toEqual({ train: 120, validation: 60, test: 20 });
  });
});

describe("issues", () => {
  test("copies and conflicting labels, with what to exclude; both go once settled", async () => {
    const data = await dataset([...many("a", 9), ...many("b", 9), ["a message 0", "a"], ["a message 1", "b"]]);
    expect(issuesOf(data, "duplicate")).toEqual([{ severity: "note", kind: "duplicate", message: "1 row is an exact copy of another: row 20.", count: 1, items: [18] }]);
    expect(issuesOf(data, "conflicting-label")).toMatchObject([{ severity: "warning", message: "2 rows are alike but have different labels: row 3 (a) and row 21 (b). Exclude the wrong ones.", items: [1, 19] }]);
    data.setExcluded([18, 19], true);
    expect(data.summary().issues).toEqual([]);
  });

  test("one class cannot be trained", async () => {
    const data = await dataset([...many("a", 6), ...many("b", 6)]);
    data.setExcluded([6, 7, 8, 9, 10, 11], true);
    expect(data.summary()).toMatchObject({ trainable: false, issues: [{ severity: "error", kind: "one-class", message: "There is only one class, a, with 6 rows. Training needs at least two." }] });
  });

  test("nothing to validate with cannot be trained", async () => {
    const data = await dataset([["one text", "a"], ["another text", "b"]]);
    expect(data.summary()).toMatchObject({ trainable: false });
    expect(issuesOf(data, "rare-class")[0]?.message).toMatch(/^No row is left to measure progress with: the validation split is empty/);
  });

  test("rare classes and imbalance", async () => {
    const data = await dataset([...many("a", 40), ...many("b", 3), ...many("c", 20)]);
    expect(issuesOf(data, "rare-class")).toMatchObject([{ severity: "warning", message: "1 class has fewer than 5 examples: b (3). Add more, or expect little of it." }]);
    expect(issuesOf(data, "imbalance")).toMatchObject([{ message: "The class a has 40 examples and b only 3, 13 times fewer. Balanced class weights make both count the same." }]);
    expect(issuesOf(await dataset([...many("a", 30), ...many("b", 10)]), "imbalance")).toEqual([]);
  });

  test("empty cells are left out and named", async () => {
    const data = await dataset([...many("a", 6), ["", "b"], ...many("b", 6), ["text", " "]]);
    expect(issuesOf(data, "empty-cell")).toMatchObject([{ message: 'spam.csv: 2 rows have an empty "text" or "label" and were left out: row 8 and row 15.', count: 2 }]);
    expect(data.summary()).toMatchObject({ itemCount: 12, trainable: true });
  });
});

describe("choosing columns", () => {
  const table = open(`id,text,label\n${Array.from({ length: 60 }, (_, i) => `${i},text ${i},${i % 2}`).join("\n")}\n`);
  test.each([
    [{ text: "text", label: "text" }, /is both the text and the label column/],
    [{ text: "body", label: "label" }, /^spam\.csv: there is no column "body"\. Expected one of "id", "text" and "label"\./],
    [{ text: "text", label: "id" }, /^spam\.csv, column "id": 60 different values in 60 rows\. Expected a few labels/],
  ])("refuses %j", async (wrong, message) => {
    await expect(datasetFromTable(await table, wrong)).rejects.toThrow(message);
  });

  test("can be cancelled and reports progress", async () => {
    const done: number[] = [];
    await datasetFromTable(await table, mapping, { onProgress: (progress) => done.push(progress.done) });
    expect(done).toEqual([60]);
  });
});

describe("what is opened", () => {
  const file = (path: string, content: BlobPart): { path: string; blob: Blob } => ({ path, blob: new Blob([content]) });
  const csv = "text,label\nhello there,a\nbye now,b\n";

  test("a zip with one CSV among notes", async () => {
    const zip = zipSync({ "data/spam.csv": strToU8(csv), "data/README.txt": strToU8("notes"), "__MACOSX/._spam.csv": strToU8("x") });
    expect(await openFiles([file("spam.zip", zip)])).toMatchObject({ kind: "table", preview: { fileName: "spam.csv", rowCount: 2 } });
  });

  test("a folder with one CSV, and a hidden file beside a CSV", async () => {
    expect(await openFiles([file("d/x.tsv", csv.replaceAll(",", "\t")), file("d/notes.txt", "hi")])).toMatchObject({ kind: "table", preview: { delimiter: "\t" } });
    expect(await openFiles([file("d/x.csv", csv), file("d/.DS_Store", "")])).toMatchObject({ kind: "table" });
  });

  test.each([
    [[], /^no files\. Expected one CSV, TSV or JSONL file, texts, one zip/],
    [[file(".DS_Store", "x")], /^only hidden files/],
    [[file("a.csv", csv), file("b.csv", csv)], /^images: 2 tables: a\.csv and b\.csv\. Expected one table/],
    [[file("d/a.zip", "PK"), file("d/b.zip", "PK")], /^d: 2 zips among 2 files/],
    [[file("page.csv", "<!doctype html><html></html>")], /^page\.csv: it is HTML/],
    [[file("book.xlsx", zipSync({ "[Content_Types].xml": strToU8("x"), "xl/workbook.xml": strToU8("x") }))], /^book\.xlsx: it is an Office document/],
    [[file("broken.zip", "PK\u0003\u0004 nothing more")], /^broken\.zip: the zip cannot be read/],
    [[file("empty.zip", zipSync({}))], /^empty\.zip: the zip is empty/],
    [[file("d/a.json", "{}"), file("d/b.json", "{}")], /^d: there are no images in it/],
    [[file("model.bin", new Uint8Array([1, 2, 0, 0, 0, 0, 9, 9, 0]))], /^model\.bin: the file is not text/],
  ])("%# refuses with a sentence", async (files, message) => {
    await expect(openFiles(files)).rejects.toThrow(message);
  });

  test("is cancelled", async () => {
    await expect(openFiles([file("a.csv", csv)], { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
  });
});

test("with 100,000 rows a click is answered within seconds, even on a busy machine", async () => {
  const data = await dataset(Array.from({ length: 100_000 }, (_, i) => [`a message of some length, with the number ${i}`.replace(",", ""), ["ham", "spam"][i % 2] as string]));
  data.summary();
  const startMs = performance.now();
  data.setExcluded([5], true);
  expect(data.summary().excluded).toBe(1);
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
