/** Tables that are none, or that are made to be read wrongly: by Graft, or by whoever opens what Graft makes of them. */
import { datasetFromTable, openFiles } from "../../../data/open.ts";
import { Rng } from "../../../core/rng.ts";
import { mutateBytes } from "../../../formats/testing/mutate.ts";
import type { HostileInput } from "./survive.ts";

/** As the page does: open, take the proposed columns, split, look at the first items and at what is said of them. */
async function readTableFile(content: BlobPart, path = "data.csv"): Promise<void> {
  const opened = await openFiles([{ path, blob: new Blob([content]) }]);
  if (opened.kind !== "table") return;
  const dataset = await datasetFromTable(opened.table, opened.preview.proposed);
  dataset.setSplit({ validation: 0.2, test: 0.1, seed: 1 });
  dataset.summary();
  await dataset.listItems({ offset: 0, limit: 20 });
}

const rows = (make: (i: number) => string, count = 12): string => Array.from({ length: count }, (_, i) => make(i)).join("\n");
const plain = `text,label\n${rows((i) => `some words number ${i},${i % 2 ? "yes" : "no"}`)}\n`;

/** What a spreadsheet would run, in a text, a label, and a name of a column. */
const formulas = ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://example.invalid\",\"x\")", "=DDE(\"cmd\";\"/C calc\")"];
const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "${process.exit()}", "../../etc/passwd", "\u202egnp.exe", "\u001b[31mred", "\ud83d\ude00", "x".repeat(5000), "\u0301".repeat(300)];
const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

const handMade: Readonly<Record<string, BlobPart>> = {
  empty: "",
  "one zero": "\0",
  "zeros": new Uint8Array(5000),
  "a byte order mark": "\uFEFF",
  "blank lines": "\n\n\n\r\n\r",
  "separators alone": ",,,,\n,,,,\n,,,,",
  "a header alone": "text,label",
  "one column": rows((i) => `word${i}`),
  "a quote that never ends": `text,label\n"${"a,b\n".repeat(3000)}`,
  "quotes alone": '"'.repeat(20_001),
  "quotes in each cell": `text,label\n${rows((i) => `a"b"${i},"c"d`)}`,
  "a line of a million letters": `text,label\n${"x".repeat(1_000_000)},yes\n${plain}`,
  "twenty thousand columns": `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(",")}\n${rows(() => "a,".repeat(19_999) + "a", 4)}`,
  "rows of growing length": rows((i) => "a,".repeat(i) + "a", 300),
  "one label": `text,label\n${rows((i) => `text ${i},same`)}`,
  "as many labels as rows": `text,label\n${rows((i) => `text ${i},label ${i}`, 60)}`,
  "the same name for each column": `label,label,label\n${rows((i) => `text ${i},yes,no`)}`,
  "UTF-16 of half a pair": Uint8Array.from([0xff, 0xfe, 0x00, 0xd8, 0x2c, 0x00, 0x61]),
  "UTF-8 that is none": Uint8Array.from([0xef, 0xbb, 0xbf, 0xff, 0xfe, 0x2c, 0xc3, 0x28, 0x0a]),
  "a PDF": "%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n",
  "an ELF file": Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, ...Array<number>(200).fill(0)]),
  "HTML": "<!doctype html><script>alert(1)</script>,x\n",
  "JSON": '{"__proto__":{"polluted":1},"a":[1,2]}',
  "labels with line breaks": `text,label\n${rows((i) => `words ${i},"a${"\n"}# ${i % 2}"`)}`,
  "numbers that are none": `text,label\n${rows((i) => `${["NaN", "Infinity", "-0", "1e999", "0x10"][i % 5] as string},${i % 2}`)}`,
};

export function hostileTables(): readonly HostileInput[] {
  const random = new Rng(61);
  const made = new Map<string, BlobPart>(Object.entries(handMade));
  for (const [i, formula] of formulas.entries()) made.set(`formula ${i}`, `${quoted(formula)},label\n${rows((row) => `${quoted(`${formula} ${row}`)},${quoted(row % 2 ? formula : "no")}`)}`);
  for (const [i, name] of names.entries()) {
    made.set(`name ${i} as a column`, `text,${quoted(name)}\n${rows((row) => `words ${row},${row % 2}`)}`);
    made.set(`name ${i} as a label`, `text,label\n${rows((row) => `words ${row},${row % 2 ? quoted(name) : "no"}`)}`);
  }
  for (let i = 0; i < 40; i++) made.set(`damaged ${i}`, mutateBytes(new TextEncoder().encode(plain), random.fork(i)) as Uint8Array<ArrayBuffer>);
  return [...made].map(([name, content]) => ({ name, read: () => readTableFile(content, name === "one zero" ? "\u001b[2J<b>.csv" : "data.csv") }));
}
