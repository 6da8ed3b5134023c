/** A CSV or TSV file as rows of equal length; what does not fit is left out and said. */
import { GraftError } from "../core/errors.ts";
import type { ColumnProfile, DataIssue, SourceFile, TablePreview } from "../protocol/data.ts";
import { delimiterNames, guessDelimiter, guessHeader, proposeMapping, sampleRecords, uniqueNames, type ColumnFigures } from "./columns.ts";
import { normaliseLineBreaks, readRecords, type CsvRecord } from "./csv.ts";
import { decodeText } from "./encoding.ts";
import { countListed, parseFlag, parseNumber } from "./label-cells.ts";
import { Pace, type JobOptions } from "./pace.ts";
import { likelyTask, proposeGeneration } from "./prompt-columns.ts";
import { counted, excerpt, listed } from "./wording.ts";

export interface Table {
  readonly fileName: string;
  readonly encoding: string;
  readonly delimiter: string;
  readonly hasHeader: boolean;
  readonly columns: readonly string[];
  /** Each as long as `columns`. */
  readonly rows: readonly (readonly string[])[];
  /** For each row: its 1-based number as a spreadsheet counts. */
  readonly rowNumbers: readonly number[];
  readonly issues: readonly DataIssue[];
}

const previewRows = 20;
/** What a column's values are like, so many of them show. */
const sampledValues = 2000;

/** @throws GraftError if the file is not a table of at least two columns, or one of quoted texts, and one sound row. */
export async function readTable({ path, blob }: SourceFile, options: JobOptions = {}): Promise<Table> {
  const fileName = path.slice(path.lastIndexOf("/") + 1);
  const decoded = await decodeText(blob, fileName, options);
  const text = await normaliseLineBreaks(decoded.text, new Pace(options));
  if (text.trim() === "") throw new GraftError({ where: fileName, what: "the file is empty", wanted: "a text column and a label column" });
  const delimiter = guessDelimiter(text) ?? (isColumn(text) ? "," : null);
  if (delimiter === null) {
    throw new GraftError({
      where: fileName,
      what: "no separator splits its rows into columns",
      wanted: "at least a text column and a label column, separated by commas, semicolons, tabs or |",
      next: "Save the sheet as CSV with both columns",
    });
  }
  const hasHeader = guessHeader(sampleRecords(text, delimiter));
  const { first, rows, rowNumbers, ragged, strayQuotes } = await readRows(text, delimiter, hasHeader, options);
  const expected = hasHeader ? `the header has ${first.length}` : `the first row has ${first.length}`;
  if (rows.length === 0) {
    const problem = ragged[0];
    throw new GraftError({
      where: problem ? `${fileName} row ${problem.row}` : fileName,
      what: problem ? `${counted(problem.cells.length, "column")}, ${expected}` : "there is a header and no row below it",
      wanted: "rows with as many columns as the first",
    });
  }
  return {
    fileName,
    encoding: decoded.encoding,
    delimiter,
    hasHeader,
    columns: uniqueNames(hasHeader ? first : first.map(() => "")),
    rows,
    rowNumbers,
    issues: [
      ...(ragged.length > 0 ? [raggedIssue(ragged, { fileName, expected, width: first.length, delimiter })] : []),
      ...(strayQuotes.length > 0 ? [strayQuoteIssue(strayQuotes, fileName)] : []),
      ...(decoded.encoding === "Windows-1252" ? [encodingIssue(fileName)] : []),
    ],
  };
}

/** Whether it is one column of quoted texts: without quotes, every text without a comma would be one. */
function isColumn(text: string): boolean {
  const rows = sampleRecords(text, ",");
  return rows.length > 1 && rows.every(({ length }) => length === 1) && text.includes('"');
}

interface ReadRows {
  /** The cells of the first record, header or not. */
  readonly first: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly rowNumbers: readonly number[];
  readonly ragged: readonly CsvRecord[];
  /** Sound rows that hold a quote which is opened and never closed. */
  readonly strayQuotes: readonly CsvRecord[];
}

async function readRows(text: string, delimiter: string, hasHeader: boolean, options: JobOptions): Promise<ReadRows> {
  const pace = new Pace(options);
  const rows: string[][] = [];
  const rowNumbers: number[] = [];
  const ragged: CsvRecord[] = [];
  const strayQuotes: CsvRecord[] = [];
  let first: readonly string[] | null = null;
  for (const { records, position } of readRecords(text, delimiter)) {
    for (const record of records) {
      if (first === null) {
        first = record.cells;
        if (hasHeader) continue;
      }
      const { length } = first;
      // Spreadsheets end rows with separators of columns that are empty throughout.
      while (record.cells.length > length && record.cells.at(-1) === "") record.cells.pop();
      if (record.cells.length !== length) ragged.push(record);
      else {
        rows.push(record.cells);
        rowNumbers.push(record.row);
        if (record.strayQuote) strayQuotes.push(record);
      }
    }
    pace.report("Reading rows", position, text.length);
    await pace.breathe();
  }
  return { first: first ?? [], rows, rowNumbers, ragged, strayQuotes };
}

