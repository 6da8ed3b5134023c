/** Bytes to text, in whatever encoding a spreadsheet saved them: UTF-8, UTF-16 or Windows-1252. */
import { GraftError } from "../core/errors.ts";
import { Pace, type JobOptions } from "./pace.ts";

export interface DecodedText {
  readonly text: string;
  /** As a person knows it: `UTF-8`, `UTF-8 with BOM`, `UTF-16 LE`, `Windows-1252`. */
  readonly encoding: string;
}

const pieceBytes = 4 * 2 ** 20;
const sampleBytes = 64 * 2 ** 10;
/** V8's longest string has a little over half a billion characters. */
const longestTextBytes = 500_000_000;
/** Share of bytes that no text in Windows-1252 has; compressed data has ten times as many. */
const mostControls = 0.01;
/** All but tab, line breaks, form feed and escape. */
const isControl = (byte: number): boolean => byte < 32 && !(byte >= 9 && byte <= 13) && byte !== 27;

/**
 * A byte order mark decides; else zeros in every other byte mean UTF-16; else valid UTF-8 is UTF-8; else it is Windows-1252,
 * which is what Latin-1 means in practice. Decoded piece by piece, so that 200 MB never stand twice in memory.
 * @throws GraftError if the bytes are not text, or too many.
 */
export async function decodeText(blob: Blob, name: string, options: JobOptions = {}): Promise<DecodedText> {
  if (blob.size > longestTextBytes) throw new GraftError({ where: name, what: `${Math.round(blob.size / 1e6)} MB of text`, wanted: "at most 500 MB", next: "Split the file" });
  const sample = new Uint8Array(await blob.slice(0, sampleBytes).arrayBuffer());
  const found = markedEncoding(sample) ?? unmarkedUtf16(sample);
  const noText = (): GraftError => new GraftError({ where: name, what: "the file is not text", wanted: "a CSV or TSV file, or plain text", next: "Export the table as CSV, or the document as text, and drop that" });
  if (!found && sample.includes(0)) throw noText();
  if (found) return { text: await decodePieces(blob, found.label, name, options), encoding: found.encoding };
  try {
    return { text: await decodePieces(blob, "utf-8", name, options, true), encoding: "UTF-8" };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (sample.filter(isControl).length > mostControls * sample.length) throw noText();
    return { text: await decodePieces(blob, "windows-1252", name, options), encoding: "Windows-1252" };
  }
}

/** @throws TypeError if `fatal` and a byte does not fit. What a byte order mark declares is read with replacement characters. */
async function decodePieces(blob: Blob, label: string, name: string, options: JobOptions, fatal = false): Promise<string> {
  const pace = new Pace(options);
  const decoder = new TextDecoder(label, { fatal });
  const pieces: string[] = [];
  for (let start = 0; start < blob.size; start += pieceBytes) {
    await pace.breathe();
    pieces.push(decoder.decode(await blob.slice(start, start + pieceBytes).arrayBuffer(), { stream: true }));
    pace.report(`Reading ${name}`, Math.min(blob.size, start + pieceBytes), blob.size);
  }
  pace.check();
  pieces.push(decoder.decode());
  return pieces.join("");
}

interface Found {
  readonly label: string;
  readonly encoding: string;
}

function markedEncoding(bytes: Uint8Array): Found | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { label: "utf-8", encoding: "UTF-8 with BOM" };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { label: "utf-16le", encoding: "UTF-16 LE" };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { label: "utf-16be", encoding: "UTF-16 BE" };
  return null;
}

/** Mostly Latin text in UTF-16 has a zero in nearly every other byte, on one side only. */
function unmarkedUtf16(bytes: Uint8Array): Found | null {
  const zeros = [0, 0] as [number, number];
  bytes.forEach((byte, i) => {
    if (byte === 0) zeros[(i % 2) as 0 | 1]++;
  });
  const pairs = Math.floor(bytes.length / 2);
  const isMany = (count: number): boolean => pairs > 4 && count > pairs * 0.4;
  const isFew = (count: number): boolean => count < pairs * 0.1;
  if (isMany(zeros[1]) && isFew(zeros[0])) return { label: "utf-16le", encoding: "UTF-16 LE" };
  if (isMany(zeros[0]) && isFew(zeros[1])) return { label: "utf-16be", encoding: "UTF-16 BE" };
  return null;
}
