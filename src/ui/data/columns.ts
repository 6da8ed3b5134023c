/** What to say of a table and of a choice of columns before it is confirmed. */
import { assertNever } from "../../core/errors.ts";
import { labelColumns } from "../../core/label-columns.ts";
import { targetOf, type ClassificationColumns, type ColumnMapping, type ColumnProfile, type GenerationColumns, type TablePreview } from "../../protocol/data.ts";
import type { TextTarget } from "../../protocol/recipe.ts";
import { formatCount, formatPlural } from "../primitives/format.ts";

const delimiters: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces" };

/** `5,572 rows, 3 columns, UTF-8, separated by commas` */
export function describeTable({ rowCount, columns, encoding, delimiter, hasHeader }: TablePreview): string {
  const parts = [formatPlural(rowCount, "row"), formatPlural(columns.length, "column"), encoding, `separated by ${delimiters[delimiter] ?? `“${delimiter}”`}`];
  if (!hasHeader) parts.push("no header row, so the columns are numbered");
  return parts.join(", ");
}

/** What matters of a column in its role: `2 different values, none empty` for a class, `79 characters on average, 3 empty` for a text. */
export function describeColumn({ columns, rowCount }: TablePreview, name: string, role: "text" | TextTarget): string {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return "";
  const { emptyCells, meanLength, distinctValues, listedLabels, numbers } = column;
  const empty = emptyCells === 0 ? "none empty" : `${formatCount(emptyCells)} empty`;
  switch (role) {
    case "text":
      return `${formatCount(Math.round(meanLength))} characters on average, ${empty}`;
    case "single-label":
      return `${formatPlural(distinctValues, "different value")}, ${empty}`;
    case "multi-label":
      return `${formatPlural(listedLabels, "different label")}, ${emptyCells === 0 ? "none empty" : `${formatCount(emptyCells)} without any`}`;
    case "regression":
      return `${formatCount(numbers)} of ${formatPlural(rowCount, "row")} hold a number`;
    default:
      return assertNever(role);
  }
}

export interface Doubt {
  readonly message: string;
  /** Whether the choice cannot be used at all. */
  readonly blocks: boolean;
}

/** Why a choice of columns is probably not what was meant, or null. */
export function doubtAbout({ columns, rowCount }: TablePreview, mapping: ClassificationColumns): Doubt | null {
  const { text, secondText } = mapping;
  const labels = labelColumns(mapping);
  const block = (message: string): Doubt => ({ message, blocks: true });
  if (labels.length === 0) return block("No label column is chosen. Choose at least one.");
  if (secondText === text) return block(`“${text}” is both the first and the second text. Choose two different columns.`);
  const both = labels.find((label) => label === text || label === secondText);
  if (both !== undefined) return block(`“${both}” is both the text and the label. Choose two different columns.`);
  const chosen = columns.filter(({ name }) => labels.includes(name));
  const [column] = chosen;
  if (column === undefined) return null;
  switch (targetOf(mapping)) {
    case "single-label":
      return doubtAboutClasses(column, rowCount);
    case "multi-label": {
      const odd = typeof mapping.label === "string" ? undefined : chosen.find(({ isFlag }) => !isFlag);
      if (odd) return { message: `“${odd.name}” does not say 0 or 1 in every row. Rows that say something else are left out.`, blocks: odd.listedLabels > 20 };
      if (typeof mapping.label === "string" && column.listedLabels === 0) return block(`“${column.name}” holds texts, no lists of labels. Choose the column that holds them, with ; | or , between.`);
      return null;
    }
    case "regression":
      if (column.numbers <= rowCount / 2) return block(`“${column.name}” holds a number in only ${formatCount(column.numbers)} of ${formatPlural(rowCount, "row")}. Choose the column that holds the numbers, or predict a class.`);
      return column.distinctValues < 2 ? block(`“${column.name}” has the same number in every row, so there is nothing to predict.`) : null;
  }
}

function doubtAboutClasses({ name, distinctValues, numbers, emptyCells }: ColumnProfile, rowCount: number): Doubt | null {
  if (distinctValues < 2) return { message: `“${name}” has the same value in every row, so there is nothing to tell apart. Choose the column that holds the classes.`, blocks: true };
  if (distinctValues > 50 && distinctValues > rowCount / 10) {
    const question = numbers === rowCount - emptyCells ? "Is it a number to predict?" : "Is it the right one?";
    return { message: `“${name}” has ${formatCount(distinctValues)} different values in ${formatCount(rowCount)} rows. A label column usually repeats a few. ${question}`, blocks: false };
  }
  return null;
}

/** The same of a choice for learning to write. */
export function doubtAboutWriting({ prompt, completion }: GenerationColumns): Doubt | null {
  return prompt === completion ? { message: `“${completion}” is both the prompt and what is written after it. Choose two different columns, or no prompt.`, blocks: true } : null;
}

/** What a column is for, in a word, or null. */
export function roleOf(mapping: ColumnMapping, column: string): "Text" | "Second text" | "Label" | "Number" | "Prompt" | "Written" | null {
  if ("completion" in mapping) return column === mapping.completion ? "Written" : column === mapping.prompt ? "Prompt" : null;
  if (column === mapping.text) return "Text";
  if (column === mapping.secondText) return "Second text";
  return !labelColumns(mapping).includes(column) ? null : targetOf(mapping) === "regression" ? "Number" : "Label";
}

/** The same columns, for another target; what the columns are by themselves is the default. */
export function withTarget(preview: TablePreview, mapping: ClassificationColumns, target: TextTarget): ClassificationColumns {
  const { columns, proposed } = preview;
  if (target === targetOf(proposed)) return { ...mapping, label: proposed.label, target };
  const taken = new Set([mapping.text, mapping.secondText]);
  const free = columns.filter(({ name }) => !taken.has(name));
  const [current] = labelColumns(mapping);
  const fits = ({ numbers }: ColumnProfile): boolean => target !== "regression" || numbers > preview.rowCount / 2;
  const label = free.find((column) => column.name === current && fits(column)) ?? free.find(fits) ?? free[0];
  return { ...mapping, label: label?.name ?? current ?? "", target };
}