/** @throws GraftError that names the columns, if it is none of them. */
export function columnIndex({ columns, fileName }: Table, name: string): number {
  const index = columns.indexOf(name);
  if (index === -1) throw new GraftError({ where: fileName, what: `there is no column "${name}"`, wanted: `one of ${listed(columns.map((column) => `"${column}"`), 10)}` });
  return index;
}

/** Column figures and the first rows, for choosing columns. */
export async function previewTable(table: Table, options: JobOptions = {}): Promise<TablePreview> {
  const figures = await columnFigures(table, options);
  const [proposed, proposedGeneration] = [proposeMapping(figures), proposeGeneration(figures)];
  return {
    fileName: table.fileName,
    encoding: table.encoding,
    delimiter: table.delimiter,
    hasHeader: table.hasHeader,
    columns: figures.map(({ name, distinctValues, filledCells, meanLength, numbers, isFlag, listedLabels }): ColumnProfile => ({ name, distinctValues, emptyCells: table.rows.length - filledCells, meanLength, numbers, isFlag, listedLabels })),
    rows: table.rows.slice(0, previewRows),
    rowCount: table.rows.length,
    proposed,
    proposedGeneration,
    likelyTask: likelyTask(figures, proposed, proposedGeneration),
  };
}

async function columnFigures({ columns, rows }: Table, options: JobOptions): Promise<ColumnFigures[]> {
  const pace = new Pace(options);
  const figures: ColumnFigures[] = [];
  for (const [column, name] of columns.entries()) {
    const distinct = new Set<string>();
    let filledCells = 0;
    let numbers = 0;
    let isFlag = true;
    let length = 0;
    for (const row of rows) {
      const cell = (row[column] as string).trim();
      length += cell.length;
      if (cell !== "") {
        filledCells++;
        distinct.add(cell);
        if (!Number.isNaN(parseNumber(cell))) numbers++;
        isFlag &&= parseFlag(cell) !== null;
      }
      if (pace.due) await pace.breathe();
    }
    pace.report("Looking at the columns", column + 1, columns.length);
    const values = [...distinct].slice(0, sampledValues);
    const { labels, lists } = countListed(values);
    const isWhole = values.every((value) => Number.isInteger(parseNumber(value)));
    figures.push({ name, distinctValues: distinct.size, filledCells, numbers, isFlag: isFlag && filledCells > 0, isWhole, listedLabels: labels, lists, meanLength: filledCells === 0 ? 0 : length / filledCells });
  }
  return figures;
}

/** `row 17`, and the line where quoted line breaks made that another number. */
function place({ row, line }: CsvRecord): string {
  return row === line ? `row ${row}` : `row ${row} (line ${line})`;
}

function raggedIssue(ragged: readonly CsvRecord[], { fileName, expected, width, delimiter }: { readonly fileName: string; readonly expected: string; readonly width: number; readonly delimiter: string }): DataIssue {
  const [first] = ragged as readonly [CsvRecord];
  const found = `${counted(first.cells.length, "column")}, ${expected}`;
  const advice = repairAdvice(first, width, delimiter);
  const message =
    ragged.length === 1
      ? `${fileName} ${place(first)}: ${found}, so it was left out. ${advice}`
      : `${fileName}: ${counted(ragged.length, "row")} do not have as many columns as the first and were left out: ${listed(ragged.map(place))}. The first of them has ${found}. ${advice}`;
  return { severity: "warning", kind: "ragged-row", message, count: ragged.length, items: [] };
}

function repairAdvice({ cells, strayQuote }: CsvRecord, width: number, delimiter: string): string {
  const separator = delimiterNames.get(delimiter) as string;
  if (strayQuote) return "It opens a quote that is never closed: close it, or double it if it belongs to the text.";
  if (cells.length < width) return "Add the missing value, or remove the row.";
  // A separator inside prose is followed by a space.
  const within = cells.findIndex((cell, i) => i > 0 && cell.startsWith(" "));
  return within > 0 ? `Quote the ${separator} in "${excerpt(cells.slice(within - 1, within + 1).join(delimiter))}".` : `Quote any value that holds a ${separator}.`;
}

function strayQuoteIssue(records: readonly CsvRecord[], fileName: string): DataIssue {
  const message = `${fileName}: ${counted(records.length, "row")} ${records.length === 1 ? "opens" : "open"} a quote that is never closed, so it was read as a plain character: ${listed(records.map(place))}.`;
  return { severity: "note", kind: "ragged-row", message, count: records.length, items: [] };
}

function encodingIssue(fileName: string): DataIssue {
  const message = `${fileName} is not UTF-8 and was read as Windows-1252 (Latin-1). If letters look wrong, save it as UTF-8.`;
  return { severity: "note", kind: "encoding", message, count: 1, items: [] };
}
