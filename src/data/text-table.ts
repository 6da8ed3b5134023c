/** From a table whose columns are named to a data set of texts: what a row without a text, a label or a number costs, and what is said of it. */
import { GraftError } from "../core/errors.ts";
import { labelColumns } from "../core/label-columns.ts";
import type { ClassificationColumns, DataIssue } from "../protocol/data.ts";
import { guessSeparator, parseFlag, parseNumber, splitLabels } from "./label-cells.ts";
import { Pace, type JobOptions } from "./pace.ts";
import { columnIndex, type Table } from "./table.ts";
import { ClassTextDataset, LabelTextDataset, NumberTextDataset, type NumberItem, type TaggedItem, type TextDataset, type TextItem } from "./text-dataset.ts";
import { counted, excerpt, listed } from "./wording.ts";

/** Between the two texts of a pair where both are one value; no text holds it. */
const pairMark = "\u0000";
const mostLabels = 200;

/** @throws GraftError if the columns are not in the table, are the same, or do not hold what is to be predicted. */
export async function datasetFromTable(table: Table, mapping: ClassificationColumns, options: JobOptions = {}): Promise<TextDataset> {
  const { fileName, rows } = table;
  const target = mapping.target ?? "single-label";
  const names = [mapping.text, ...(mapping.secondText === undefined ? [] : [mapping.secondText]), ...labelColumns(mapping)];
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new GraftError({ where: fileName, what: `"${repeated}" is ${repeated === mapping.text && labelColumns(mapping).includes(repeated) ? "both the text and the label column" : "chosen more than once"}`, wanted: "a different column for each" });
  for (const name of names) columnIndex(table, name);
  if (target !== "multi-label" && typeof mapping.label !== "string") throw new GraftError({ where: fileName, what: `${counted(mapping.label.length, "label column")} for ${target === "regression" ? "one number" : "one class"} a row`, wanted: "one label column", next: "Predict several labels, or choose one column" });
  const read = await readTexts(table, mapping, options);
  switch (target) {
    case "single-label":
      return classes(table, mapping, read);
    case "multi-label":
      return typeof mapping.label === "string" ? listedLabels(table, mapping, read) : flagged(table, mapping, read);
    case "regression":
      return numbers(table, mapping, read, rows.length);
  }
}

interface ReadText {
  readonly item: Omit<TextItem, "label">;
  readonly row: readonly string[];
}

interface ReadTexts {
  readonly texts: readonly ReadText[];
  readonly issues: readonly DataIssue[];
}

/** The rows that have their texts, and of one class or number also a label. */
async function readTexts(table: Table, mapping: ClassificationColumns, options: JobOptions): Promise<ReadTexts> {
  const { fileName, rows, rowNumbers } = table;
  const wanted = [mapping.text, ...(mapping.secondText === undefined ? [] : [mapping.secondText])];
  const needed = (mapping.target ?? "single-label") === "multi-label" ? wanted : [...wanted, ...labelColumns(mapping)];
  const textColumns = wanted.map((name) => columnIndex(table, name));
  const neededColumns = needed.map((name) => columnIndex(table, name));
  const pace = new Pace(options);
  const texts: ReadText[] = [];
  const empty: string[] = [];
  for (const [i, row] of rows.entries()) {
    const name = `row ${rowNumbers[i]}`;
    if (neededColumns.some((column) => cellOf(row, column) === "")) empty.push(name);
    else {
      const [text, secondText] = textColumns.map((column) => cellOf(row, column)) as [string, string?];
      texts.push({ item: { name, content: secondText === undefined ? text : `${text}${pairMark}${secondText}`, folder: null, text, ...(secondText !== undefined && { secondText }) }, row });
    }
    if (pace.due) {
      pace.report("Reading the examples", i, rows.length);
      await pace.breathe();
    }
  }
  pace.report("Reading the examples", rows.length, rows.length);
  if (texts.length === 0) throw new GraftError({ where: fileName, what: `no row has ${needed.length === 2 ? "both " : ""}a ${listed(needed.map((column) => `"${column}"`), 10).replaceAll(' and "', ' and a "')}`, next: "Choose other columns" });
  return { texts, issues: [...table.issues, ...emptyCellIssue(empty, fileName, needed)] };
}

function classes(table: Table, mapping: ClassificationColumns, { texts, issues }: ReadTexts): TextDataset {
  const { fileName } = table;
  const [name] = labelColumns(mapping) as [string];
  const column = columnIndex(table, name);
  const items = texts.map(({ item, row }): TextItem => ({ ...item, label: cellOf(row, column) }));
  const labels = new Set(items.map(({ label }) => label)).size;
  // A column of names, numbers or texts, taken for labels.
  if (labels > 20 && labels > items.length / 2) {
    const areNumbers = items.every(({ label }) => !Number.isNaN(parseNumber(label)));
    throw new GraftError({ where: `${fileName}, column "${name}"`, what: `${counted(labels, "different value")} in ${counted(items.length, "row")}`, wanted: "a few labels that come again and again", next: areNumbers ? "Predict a number instead, or choose another label column" : "Choose another label column" });
  }
  return new ClassTextDataset(fileName, items, issues, mapping);
}

