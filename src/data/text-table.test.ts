/** Tables of pairs, of several labels and of numbers: what they become, what a bad cell costs, and what is said of it. */
import { describe, expect, test } from "vitest";
import type { ClassificationColumns, DataIssue } from "../protocol/data.ts";
import { datasetFromTable, openFiles } from "./open.ts";
import type { NumberTextDataset} from "./text-dataset.ts";
import { ClassTextDataset, LabelTextDataset, type TextDataset } from "./text-dataset.ts";

async function tableOf(csv: string) {
  const opened = await openFiles([{ path: "rows.csv", blob: new Blob([csv]) }]);
  if (opened.kind !== "table") throw new Error("Not a table.");
  return opened;
}
const dataset = async (csv: string, mapping?: ClassificationColumns): Promise<TextDataset> => {
  const { table, preview } = await tableOf(csv);
  return datasetFromTable(table, mapping ?? preview.proposed);
};
const messages = (data: TextDataset, kind: DataIssue["kind"]): string[] => data.summary().issues.filter((issue) => issue.kind === kind).map(({ message }) => message);
const rows = (count: number, row: (i: number) => string): string => Array.from({ length: count }, (_, i) => row(i)).join("\n");

describe("what is proposed", () => {
  test.each([
    ["premise,hypothesis,label\n", (i: number) => `A man walks dog ${i},Somebody is out with dog ${i},${i % 2 ? "yes" : "no"}`, { text: "premise", secondText: "hypothesis", label: "label" }],
    ["sentence1,sentence2,score\n", (i: number) => `The first of ${i} things,The second of ${i} things,${(i / 7).toFixed(2)}`, { text: "sentence1", secondText: "sentence2", label: "score", target: "regression" }],
    ["text,tags\n", (i: number) => `A message about thing ${i},${["red;round", "red", "round;soft", "soft;red"][i % 4]}`, { text: "text", label: "tags", target: "multi-label" }],
    ["id,comment,toxic,insult\n", (i: number) => `${i},Some long comment ${i},${i % 2},${i % 3 === 0 ? 1 : 0}`, { text: "comment", label: ["toxic", "insult"], target: "multi-label" }],
    ["text,stars\n", (i: number) => `A review of place ${i},${i % 5}`, { text: "text", label: "stars" }],
  ] as const)("%s", async (header, row, proposed) => {
    expect((await tableOf(header + rows(40, row))).preview.proposed).toEqual(proposed);
  });
});

describe("several labels", () => {
  test("come from a list or from columns of 0 and 1, and are split by their rarest", async () => {
    const listed = await dataset(`text,tags\n${rows(40, (i) => `thing number ${i},${i % 10 === 0 ? "rare;red" : i % 2 ? "red; round;red" : i === 2 ? "" : "round"}`)}`, { text: "text", label: "tags", target: "multi-label" });
    expect(listed).toBeInstanceOf(LabelTextDataset);
    const labels = listed as LabelTextDataset;
    expect(labels.classes).toEqual(["rare", "red", "round"]);
    expect([labels.labels(0), labels.labels(1), labels.labels(2)]).toEqual([["rare", "red"], ["red", "round"], []]);
    expect(labels.summary().classes[0]).toEqual({ name: "rare", counts: { train: 3, validation: 1, test: 0 }, excluded: 0 });
    expect(messages(labels, "empty-cell")).toEqual(["1 row has no label, and is an example of what has none."]);
    expect((await labels.listItems({ label: "round", offset: 0, limit: 3 })).items.map(({ label }) => label)).toEqual(["red, round", "red, round", "round"]);

    const flags = await dataset(`text,b,a\n${rows(12, (i) => `thing ${i},${i % 2},${i === 7 ? "maybe" : i % 3 ? "no" : "yes"}`)}`, { text: "text", label: ["b", "a"], target: "multi-label" });
    expect((flags as LabelTextDataset).classes).toEqual(["b", "a"]);
    expect(messages(flags, "no-number")).toEqual(['rows.csv: 1 row says neither 0 nor 1 in a label column and was left out: row 9 ("maybe" in "a").']);
  });

  test("that all rows have cannot be learned", async () => {
    const all = await dataset(`text,tags\n${rows(12, (i) => `thing ${i},"a,b"`)}`, { text: "text", label: "tags", target: "multi-label" });
    expect([all.summary().trainable, messages(all, "constant")]).toEqual([false, ["Every row has the same labels, so there is nothing to tell apart: a and b."]]);
    const one = await dataset(`text,tags\n${rows(12, (i) => `thing ${i},"a${i % 2 ? ",b" : ""}"`)}`, { text: "text", label: "tags", target: "multi-label" });
    expect([one.summary().trainable, messages(one, "constant")]).toEqual([true, ["Every row has the label a, so nothing can be learned of it."]]);
  });
});

