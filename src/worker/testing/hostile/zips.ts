/** Zips that unpack to more than they should, lead elsewhere, lie about themselves, or are damaged anywhere. */
import { strToU8, zipSync, type Zippable } from "fflate";
import { Rng } from "../../../core/rng.ts";
import { openFiles } from "../../../data/open.ts";
import { readZip } from "../../../data/zip.ts";
import { mutateBytes } from "../../../formats/testing/mutate.ts";
import type { HostileInput } from "./survive.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const table = strToU8(`text,label\n${Array.from({ length: 12 }, (_, i) => `some words number ${i},${i % 2 ? "yes" : "no"}`).join("\n")}\n`);
const zipped = (files: Zippable, level: 0 | 9 = 9): Bytes => zipSync(files, { level });
const plain = zipped({ "data.csv": table, "notes/readme.md": strToU8("hello ".repeat(100)) });

/** A copy with a field of the end record, of the first entry in the directory, or of the first local header changed. */
function patched(change: (view: DataView, at: { readonly end: number; readonly directory: number }) => void, from: Bytes = plain): Bytes {
  const bytes = from.slice();
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  change(view, { end, directory: view.getUint32(end + 16, true) });
  return bytes;
}

/** Every reader of zips sees it: as data, and with each entry unpacked. */
async function readZipFile(bytes: Bytes): Promise<void> {
  const blob = new Blob([bytes]);
  const { entries } = await readZip(blob, "data.zip");
  for (const entry of entries) await entry.bytes();
  await openFiles([{ path: "data.zip", blob }]);
}

const paths = ["../data.csv", "/etc/data.csv", "C:\\data.csv", "c:data.csv", "\\\\server\\share\\data.csv", "a/../../data.csv", "a\\..\\..\\data.csv", "./../data.csv", "data\0.csv", "", "/", "//", "..", "__proto__/data.csv", "constructor", "<img src=x onerror=alert(1)>.csv", "\u202evsc.exe", "\u001b[2J.csv", `${"d/".repeat(8000)}data.csv`, "x".repeat(60_000), "CON", "data.csv/", " ", "🧨.csv"];

const link = (target: string): Zippable[string] => [strToU8(target), { os: 3, attrs: (0o120777 << 16) >>> 0 }];
const nested = (depth: number): Bytes => (depth === 0 ? zipped({ "data.csv": new Uint8Array(1_000_000) }) : zipped({ [`${depth}.zip`]: nested(depth - 1), [`${depth}b.zip`]: nested(depth - 1) }));
const zeros = new Uint8Array(20_000_000);

