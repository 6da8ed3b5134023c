/** What the page knows of a data set: counts, issues and pages of items. The examples themselves stay in the worker. */
import type { TaskId, TextTarget } from "./recipe.ts";

export type Split = "train" | "validation" | "test";

/** A dropped or chosen file; `path` is relative to what was dropped, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly blob: Blob;
}

/**
 * Many files, a part at a time: the part from the given place on, empty at the end. Handing thousands of files to a worker
 * in one message keeps the page busy for seconds.
 */
export type FileParts = (from: number) => readonly SourceFile[] | Promise<readonly SourceFile[]>;

export interface ColumnProfile {
  readonly name: string;
  readonly distinctValues: number;
  readonly emptyCells: number;
  readonly meanLength: number;
  /** Filled cells that are numbers. */
  readonly numbers: number;
  /** Whether every filled cell says 0 or 1. */
  readonly isFlag: boolean;
  /** Different labels, if the cells are read as lists of them. */
  readonly listedLabels: number;
}

export interface TablePreview {
  readonly fileName: string;
  readonly encoding: string;
  readonly delimiter: string;
  readonly hasHeader: boolean;
  readonly columns: readonly ColumnProfile[];
  /** The first rows, cut to the number of columns. */
  readonly rows: readonly (readonly string[])[];
  readonly rowCount: number;
  /** Our guess; the person decides. */
  readonly proposed: ClassificationColumns;
  /** The same for learning to write. */
  readonly proposedGeneration: GenerationColumns;
  /** What such a table is most likely for. */
  readonly likelyTask: "text-classification" | "text-generation";
}

export interface ClassificationColumns {
  readonly text: string;
  /** Read together with the first. */
  readonly secondText?: string | undefined;
  /** A list: columns of 0 and 1, one for each label. */
  readonly label: string | readonly string[];
  /** One class a row where it is not said. */
  readonly target?: TextTarget | undefined;
}

export function targetOf(columns: ColumnMapping | undefined): TextTarget {
  return classificationColumns(columns)?.target ?? "single-label";
}

/** The columns, if what is learned from them is to answer, not to write. */
export function classificationColumns(columns: ColumnMapping | undefined): ClassificationColumns | undefined {
  return columns && "label" in columns ? columns : undefined;
}

export interface GenerationColumns {
  /** Without it, the completion column holds whole texts. */
  readonly prompt?: string;
  readonly completion: string;
}

/** Which of them it is decides what the table is opened for. */
export type ColumnMapping = ClassificationColumns | GenerationColumns;

/** What texts to write like are. `pairs` have a prompt and a completion, `chat` has turns. */
export interface CorpusSummary {
  readonly format: "text" | "pairs" | "chat";
  /** Examples: pieces of a text, pairs, conversations. */
  readonly documents: number;
  readonly characters: number;
}

/** Something a person should know of their data. `message` is a whole sentence that names the file, row or class. */
export interface DataIssue {
  readonly severity: "error" | "warning" | "note";
  readonly kind: "corrupt-file" | "ragged-row" | "empty-cell" | "empty-class" | "one-class" | "rare-class" | "duplicate" | "imbalance" | "ignored-file" | "encoding" | "conflicting-label" | "leak" | "broken-line" | "few-texts" | "no-number" | "constant";
  readonly message: string;
  /** How many files or rows it is about. */
  readonly count: number;
  /** Items that a click may exclude to settle the issue; empty where there is nothing to exclude. */
  readonly items: readonly number[];
}

export interface ClassSummary {
  readonly name: string;
  /** Included examples per split. */
  readonly counts: Readonly<Record<Split, number>>;
  readonly excluded: number;
}

export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Of the numbers that are to be predicted, over the included examples. */
export interface NumberSummary {
  readonly name: string;
  readonly least: number;
  readonly mean: number;
  readonly greatest: number;
  readonly bins: readonly HistogramBin[];
}

/** Of the included texts, in the tokens of one model. */
export interface TokenLengths {
  readonly texts: number;
  readonly longest: number;
  /** Tokens of a text that a run lets the model see. */
  readonly limit: number;
  /** How many texts are longer. */
  readonly cut: number;
  /** Each holds the lengths above `from`, up to `to`; one ends at the limit where texts are cut. */
  readonly bins: readonly HistogramBin[];
}

export interface DataSummary {
  readonly name: string;
  readonly task: TaskId;
  /** Of several labels a row, how many rows have each; none where a number is predicted. */
  readonly classes: readonly ClassSummary[];
  readonly numbers?: NumberSummary;
  /** Readable examples, excluded ones included. */
  readonly itemCount: number;
  readonly counts: Readonly<Record<Split, number>>;
  readonly excluded: number;
  /** Whether the splits come from train/val/test folders or from the seed. */
  readonly splitSource: "folders" | "seeded";
  readonly columns?: ColumnMapping;
  /** Only for text generation, which has no classes. */
  readonly corpus?: CorpusSummary;
  readonly issues: readonly DataIssue[];
  /** False where training cannot start; an issue of severity error says why. */
  readonly trainable: boolean;
}

/** What opening files leads to: a table first needs its columns named. */
export type OpenedData = { readonly kind: "table"; readonly preview: TablePreview } | { readonly kind: "ready"; readonly summary: DataSummary };

export interface DataItem {
  /** Stable index within the data set. */
  readonly index: number;
  /** File path, or `row 17`. */
  readonly name: string;
  readonly label: string;
  readonly split: Split;
  readonly excluded: boolean;
  readonly text?: string;
  readonly secondText?: string;
  /** A small picture of an image example. */
  readonly thumbnail?: Blob;
}

export interface ItemQuery {
  readonly label?: string;
  readonly split?: Split;
  /** Only these items, in this order. */
  readonly indices?: readonly number[];
  readonly offset: number;
  readonly limit: number;
}

export interface ItemPage {
  readonly total: number;
  readonly items: readonly DataItem[];
}

/** Rows for a spreadsheet, the first of them the names of the columns. */
export type CsvTable = readonly (readonly (string | number | null)[])[];
