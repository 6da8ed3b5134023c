import { strToU8, zipSync, type Zippable } from "fflate";
import { describe, expect, test } from "vitest";
import { readZip, type ZipContents, type ZipLimits } from "./zip.ts";

const blobOf = (files: Zippable, level: 0 | 6 = 6): Blob => new Blob([zipSync(files, { level })]);
const read = (blob: Blob, limits?: Partial<ZipLimits>): Promise<ZipContents> => readZip(blob, "data.zip", limits);
const paths = ({ entries }: ZipContents): string[] => entries.map(({ path }) => path);
const patched = async (blob: Blob, change: (bytes: Uint8Array, view: DataView, directory: number) => void): Promise<Blob> => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  change(bytes, view, view.getUint32(bytes.length - 6, true));
  return new Blob([bytes]);
};
const long = strToU8("all work and no play ".repeat(2_000));

describe("readZip", () => {
  test.each([0, 6] as const)("lists entries and reads each (level %i)", async (level) => {
    const zip = await read(blobOf({ "cat/1.txt": strToU8("miau"), "dog/ü.txt": long, "empty.txt": new Uint8Array() }, level));
    expect(zip.entries.map(({ path, size }) => [path, size])).toEqual([["cat/1.txt", 4], ["dog/ü.txt", long.length], ["empty.txt", 0]]);
    expect(await zip.entries[1]?.bytes()).toEqual(long);
    expect(await (await zip.entries[0]?.blob())?.text()).toBe("miau");
    expect(await zip.entries[2]?.bytes()).toEqual(new Uint8Array());
    expect(zip.issues).toEqual([]);
  });

  test("skips what no person put there, and knows empty folders", async () => {
    const one = strToU8("x");
    const zip = await read(blobOf({ "__MACOSX/cat/._1.png": one, "cat/.DS_Store": one, ".git/config": one, "cat/Thumbs.db": one, "bird/": new Uint8Array(), "cat/1.png": one }));
    expect(paths(zip)).toEqual(["cat/1.png"]);
    expect(zip.folders).toEqual(["bird"]);
    expect(zip.issues).toEqual([]);
  });

  test("ignores paths that lead out of the zip, and says so", async () => {
    const one = strToU8("x");
    const zip = await read(blobOf({ "../evil.txt": one, "/etc/passwd": one, "C:\\boot.ini": one, "a\\..\\..\\b": one, "a\\b.txt": one, "dots..txt": one }));
    expect(paths(zip)).toEqual(["a/b.txt", "dots..txt"]);
    expect(zip.issues).toMatchObject([{ kind: "ignored-file", severity: "warning", count: 4 }]);
    expect(zip.issues[0]?.message).toBe("data.zip: 4 entries point outside the zip and were ignored: ../evil.txt, /etc/passwd, C:\\boot.ini and 1 more.");
  });

  test("refuses to unpack more than the limit, before reading anything", async () => {
    const bomb = blobOf({ "a.txt": new Uint8Array(3_000_000), "b.txt": new Uint8Array(3_000_000) });
    expect(bomb.size).toBeLessThan(20_000);
    await expect(read(bomb, { totalBytes: 5e6, entryBytes: 5e6 })).rejects.toThrow(/^data\.zip: it would unpack to 6 MB/);
    await expect(read(bomb, { totalBytes: 7e6, entryBytes: 2e6 })).rejects.toThrow(/the largest file to 3 MB/);
    expect(paths(await read(bomb, { totalBytes: 6e6, entryBytes: 3e6 }))).toEqual(["a.txt", "b.txt"]);
  });

  test("refuses to unpack what is far larger than the zip, unless that is little", async () => {
    const bomb = blobOf({ "a.txt": new Uint8Array(3_000_000) });
    await expect(read(bomb, { freeBytes: 2e6 })).rejects.toThrow(/^data\.zip: its 1 MB would unpack to 3 MB\. Expected a zip whose files are at most 100 times as large/);
    expect(paths(await read(bomb))).toEqual(["a.txt"]);
    const lying = await patched(bomb, (_, view, directory) => view.setUint32(directory + 24, 900_000_000, true));
    await expect(read(lying)).rejects.toThrow(/would unpack to 900 MB/);
  });

  test("refuses more entries than a data set has, and a directory that claims more than it lists", async () => {
    const zip = blobOf({ "a.txt": long, "b.txt": long, "c.txt": long });
    await expect(read(zip, { entries: 2 })).rejects.toThrow(/^data\.zip: it says that it holds 3 files\. Expected at most 2/);
    await expect(read(await patched(zip, (bytes, view) => view.setUint16(bytes.length - 12, 60_000, true)))).rejects.toThrow(/cut off or damaged/);
  });

  test("refuses entries that share bytes", async () => {
    const zip = blobOf({ "a.txt": long, "b.txt": long });
    const second = (view: DataView, directory: number): number => directory + 46 + view.getUint16(directory + 28, true) + view.getUint16(directory + 30, true);
    const shared = await patched(zip, (_, view, directory) => view.setUint32(second(view, directory) + 42, 0, true));
    await expect(read(shared)).rejects.toThrow(/^data\.zip: the entries a\.txt and b\.txt share the same bytes/);
    const inside = await patched(zip, (_, view, directory) => view.setUint32(directory + 20, view.getUint32(directory + 20, true) + 200, true));
    await expect(read(inside)).rejects.toThrow(/share the same bytes/);
  });

  test("ignores links, and takes the last of entries in one place", async () => {
    const link = (target: string): Zippable[string] => [strToU8(target), { os: 3, attrs: (0o120777 << 16) >>> 0 }];
    const linked = await read(blobOf({ "cat/1.txt": strToU8("x"), "cat/2.txt": link("/etc/passwd"), "cat/dir": link("../..") }));
    expect(paths(linked)).toEqual(["cat/1.txt"]);
    expect(linked.issues.map(({ message }) => message)).toEqual(["data.zip: 2 entries are links to another place and were ignored: cat/2.txt and cat/dir."]);
    const twice = await read(await patched(blobOf({ "a.txt": strToU8("first"), "b.txt": strToU8("other") }, 0), (bytes, _, directory) => void (bytes[directory + 46 + 5 + 46] = 0x61)));
    expect(paths(twice)).toEqual(["a.txt"]);
    expect(await (await twice.entries[0]?.blob())?.text()).toBe("other");
    expect(twice.issues[0]?.message).toBe("data.zip: 1 entry comes more than once, and the last was taken: a.txt.");
  });

  test("a name with a zero or an escape in it colours no terminal", async () => {
    const zip = await patched(blobOf({ "axb.txt": strToU8("x"), "cyd.txt": strToU8("y") }), (bytes) => bytes.forEach((byte, i) => (bytes[i] = byte === 0x78 && bytes[i - 1] === 0x61 ? 0 : byte === 0x79 && bytes[i - 1] === 0x63 ? 0x1b : byte)));
    const { entries, issues } = await read(zip);
    expect(issues[0]?.message).toBe("data.zip: 1 entry points outside the zip and was ignored: a\ufffdb.txt.");
    expect(entries.map(({ path }) => path)).toEqual(["c\u001bd.txt"]);
  });

  test("an entry that unpacks to more, or less, than it declares", async () => {
    const zip = blobOf({ "a.txt": new Uint8Array(3_000_000) });
    const small = await read(await patched(zip, (_, view, directory) => view.setUint32(directory + 24, 10, true)), { totalBytes: 100, entryBytes: 100 });
    await expect(small.entries[0]?.bytes()).rejects.toThrow(/^data\.zip, entry a\.txt: it unpacks to more than the 10 bytes/);
    const large = await read(await patched(zip, (_, view, directory) => view.setUint32(directory + 24, 4_000_000, true)));
    await expect(large.entries[0]?.bytes()).rejects.toThrow(/unpacks to 3000000 of the 4000000 bytes/);
  });

  test("a damaged entry leaves the others readable", async () => {
    const zip = await read(await patched(blobOf({ "a.txt": long, "b.txt": strToU8("fine") }), (bytes) => bytes.fill(0xaa, 60, 90)));
    await expect(zip.entries[0]?.bytes()).rejects.toThrow(/^data\.zip, entry a\.txt: /);
    expect(await (await zip.entries[1]?.blob())?.text()).toBe("fine");
    const flipped = await read(await patched(blobOf({ "a.txt": strToU8("hello") }, 0), (bytes) => (bytes[36] = 0)));
    await expect(flipped.entries[0]?.bytes()).rejects.toThrow(/checksum/);
  });

  test("a locked or oddly compressed entry says so", async () => {
    const zip = blobOf({ "a.txt": long });
    const locked = await read(await patched(zip, (_, view, directory) => view.setUint16(directory + 8, 1, true)));
    await expect(locked.entries[0]?.bytes()).rejects.toThrow(/password/);
    const odd = await read(await patched(zip, (_, view, directory) => view.setUint16(directory + 10, 14, true)));
    await expect(odd.entries[0]?.bytes()).rejects.toThrow(/compression method 14/);
  });

  test("no zip, half a zip and nonsense are a sentence", async () => {
    const zip = blobOf({ "a.txt": long });
    const sentence = /^data\.zip: the zip cannot be read: it is cut off or damaged\./;
    await expect(read(new Blob(["PK\u0003\u0004 and then nothing"]))).rejects.toThrow(sentence);
    await expect(read(new Blob([]))).rejects.toThrow(sentence);
    await expect(read(zip.slice(0, zip.size - 30))).rejects.toThrow(sentence);
    await expect(read(zip.slice(30))).rejects.toThrow(sentence);
    await expect(read(await patched(zip, (_, view, directory) => view.setUint16(directory + 28, 60000, true)))).rejects.toThrow(sentence);
  });
});