function handMade(): ReadonlyMap<string, Bytes> {
  const end = (change: (view: DataView, end: number) => void): Bytes => patched((view, at) => change(view, at.end));
  const entry = (change: (view: DataView, directory: number) => void): Bytes => patched((view, at) => change(view, at.directory));
  return new Map<string, Bytes>([
    ["a bomb of five files", zipped(Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`${i}.csv`, zeros])))],
    ["a bomb in zips in zips", nested(3)],
    ["one entry listed a hundred times", listedAgain(100, false)],
    ["one entry under a hundred names, at places that overlap", listedAgain(100, true)],
    ["four thousand empty entries", zipped(Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`${i}`, new Uint8Array()])), 0)],
    ["a link to a file", zipped({ "data.csv": link("/etc/passwd") })],
    ["a link to the folder above", zipped({ up: link(".."), "up/data.csv": table })],
    ["nothing in it", zipped({})],
    ["folders alone", zipped({ "a/": new Uint8Array(), "a/b/": new Uint8Array() })],
    ["an Office document", zipped({ "[Content_Types].xml": strToU8("<Types/>"), "xl/workbook.xml": strToU8("<x/>") })],
    ["a file that is also a folder", zipped({ data: table, "data/data.csv": table })],
    ["no directory", plain.slice(0, 60)],
    ["an end without a beginning", plain.slice(plain.length - 22)],
    ["rubbish before it", Uint8Array.from([...Array<number>(500).fill(7), ...plain])],
    ["rubbish behind it", Uint8Array.from([...plain, ...Array<number>(500).fill(7)])],
    ["two ends", Uint8Array.from([...plain, ...plain.subarray(plain.length - 22)])],
    ["more entries than there are", end((view, at) => view.setUint16(at + 10, 65_535, true))],
    ["fewer entries than there are", end((view, at) => view.setUint16(at + 10, 0, true))],
    ["a directory behind the end", end((view, at) => view.setUint32(at + 16, 0xfffffff0, true))],
    ["a directory of four gigabytes", end((view, at) => view.setUint32(at + 12, 0xfffffff0, true))],
    ["a directory in the first entry", end((view, at) => view.setUint32(at + 16, 30, true))],
    ["on another disk", end((view, at) => view.setUint16(at + 4, 7, true))],
    ["a comment longer than the file", end((view, at) => view.setUint16(at + 20, 65_535, true))],
    ["locked", entry((view, at) => view.setUint16(at + 8, 1, true))],
    ["locked with AES", entry((view, at) => view.setUint16(at + 10, 99, true))],
    ["an unknown compression", entry((view, at) => view.setUint16(at + 10, 93, true))],
    ["stored, it says, and is deflated", entry((view, at) => view.setUint16(at + 10, 0, true))],
    ["a wrong checksum", entry((view, at) => view.setUint32(at + 16, 1, true))],
    ["a compressed size of zero", entry((view, at) => view.setUint32(at + 20, 0, true))],
    ["a compressed size of four gigabytes", entry((view, at) => view.setUint32(at + 20, 0xfffffff0, true))],
    ["a size of zero", entry((view, at) => view.setUint32(at + 24, 0, true))],
    ["a size of nine hundred megabytes", entry((view, at) => view.setUint32(at + 24, 900_000_000, true))],
    ["a size of four gigabytes", entry((view, at) => view.setUint32(at + 24, 0xfffffff0, true))],
    ["a size that zip64 should have, and has not", entry((view, at) => view.setUint32(at + 24, 0xffffffff, true))],
    ["a name longer than the directory", entry((view, at) => view.setUint16(at + 28, 65_535, true))],
    ["an extra field longer than the directory", entry((view, at) => view.setUint16(at + 30, 65_535, true))],
    ["an entry behind the end", entry((view, at) => view.setUint32(at + 42, 0xfffffff0, true))],
    ["an entry in the directory", patched((view, at) => view.setUint32(at.directory + 42, at.directory, true))],
    ["a local header that is none", patched((view) => view.setUint32(0, 0x06054b50, true))],
    ["a local name of 65535 letters", patched((view) => view.setUint16(26, 65_535, true))],
    ["zip64 with a directory beyond all numbers", zip64(2n ** 64n - 1n, 2n ** 64n - 1n)],
    ["zip64 with entries beyond all numbers", zip64(0n, 2n ** 63n)],
    ["zip64 whose record is not there", zip64(0n, 1n, 2n ** 60n)],
  ]);
}

/** The first entry `times` times in the directory, under names of their own; `shifted`: each a byte further. */
function listedAgain(times: number, shifted: boolean): Bytes {
  const one = zipped({ "000.csv": new Uint8Array(1_000_000) });
  const start = new DataView(one.buffer).getUint32(one.length - 6, true);
  const directory = one.slice(start, one.length - 22);
  const copies = Array.from({ length: times }, (_, i) => {
    const copy = directory.slice();
    copy.set(strToU8(String(i).padStart(3, "0")), 46);
    if (shifted) new DataView(copy.buffer).setUint32(42, i, true);
    return [...copy];
  }).flat();
  const bytes = Uint8Array.from([...one.subarray(0, start), ...copies, ...one.subarray(one.length - 22)]);
  const view = new DataView(bytes.buffer);
  view.setUint16(bytes.length - 12, times, true);
  view.setUint32(bytes.length - 10, copies.length, true);
  return bytes;
}

/** The plain zip with a zip64 record that says what a 32-bit field cannot. */
function zip64(directoryAt: bigint, entries: bigint, recordAt = BigInt(plain.length - 22)): Bytes {
  const record = new DataView(new ArrayBuffer(56 + 20));
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(32, entries, true);
  record.setBigUint64(40, 60n, true);
  record.setBigUint64(48, directoryAt, true);
  record.setUint32(56, 0x07064b50, true);
  record.setBigUint64(64, recordAt, true);
  return Uint8Array.from([...plain.subarray(0, plain.length - 22), ...new Uint8Array(record.buffer), ...plain.subarray(plain.length - 22)]);
}

export function hostileZips(): readonly HostileInput[] {
  const random = new Rng(62);
  const made = new Map(handMade());
  for (const [i, path] of paths.entries()) made.set(`path ${i}`, zipped({ [path]: table }, 0));
  for (let i = 0; i < 60; i++) made.set(`damaged ${i}`, mutateBytes(plain, random.fork(i)) as Bytes);
  return [...made].map(([name, bytes]) => ({ name, read: () => readZipFile(bytes) }));
}
