/** What to say of a table and of a choice of columns before it is confirmed. */
import type { ClassificationColumns, ColumnMapping, GenerationColumns, TablePreview } from "../../protocol/data.ts";
import { formatCount, formatPlural } from "../primitives/format.ts";

const delimiters: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces" };

/** `5,572 rows, 3 columns, UTF-8, separated by commas` */
export function describeTable({ rowCount, columns, encoding, delimiter, hasHeader }: TablePreview): string {
  const parts = [formatPlural(rowCount, "row"), formatPlural(columns.length, "column"), encoding, `separated by ${delimiters[delimiter] ?? `“${delimiter}”`}`];
  if (!hasHeader) parts.push("no header row, so the columns are numbered");
  return parts.join(", ");
}

/** `2 different values, none empty` for a label; `79 characters on average, 3 empty` for a text. */
export function describeColumn({ columns }: TablePreview, name: string, role: "text" | "label"): string {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return "";
  const empty = column.emptyCells === 0 ? "none empty" : `${formatCount(column.emptyCells)} empty`;
  return role === "text" ? `${formatCount(Math.round(column.meanLength))} characters on average, ${empty}` : `${formatPlural(column.distinctValues, "different value")}, ${empty}`;
}

export interface Doubt {
  readonly message: string;
  /** Whether the choice cannot be used at all. */
  readonly blocks: boolean;
}

/** Why a choice of columns is probably not what was meant, or null. */
export function doubtAbout({ columns, rowCount }: TablePreview, { text, label }: ClassificationColumns): Doubt | null {
  if (text === label) return { message: `“${text}” is both the text and the label. Choose two different columns.`, blocks: true };
  const column = columns.find(({ name }) => name === label);
  if (column === undefined) return null;
  if (column.distinctValues < 2) return { message: `“${label}” has the same value in every row, so there is nothing to tell apart. Choose the column that holds the classes.`, blocks: true };
  if (column.distinctValues > 50 && column.distinctValues > rowCount / 10)
    return { message: `“${label}” has ${formatCount(column.distinctValues)} different values in ${formatCount(rowCount)} rows. A label column usually repeats a few. Is it the right one?`, blocks: false };
  return null;
}

/** The same of a choice for learning to write. */
export function doubtAboutWriting({ prompt, completion }: GenerationColumns): Doubt | null {
  return prompt === completion ? { message: `“${completion}” is both the prompt and what is written after it. Choose two different columns, or no prompt.`, blocks: true } : null;
}

/** What a column is for, in a word, or null. */
export function roleOf(mapping: ColumnMapping, column: string): "Text" | "Label" | "Prompt" | "Written" | null {
  if ("completion" in mapping) return column === mapping.completion ? "Written" : column === mapping.prompt ? "Prompt" : null;
  return column === mapping.text ? "Text" : column === mapping.label ? "Label" : null;
}
