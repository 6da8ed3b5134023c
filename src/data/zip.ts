/**
 * Zip files, entry by entry: the directory is read first, an entry's bytes only when they are asked for, so that a large zip
 * never stands in memory. fflate inflates; the directory is ours because fflate wants the whole file at once and trusts it.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
 */
import { Inflate } from "fflate";
import { GraftError } from "../core/errors.ts";
import type { DataIssue } from "../protocol/data.ts";
import { isHidden } from "./source-names.ts";
import { counted, listed } from "./wording.ts";

export interface ZipEntry {
  /** Relative, with forward slashes. */
  readonly path: string;
  /** Uncompressed. */
  readonly size: number;
  /** @throws GraftError if the entry is damaged, encrypted or larger than it says. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** As `bytes`, but an entry that is stored as it is stays where it is. */
  blob(): Promise<Blob>;
}

export interface ZipContents {
  readonly entries: readonly ZipEntry[];
  /** Folders that the zip names, empty ones too. */
  readonly folders: readonly string[];
  readonly issues: readonly DataIssue[];
}

export interface ZipLimits {
  /** Uncompressed, over all entries. */
  readonly totalBytes: number;
  readonly entryBytes: number;
  readonly entries: number;
  /** How many times larger than the zip its content may be, beyond the first `freeBytes`: tables come to 20, pictures to 1, bombs to 1000. */
  readonly ratio: number;
  readonly freeBytes: number;
}

const defaultLimits: ZipLimits = { totalBytes: 8 * 2 ** 30, entryBytes: 2 ** 30, entries: 200_000, ratio: 100, freeBytes: 64 * 2 ** 20 };

const endSignature = 0x06054b50;
const zip64LocatorSignature = 0x07064b50;
const directorySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** A field that is too small for its value holds this, and the zip64 extra field holds the value. */
const inZip64 = 0xffffffff;

/** @throws GraftError if it is no zip, is cut off, has entries that overlap, or would unpack to more than the limits. */
export async function readZip(blob: Blob, name: string, changes: Partial<ZipLimits> = {}): Promise<ZipContents> {
  const limits = { ...defaultLimits, ...changes };
  const headers = await readDirectory(blob, name, limits);
  refuseOverlap(headers, name);
  const total = headers.reduce((sum, { size }) => sum + size, 0);
  const largest = headers.reduce((most, { size }) => Math.max(most, size), 0);
  if (total > limits.totalBytes || largest > limits.entryBytes) {
    throw new GraftError({
      where: name,
      what: `it would unpack to ${megabytes(total)}, the largest file to ${megabytes(largest)}`,
      wanted: `at most ${megabytes(limits.totalBytes)}, and ${megabytes(limits.entryBytes)} a file`,
      next: "Unpack it and drop the folder",
    });
  }
  if (total > limits.freeBytes + limits.ratio * blob.size) {
    throw new GraftError({
      where: name,
      what: `its ${megabytes(blob.size)} would unpack to ${megabytes(total)}`,
      wanted: `a zip whose files are at most ${limits.ratio} times as large`,
      next: "If you trust it, unpack it and drop the folder",
    });
  }
  const entries = new Map<string, ZipEntry>();
  const folders: string[] = [];
  const ignored = { unsafe: [] as string[], links: [] as string[], twice: [] as string[] };
  for (const header of headers) {
    const path = header.path.replaceAll("\\", "/");
    if (path.startsWith("/") || /^[a-z]:/i.test(path) || path.split("/").includes("..") || path.includes("\0") || path === "") ignored.unsafe.push(header.path);
    else if (header.isLink) ignored.links.push(path);
    else if (isHidden(path)) continue;
    else if (path.endsWith("/")) folders.push(path.slice(0, -1));
    else {
      // Of two files in one place, unpacking leaves the last.
      if (entries.has(path)) ignored.twice.push(path);
      entries.set(path, makeEntry(blob, { ...header, path }, `${name}, entry ${path}`));
    }
  }
  const issue = (paths: readonly string[], tell: (isOne: boolean) => string): DataIssue[] =>
    paths.length === 0 ? [] : [{ severity: "warning", kind: "ignored-file", message: `${name}: ${tell(paths.length === 1)}: ${listed(paths)}.`, count: paths.length, items: [] }];
  const were = (isOne: boolean): string => `${isOne ? "was" : "were"} ignored`;
  const issues = [
    ...issue(ignored.unsafe, (isOne) => `${counted(ignored.unsafe.length, "entry points", "entries point")} outside the zip and ${were(isOne)}`),
    ...issue(ignored.links, (isOne) => `${counted(ignored.links.length, "entry is a link", "entries are links")} to another place and ${were(isOne)}`),
    ...issue(ignored.twice, () => `${counted(ignored.twice.length, "entry comes", "entries come")} more than once, and the last was taken`),
  ];
  return { entries: [...entries.values()], folders, issues };
}