function listedLabels(table: Table, mapping: ClassificationColumns, { texts, issues }: ReadTexts): TextDataset {
  const [name] = labelColumns(mapping) as [string];
  const column = columnIndex(table, name);
  const separator = guessSeparator(texts.map(({ row }) => cellOf(row, column)));
  const items = texts.map(({ item, row }): TaggedItem => tagged(item, splitLabels(cellOf(row, column), separator)));
  const labels = new Set(items.flatMap((item) => item.labels));
  if (labels.size > mostLabels) throw new GraftError({ where: `${table.fileName}, column "${name}"`, what: `${counted(labels.size, "different label")} in ${counted(items.length, "row")}`, wanted: `at most ${mostLabels} that come again and again, with ; | or , between them`, next: "Choose another label column" });
  return new LabelTextDataset(table.fileName, items, issues, mapping);
}

function flagged(table: Table, mapping: ClassificationColumns, { texts, issues }: ReadTexts): TextDataset {
  const names = labelColumns(mapping);
  const columns = names.map((name) => columnIndex(table, name));
  const items: TaggedItem[] = [];
  const odd: string[] = [];
  for (const { item, row } of texts) {
    const flags = columns.map((column) => parseFlag(cellOf(row, column)));
    const wrong = flags.indexOf(null);
    if (wrong === -1) items.push(tagged(item, names.filter((_, i) => flags[i])));
    else odd.push(`${item.name} ("${excerpt(cellOf(row, columns[wrong] as number), 20)}" in "${names[wrong]}")`);
  }
  if (items.length === 0) throw new GraftError({ where: table.fileName, what: `no row says 0 or 1 in each of ${listed(names.map((name) => `"${name}"`))}; the first is ${odd[0]}`, wanted: "0 or 1, yes or no, true or false", next: "Choose other label columns" });
  const message = `${table.fileName}: ${odd.length === 1 ? "1 row says" : `${counted(odd.length, "row")} say`} neither 0 nor 1 in a label column and ${odd.length === 1 ? "was" : "were"} left out: ${listed(odd)}.`;
  return new LabelTextDataset(table.fileName, items, [...issues, ...(odd.length === 0 ? [] : [{ severity: "warning", kind: "no-number", message, count: odd.length, items: [] } as const])], mapping);
}

function numbers(table: Table, mapping: ClassificationColumns, { texts, issues }: ReadTexts, rowCount: number): TextDataset {
  const [name] = labelColumns(mapping) as [string];
  const column = columnIndex(table, name);
  const items: NumberItem[] = [];
  const odd: string[] = [];
  for (const { item, row } of texts) {
    const label = cellOf(row, column);
    const value = parseNumber(label);
    if (Number.isNaN(value)) odd.push(`${item.name} ("${excerpt(label, 20)}")`);
    else items.push({ ...item, label, value });
  }
  if (odd.length > items.length) throw new GraftError({ where: `${table.fileName}, column "${name}"`, what: `${counted(odd.length, "cell")} of ${rowCount.toLocaleString("en")} ${odd.length === 1 ? "is no number" : "are no numbers"}: ${listed(odd)}`, wanted: "a number in each row", next: "Choose another label column, or predict a class" });
  const message = `${table.fileName}: ${odd.length === 1 ? "1 row has" : `${counted(odd.length, "row")} have`} no number in "${name}" and ${odd.length === 1 ? "was" : "were"} left out: ${listed(odd)}.`;
  return new NumberTextDataset(table.fileName, items, [...issues, ...(odd.length === 0 ? [] : [{ severity: "warning", kind: "no-number", message, count: odd.length, items: [] } as const])], mapping);
}

function tagged(item: ReadText["item"], labels: readonly string[]): TaggedItem {
  return { ...item, labels, label: labels.join(", ") };
}

function cellOf(row: readonly string[], column: number): string {
  return (row[column] as string).trim();
}

function emptyCellIssue(rows: readonly string[], fileName: string, columns: readonly string[]): DataIssue[] {
  if (rows.length === 0) return [];
  const named = columns.map((column) => `"${column}"`);
  const which = named.length === 1 ? named.join() : `${named.slice(0, -1).join(", ")} or ${named.at(-1)}`;
  const message = `${fileName}: ${rows.length === 1 ? "1 row has" : `${counted(rows.length, "row")} have`} an empty ${which} and ${rows.length === 1 ? "was" : "were"} left out: ${listed(rows)}.`;
  return [{ severity: "warning", kind: "empty-cell", message, count: rows.length, items: [] }];
}