describe("numbers", () => {
  const mapping: ClassificationColumns = { text: "text", label: "score", target: "regression" };

  test("are read with either decimal mark, counted, and split by size", async () => {
    const data = await dataset(`text;score\n${rows(40, (i) => `thing ${i};${i === 3 ? "n/a" : `${i},5`}`)}`, mapping);
    const numbers = data as NumberTextDataset;
    expect(numbers.value(0)).toBe(0.5);
    expect(messages(data, "no-number")).toEqual(['rows.csv: 1 row has no number in "score" and was left out: row 5 ("n/a").']);
    const { numbers: summary, counts, classes } = data.summary();
    expect(classes).toEqual([]);
    expect(summary).toMatchObject({ name: "score", least: 0.5, greatest: 39.5 });
    expect(summary?.bins.reduce((sum, { count }) => sum + count, 0)).toBe(39);
    expect(counts).toEqual({ train: 30, validation: 9, test: 0 });
    const held = numbers.indices("validation").map((index) => numbers.value(index));
    for (const [low, high] of [[0, 14], [14, 27], [27, 40]] as const) expect(held.filter((value) => value >= low && value < high).length).toBe(3);
  });

  test("that are none, or always the same, are said", async () => {
    await expect(dataset(`text,score\n${rows(9, (i) => `thing ${i},${i < 3 ? i : "high"}`)}`, mapping)).rejects.toThrow(/^rows\.csv, column "score": 6 cells of 9 are no numbers: row 5 \("high"\).*Choose another label column, or predict a class/);
    const constant = await dataset(`text,score\n${rows(9, (i) => `thing ${i},4`)}`, mapping);
    expect([constant.summary().trainable, messages(constant, "constant")]).toEqual([false, ["The number is 4 in every row, so there is nothing to predict."]]);
  });
});

test("a pair has both texts, equal only where both are; odd cells survive", async () => {
  const long = "é🙂".repeat(25_000);
  const data = await dataset(`q,a,label\none,x,yes\none,y,no\n,y,no\n${long},مرحبا بالعالم,yes\none,x,yes\n`, { text: "q", secondText: "a", label: "label" });
  expect(data).toBeInstanceOf(ClassTextDataset);
  expect(data.texts(2)).toEqual({ text: long, secondText: "مرحبا بالعالم" });
  expect(messages(data, "duplicate")).toEqual(["1 row is an exact copy of another: row 6."]);
  expect(messages(data, "conflicting-label")).toEqual([]);
  expect(messages(data, "empty-cell")).toEqual(['rows.csv: 1 row has an empty "q", "a" or "label" and was left out: row 4.']);
  const { items } = await data.listItems({ indices: [2], offset: 0, limit: 1 });
  expect(items[0]?.text).toHaveLength(2000);
  expect(items[0]?.secondText).toBe("مرحبا بالعالم");
  await expect(dataset("q,a,label\none,x,yes\n", { text: "q", secondText: "q", label: "label" })).rejects.toThrow(/"q" is chosen more than once/);
  await expect(dataset("q,a,label\none,x,yes\n", { text: "q", label: ["a", "label"] })).rejects.toThrow(/2 label columns for one class a row/);
});