/** Entries that share bytes unpack to far more than the zip holds: no tool writes them, and a bomb is made of them. */
function refuseOverlap(headers: readonly EntryHeader[], name: string): void {
  const sorted = headers.toSorted((a, b) => a.offset - b.offset);
  sorted.forEach((header, i) => {
    const next = sorted[i + 1];
    if (next && header.offset + localHeaderBytes + header.compressedSize > next.offset) throw new GraftError({ where: name, what: `the entries ${header.path} and ${next.path} share the same bytes`, wanted: "a zip whose entries stand one after the other", next: "Make or download it again" });
  });
}

interface EntryHeader {
  readonly path: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly offset: number;
  /** A symbolic link of Unix, whose content is a path. */
  readonly isLink: boolean;
}

/** In the upper half of the external attributes, where a Unix made the zip: its file mode. */
const fileType = 0o170000;
const symbolicLink = 0o120000;
const localHeaderBytes = 30;

async function readDirectory(blob: Blob, name: string, limits: ZipLimits): Promise<EntryHeader[]> {
  const unreadable = (): GraftError => new GraftError({ where: name, what: "the zip cannot be read: it is cut off or damaged", next: "Make or download it again" });
  try {
    const { count, offset, size } = await findDirectory(blob, unreadable);
    if (offset + size > blob.size) throw unreadable();
    if (count > limits.entries) throw new GraftError({ where: name, what: `it says that it holds ${counted(count, "file")}`, wanted: `at most ${limits.entries.toLocaleString("en")}`, next: "Split it" });
    const view = await viewOf(blob, offset, offset + size);
    const headers: EntryHeader[] = [];
    for (let at = 0; headers.length < count; ) {
      if (view.getUint32(at, true) !== directorySignature) throw unreadable();
      const nameLength = view.getUint16(at + 28, true);
      const extraLength = view.getUint16(at + 30, true);
      const flags = view.getUint16(at + 8, true);
      const nameBytes = new Uint8Array(view.buffer, at + 46, nameLength);
      const sizes = { size: view.getUint32(at + 24, true), compressedSize: view.getUint32(at + 20, true), offset: view.getUint32(at + 42, true) };
      headers.push({
        path: decodeName(nameBytes),
        encrypted: (flags & 1) === 1,
        method: view.getUint16(at + 10, true),
        crc: view.getUint32(at + 16, true),
        isLink: ((view.getUint32(at + 38, true) >>> 16) & fileType) === symbolicLink,
        ...widened(sizes, new DataView(view.buffer, at + 46 + nameLength, extraLength)),
      });
      at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    }
    return headers;
  } catch (error) {
    // A length that leads out of the bytes.
    if (error instanceof RangeError) throw unreadable();
    throw error;
  }
}

