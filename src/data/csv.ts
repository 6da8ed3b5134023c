/**
 * CSV records out of a long text, a piece at a time, each with the row and line where it starts. Papa Parse reads the
 * records; what it would let a stray quote swallow is given back line by line.
 */
import Papa from "papaparse";
import type { Pace } from "./pace.ts";

export interface CsvRecord {
  readonly cells: string[];
  /** 1-based, as a spreadsheet counts: blank rows too, and a quoted line break starts no row. */
  readonly row: number;
  /** 1-based line of the file where the record starts. */
  readonly line: number;
  /** A quote in this line is opened and not closed where it should be; the line was split with quotes as plain characters. */
  readonly strayQuote: boolean;
}

interface ParsedPiece {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row: number }[];
  readonly meta: { readonly cursor: number };
}

const pieceLength = 2 ** 18;
/** A record longer than this is a quote that is never closed. */
const longestRecord = 2 ** 20;
/** A file with more stray quotes than this does not use quotes for quoting. */
const strayQuotesBelieved = 100;

/** Every line break as \n, which is also how line breaks inside cells come out. A piece at a time, with a breath between. */
export async function normaliseLineBreaks(text: string, pace: Pace): Promise<string> {
  if (!text.includes("\r")) return text;
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = start + pieceLength;
    // \r\n stays in one piece.
    if (text[end - 1] === "\r") end++;
    pieces.push(text.slice(start, end).replace(/\r\n?/g, "\n"));
    start = end;
    await pace.breathe();
  }
  return pieces.join("");
}

/**
 * Yields what one piece of the text holds, without blank rows, and how far it came.
 * @param text with \n as its line breaks.
 */
export function* readRecords(text: string, delimiter: string): Generator<{ readonly records: CsvRecord[]; readonly position: number }> {
  let position = 0;
  let row = 1;
  let line = 1;
  let strayQuotes = 0;
  let length = pieceLength;
  while (position < text.length) {
    const piece = text.slice(position, position + length);
    const isLast = position + length >= text.length;
    const literal = strayQuotes > strayQuotesBelieved;
    const { rows, consumed, stray } = soundRows(piece, { delimiter, isLast, literal });
    if (consumed === 0 && stray === false && length < longestRecord) {
      length *= 2;
      continue;
    }
    const records: CsvRecord[] = [];
    const take = (cells: string[], strayQuote: boolean): void => {
      if (cells.length > 1 || cells[0] !== "") records.push({ cells, row, line, strayQuote });
      row++;
      line += 1 + lineBreaksIn(cells);
    };
    for (const cells of rows) take(cells, false);
    position += consumed;
    if (stray || consumed === 0) {
      strayQuotes++;
      const end = text.indexOf("\n", position);
      const physicalLine = text.slice(position, end === -1 ? undefined : end);
      take(physicalLine.split(delimiter), true);
      position += physicalLine.length + 1;
    }
    length = pieceLength;
    yield { records, position: Math.min(position, text.length) };
  }
}

interface PieceOptions {
  readonly delimiter: string;
  readonly isLast: boolean;
  readonly literal: boolean;
}

/** The rows before the first stray quote, if there is one, and the characters they take. */
function soundRows(piece: string, { delimiter, isLast, literal }: PieceOptions): { readonly rows: string[][]; readonly consumed: number; readonly stray: boolean } {
  // Papa Parse's fast mode knows no quotes; left undefined, it chooses by whether the piece has any.
  const parse = (preview: number): ParsedPiece => new Papa.Parser({ delimiter, newline: "\n", fastMode: literal || undefined, preview }).parse(piece, 0, !isLast) as ParsedPiece;
  const { data, errors, meta } = parse(0);
  const stray = errors.find(({ code, row }) => code === "MissingQuotes" || (row < data.length && lineBreaksIn(data[row] as string[]) > 0));
  if (!stray) {
    // Text that ends with a line break has no row after it.
    if (isLast && piece.endsWith("\n") && data.at(-1)?.join("") === "" && data.at(-1)?.length === 1) data.pop();
    return { rows: data, consumed: isLast ? piece.length : meta.cursor, stray: false };
  }
  return { rows: data.slice(0, stray.row), consumed: stray.row === 0 ? 0 : parse(stray.row).meta.cursor, stray: true };
}

function lineBreaksIn(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) for (let at = cell.indexOf("\n"); at !== -1; at = cell.indexOf("\n", at + 1)) count++;
  return count;
}
