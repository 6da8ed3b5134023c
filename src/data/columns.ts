/**
 * Guesses about a table that a person can correct: what separates its columns, whether its first row names them, and which
 * of them hold the texts and the labels.
 */
import type { ClassificationColumns } from "../protocol/data.ts";
import { readRecords } from "./csv.ts";

/** In order of preference: a comma is common in prose, a tab is not. */
export const delimiterNames: ReadonlyMap<string, string> = new Map([
  ["\t", "tab"],
  ["|", "bar"],
  [";", "semicolon"],
  [",", "comma"],
]);

const sampleLength = 2 ** 16;
const sampleRows = 200;

/** The first records, for guessing. */
export function sampleRecords(text: string, delimiter: string): string[][] {
  let sample = text.slice(0, sampleLength);
  if (sample.length < text.length) sample = sample.slice(0, sample.lastIndexOf("\n") + 1 || undefined);
  const rows: string[][] = [];
  for (const { records } of readRecords(sample, delimiter)) {
    for (const { cells } of records) if (rows.push(cells) >= sampleRows) return rows;
  }
  return rows;
}

/** Prose has separators too, but not equally many in each line. */
const leastShare = 0.3;

/** The one under which most of the first rows have as many columns as the very first, and more than one; null if too few have. */
export function guessDelimiter(text: string): string | null {
  let best: { readonly delimiter: string; readonly share: number } | null = null;
  for (const delimiter of delimiterNames.keys()) {
    const rows = sampleRecords(text, delimiter);
    const width = rows[0]?.length ?? 0;
    if (width < 2) continue;
    const share = rows.filter((row) => row.length >= width && row.slice(width).every((cell) => cell === "")).length / rows.length;
    if (share >= leastShare && (best === null || share > best.share)) best = { delimiter, share };
  }
  return best?.delimiter ?? null;
}

const knownNames = new Set("text label class category sentence review message tweet comment content body title name id index sentiment target emotion intent topic split v1 v2 prompt completion instruction response".split(" "));
/** Whether a row has a name that columns often have. */
export const hasKnownName = (row: readonly string[]): boolean => row.some((cell) => knownNames.has(cell.trim().toLowerCase()));
const isNumber = (cell: string): boolean => cell.trim() !== "" && Number.isFinite(Number(cell));

/**
 * Whether the first row names the columns. In this order:
 * 1. A cell is a name that columns often have (text, label, ...): yes.
 * 2. A cell is a number: no. A cell stands over numbers only, and is none: yes.
 * 3. A cell comes again below, in a column of few values: it is a label, so no.
 * 4. All cells look like names: at most four words, and the longest column's texts are at least twice as long: yes; else no.
 */
export function guessHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, ...others] = rows;
  if (!first) return false;
  if (hasKnownName(first)) return true;
  if (others.length === 0) return false;
  if (first.some(isNumber)) return false;
  const columns = first.map((_, column) => others.map((row) => row[column] ?? "").filter((cell) => cell !== ""));
  if (columns.some((cells) => cells.length > 0 && cells.every(isNumber))) return true;
  if (columns.some((cells, column) => new Set(cells).size <= cells.length / 2 && cells.includes(first[column] as string))) return false;
  if (first.some((cell) => cell.trim().split(/\s+/).length > 4)) return false;
  const meanLengths = columns.map((cells) => cells.reduce((sum, cell) => sum + cell.length, 0) / Math.max(1, cells.length));
  const longest = meanLengths.indexOf(Math.max(...meanLengths));
  return (first[longest] as string).length * 2 <= (meanLengths[longest] as number);
}

/** `Column 2` for an empty name, `text 2` for the second `text`. */
export function uniqueNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  return header.map((cell, column) => {
    const wanted = cell.replace(/\s+/g, " ").trim() || `Column ${column + 1}`;
    let name = wanted;
    for (let copy = 2; taken.has(name); copy++) name = `${wanted} ${copy}`;
    taken.add(name);
    return name;
  });
}