async function findDirectory(blob: Blob, unreadable: () => GraftError): Promise<{ readonly count: number; readonly offset: number; readonly size: number }> {
  // The end record has 22 bytes and a comment of at most 65535.
  const tailStart = Math.max(0, blob.size - 22 - 65535);
  const tail = await viewOf(blob, tailStart, blob.size);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== endSignature) end--;
  if (end < 0) throw unreadable();
  const found = { count: tail.getUint16(end + 10, true), size: tail.getUint32(end + 12, true), offset: tail.getUint32(end + 16, true) };
  if (end < 20 || tail.getUint32(end - 20, true) !== zip64LocatorSignature) return found;
  const recordAt = Number(tail.getBigUint64(end - 12, true));
  const record = await viewOf(blob, recordAt, recordAt + 56);
  return { count: Number(record.getBigUint64(32, true)), size: Number(record.getBigUint64(40, true)), offset: Number(record.getBigUint64(48, true)) };
}

type Sizes = Pick<EntryHeader, "size" | "compressedSize" | "offset">;

/** The sizes with those taken from the zip64 extra field (id 1) that stand there, in this order. */
function widened(sizes: Sizes, extra: DataView): Sizes {
  const wide = { ...sizes };
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    for (const key of ["size", "compressedSize", "offset"] as const) {
      if (sizes[key] !== inZip64) continue;
      wide[key] = Number(extra.getBigUint64(field, true));
      field += 8;
    }
  }
  return wide;
}

/** Names are UTF-8 in practice, flagged or not; old tools wrote their own code page. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function makeEntry(blob: Blob, header: EntryHeader, where: string): ZipEntry {
  const damaged = (what: string): GraftError => new GraftError({ where, what, next: "Make or download the zip again" });
  const content = async (): Promise<Blob> => {
    if (header.encrypted) throw new GraftError({ where, what: "it is locked with a password", next: "Unpack the zip and drop the folder" });
    if (header.method !== 0 && header.method !== 8) throw new GraftError({ where, what: `compression method ${header.method}`, wanted: "stored or deflated entries", next: "Unpack the zip and drop the folder" });
    const local = await viewOf(blob, header.offset, header.offset + localHeaderBytes);
    if (local.byteLength < localHeaderBytes || local.getUint32(0, true) !== localSignature) throw damaged("the entry is not where the zip's directory says");
    const start = header.offset + localHeaderBytes + local.getUint16(26, true) + local.getUint16(28, true);
    const data = blob.slice(start, start + header.compressedSize);
    if (data.size !== header.compressedSize || (header.method === 0 && data.size !== header.size)) throw damaged("the entry is cut off");
    return data;
  };
  const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const data = new Uint8Array(await (await content()).arrayBuffer());
    const whole = header.method === 0 ? data : inflate(data, header.size, damaged);
    if (crc32(whole) !== header.crc) throw damaged("its checksum does not match");
    return whole;
  };
  return {
    path: header.path,
    size: header.size,
    bytes,
    blob: async () => (header.method === 0 ? content() : new Blob([await bytes()])),
  };
}

const inflatedAtOnce = 2 ** 16;

/** Stops at the first byte beyond the declared size, whatever the data would go on to produce. */
function inflate(data: Uint8Array, size: number, damaged: (what: string) => GraftError): Uint8Array<ArrayBuffer> {
  const output = allocate(size, damaged);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (filled + chunk.length > size) throw damaged(`it unpacks to more than the ${size} bytes that the zip declares`);
    output.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (let at = 0; at < data.length || at === 0; at += inflatedAtOnce) stream.push(data.subarray(at, at + inflatedAtOnce), at + inflatedAtOnce >= data.length);
  } catch (error) {
    throw error instanceof GraftError ? error : damaged("its compressed data are damaged");
  }
  if (filled !== size) throw damaged(`it unpacks to ${filled} of the ${size} bytes that the zip declares`);
  return output;
}

function allocate(size: number, damaged: (what: string) => GraftError): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    throw damaged(`there is no memory for the ${megabytes(size)} that the zip declares`);
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function viewOf(blob: Blob, start: number, end: number): Promise<DataView<ArrayBuffer>> {
  return new DataView(await blob.slice(start, end).arrayBuffer());
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
}
