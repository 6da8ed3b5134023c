import { describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.ts";
import { previewTable, readTable, type Table } from "./table.ts";

const read = (text: BlobPart, path = "data.csv"): Promise<Table> => readTable({ path, blob: new Blob([text]) });
const messages = ({ issues }: Table): string[] => issues.map(({ message }) => message);

describe("reading a table", () => {
  test.each([[","], [";"], ["\t"], ["|"]])("detects the delimiter %j", async (delimiter) => {
    const [d, other] = [delimiter, delimiter === "," ? ";" : ","];
    const table = await read(`text${d}label\n"one${d}two"${d}a\nso${other} so${d}b\n`);
    expect(table.delimiter).toBe(d);
    expect(table.rows).toEqual([[`one${d}two`, "a"], [`so${other} so`, "b"]]);
    expect(table.issues).toEqual([]);
  });

  test("decimal commas do not hide semicolons", async () => {
    expect(await read("x;y\n1,5;2,5\n3,5;4,5\n")).toMatchObject({ delimiter: ";", columns: ["x", "y"], hasHeader: true });
  });

  test("quoted line breaks, doubled quotes and carriage returns", async () => {
    const table = await read('text,label\r\n"line 1\r\nline 2",a\r\n"say ""hi""",b\r\n\r\nplain,c\r\n');
    expect(table.rows).toEqual([["line 1\nline 2", "a"], ['say "hi"', "b"], ["plain", "c"]]);
    expect(table.rowNumbers).toEqual([2, 3, 5]);
  });

  test("a file without a final line break, and one with a byte order mark", async () => {
    expect((await read("\uFEFFtext,label\nx,a\ny,b")).columns).toEqual(["text", "label"]);
    expect((await read("text,label\nx,a\ny,b")).rows).toEqual([["x", "a"], ["y", "b"]]);
  });

  test("Latin-1 is read and said", async () => {
    const table = await read(Uint8Array.from("text,label\ncaf\u00e9,a\n", (char) => char.charCodeAt(0)));
    expect(table.rows).toEqual([["café", "a"]]);
    expect(messages(table)).toEqual(["data.csv is not UTF-8 and was read as Windows-1252 (Latin-1). If letters look wrong, save it as UTF-8."]);
  });

  test("a ragged row is named and left out", async () => {
    const table = await read("a,text,label\n1,good,x\n2,red, round,y\n3,fine,x\n", "in/labels.csv");
    expect(table.rows.map((row) => row[0])).toEqual(["1", "3"]);
    expect(messages(table)).toEqual(['labels.csv row 3: 4 columns, the header has 3, so it was left out. Quote the comma in "red, round".']);
    expect(table.issues[0]).toMatchObject({ kind: "ragged-row", severity: "warning", count: 1 });
  });

  test("many ragged rows are one sentence, with lines where they differ from rows", async () => {
    const table = await read('text,label\n"a\nb",x\nonly\nc,x\nu,v,w\n1,2,3\n7,8,9\n');
    expect(messages(table)).toEqual([
      "data.csv: 4 rows do not have as many columns as the first and were left out: row 3 (line 4), row 5 (line 6), row 6 (line 7) and 1 more. The first of them has 1 column, the header has 2. Add the missing value, or remove the row.",
    ]);
    expect(table.rows).toEqual([["a\nb", "x"], ["c", "x"]]);
  });

  test("empty columns at a row's end are forgiven", async () => {
    expect(await read("text,label\na,x,,\nb,y,\n")).toMatchObject({ rows: [["a", "x"], ["b", "y"]], issues: [] });
  });

  test("an unclosed quote costs its own line only", async () => {
    const table = await read('text,label\nfine,x\n"red, round,y\ngood,x\nbad,y\n');
    expect(table.rows).toEqual([["fine", "x"], ["good", "x"], ["bad", "y"]]);
    expect(messages(table)[0]).toMatch(/^data\.csv row 3: 3 columns, the header has 2, so it was left out\. It opens a quote that is never closed/);
  });

  test("a stray quote does not swallow the rows up to the next one", async () => {
    const table = await read('text\tlabel\n"Hello\tham\nfree "prizes" now\tspam\nsee you\tham\n"quoted"\tham\n');
    expect(table.rows).toEqual([['"Hello', "ham"], ['free "prizes" now', "spam"], ["see you", "ham"], ["quoted", "ham"]]);
    expect(table.issues).toMatchObject([{ severity: "note", count: 1 }]);
    expect(messages(table)[0]).toContain("row 2");
  });

  test("a file full of stray quotes is read with quotes as plain characters, in time", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `"message ${i}\t${i % 2 ? "ham" : "spam"}`);
    const table = await read(`text\tlabel\n${rows.join("\n")}\n`);
    expect(table.rows.length).toBe(20_000);
    expect(table.rows.at(-1)).toEqual(['"message 19999', "ham"]);
  });

  test.each([
    ["", /^data\.csv: the file is empty/],
    ["just one column\nof text\n", /^data\.csv: no separator splits its rows into columns\. Expected at least a text column/],
    ["First line; of prose\nand a second\na third, too\nthen a fourth\n", /^data\.csv: no separator/],
    ["text,label\n", /no row below it/],
    ["text,label\n1,2,3\n", /^data\.csv row 2: 3 columns, the header has 2\./],
  ])("refuses %j", async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe("the header", () => {
  test.each([
    ["text,label\nhello,a\nbye,b\n", true],
    ["ham,see you at home tonight then\nspam,win a prize now\nham,ok\n", false],
    ["5,hello\n7,bye\n", false],
    ["size,weight\n5,7\n6,8\n", true],
    ["Überschrift,Art\nein ziemlich langer Text über etwas,gut\nnoch ein langer Text,schlecht\n", true],
    ["this film was a waste of time,bad\nloved every minute of it,good\n", false],
  ])("%j -> %s", async (text, hasHeader) => {
    expect((await read(text)).hasHeader).toBe(hasHeader);
  });

  test("empty and repeated names become unique; no header gives numbers", async () => {
    expect((await read("text,,text,label,\na,b,c,d,e\nf,g,h,i,j\n")).columns).toEqual(["text", "Column 2", "text 2", "label", "Column 5"]);
    expect((await read("1,a\n2,b\n")).columns).toEqual(["Column 1", "Column 2"]);
  });
});

describe("the preview", () => {
  test("profiles columns and proposes text and label", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i},message number ${i} is rather long,${i % 3 === 0 ? "" : "x"},${i % 2 ? "ham" : "spam"}`);
    const preview = await previewTable(await read(`id,message,flag,kind\n${lines.join("\n")}\n`));
    expect(preview.proposed).toEqual({ text: "message", label: "kind" });
    expect(preview.columns[2]).toMatchObject({ name: "flag", distinctValues: 1, emptyCells: 14, meanLength: 1 });
    expect(preview).toMatchObject({ rowCount: 40, hasHeader: true, encoding: "UTF-8", delimiter: "," });
    expect(preview.rows.length).toBe(20);
  });

  test.each([
    ["label,text\n0,see you\n1,win now\n0,so late\n1,free stuff\n", { text: "text", label: "label" }],
    ["name,category,group\nred apple,food,x\nblue whale,animal,x\ngreen pear,food,y\ngrey cat,animal,y\n", { text: "name", label: "category" }],
    ["ham,see you there\nspam,win a prize\nham,okay then\nham,good night\n", { text: "Column 2", label: "Column 1" }],
  ])("%j -> %j", async (text, proposed) => {
    expect((await previewTable(await read(text))).proposed).toEqual(proposed);
  });
});

describe("a long table", () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => `${i},"text number ${i}, with ""quotes"" and\na line break",${["spam", "ham"][i % 2]}`);
  const blob = new Blob([`id,text,label\n${rows.join("\n")}\n`]);

  test("100,000 rows take seconds, and other work goes on meanwhile", async () => {
    let longestGapMs = 0;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 1);
    const reports: number[] = [];
    const startMs = performance.now();
    const table = await readTable({ path: "long.csv", blob }, { onProgress: ({ done, total }) => reports.push(done / total) });
    await previewTable(table);
    const totalMs = performance.now() - startMs;
    clearInterval(timer);
    expect(table.rows.length).toBe(100_000);
    expect(table.rows[70_000]).toEqual(["70000", 'text number 70000, with "quotes" and\na line break', "spam"]);
    expect(table.rowNumbers[99_999]).toBe(100_001);
    expect(reports.at(-1)).toBe(1);
    expect(totalMs).toBeLessThan(8000);
    expect(longestGapMs).toBeLessThan(Math.max(400, totalMs / 3));
  });

  test("cancelling ends it at once", async () => {
    const controller = new AbortController();
    const reading = readTable({ path: "long.csv", blob }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(reading).rejects.toBeInstanceOf(CancelledError);
  });
});