export interface ColumnFigures {
  readonly name: string;
  readonly distinctValues: number;
  readonly filledCells: number;
  readonly numbers: number;
  /** All filled cells say 0 or 1. */
  readonly isFlag: boolean;
  /** All filled cells are whole numbers. */
  readonly isWhole: boolean;
  /** Different labels, and different cells with several, if cells are read as lists. */
  readonly listedLabels: number;
  readonly lists: number;
  readonly meanLength: number;
}

const labelName = /^(label|class|category|sentiment|target|emotion|intent|topic|tag|score|rating|similarity|v1)s?$/i;
/** Second text of a pair, by the first's name. */
const pairNames: readonly (readonly [first: RegExp, second: RegExp])[] = [
  [/^premise$/i, /^hypothesis$/i],
  [/^question$/i, /^(answer|sentence|passage|context)$/i],
  [/^query$/i, /^(passage|document|text)$/i],
  [/^(text|sentence|question|q|s|phrase|document|passage)[ _-]?[1a]$/i, /^(text|sentence|question|q|s|phrase|document|passage)[ _-]?[2b]$/i],
];
/** Whole numbers with more different values than this are rather amounts than classes. */
const mostWholeClasses = 20;

/** Text: long and varied. Label: few values that come again and again; a column that is called a label is preferred. */
export function proposeMapping(columns: readonly ColumnFigures[]): ClassificationColumns {
  const best = (candidates: readonly ColumnFigures[], score: (column: ColumnFigures) => number): ColumnFigures | undefined =>
    candidates.reduce<ColumnFigures | undefined>((winner, column) => (winner === undefined || score(column) > score(winner) ? column : winner), undefined);
  const isNumeric = ({ filledCells, numbers }: ColumnFigures): boolean => filledCells > 0 && numbers === filledCells;

  const longest = best(columns, (column) => (isNumeric(column) ? 0 : (column.meanLength * column.distinctValues) / Math.max(1, column.filledCells)));
  const [text, secondText] = pairOf(columns, longest);
  const others = columns.filter((column) => column !== text && column !== secondText);
  const flags = others.filter(({ isFlag }) => isFlag);
  const label = best(others, (column) => {
    const { name, distinctValues, filledCells } = column;
    const repeats = distinctValues >= 2 && distinctValues <= Math.max(2, filledCells / 2);
    if (labelName.test(name) && (isAmount(column) || isList(column))) return 2;
    if (!repeats) return -distinctValues;
    return (labelName.test(name) ? 2 : 1) + 1 / distinctValues;
  });
  const texts = { text: text?.name ?? "", ...(secondText && { secondText: secondText.name }) };
  if (flags.length > 1 && !(label && labelName.test(label.name))) return { ...texts, label: flags.map(({ name }) => name), target: "multi-label" };
  const mapping = { ...texts, label: label?.name ?? "" };
  if (label && isAmount(label)) return { ...mapping, target: "regression" };
  if (label && isList(label)) return { ...mapping, target: "multi-label" };
  return mapping;
}

/** Numbers of which there are many different ones, or with fractions. */
function isAmount({ numbers, filledCells, distinctValues, isWhole }: ColumnFigures): boolean {
  return filledCells > 0 && numbers === filledCells && distinctValues > 2 && (!isWhole || distinctValues > mostWholeClasses);
}

/** Cells with several labels, which come again in others. */
function isList({ lists, listedLabels, distinctValues }: ColumnFigures): boolean {
  return lists > 1 && listedLabels >= 2 && listedLabels < distinctValues;
}

/** The texts that belong together by their names, the one that was found among them; else it alone. */
function pairOf(columns: readonly ColumnFigures[], found: ColumnFigures | undefined): readonly [ColumnFigures | undefined, ColumnFigures?] {
  for (const [first, second] of pairNames) {
    for (const column of columns) {
      const match = first.exec(column.name);
      const partner = match && columns.find((candidate) => candidate !== column && second.test(candidate.name) && (match[1] === undefined || second.exec(candidate.name)?.[1] === match[1]));
      const areTexts = partner && [column, partner].every(({ numbers, filledCells }) => numbers < filledCells);
      if (areTexts && (column === found || partner === found)) return [column, partner];
    }
  }
  return [found];
}
