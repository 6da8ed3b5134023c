/** What the page knows of a data set: counts, issues and pages of items. The examples themselves stay in the worker. */
import type { TaskId } from "./recipe.ts";

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
  readonly label: string;
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
  readonly kind: "corrupt-file" | "ragged-row" | "empty-cell" | "empty-class" | "one-class" | "rare-class" | "duplicate" | "imbalance" | "ignored-file" | "encoding" | "conflicting-label" | "leak" | "broken-line" | "few-texts";
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

export interface DataSummary {
  readonly name: string;
  readonly task: TaskId;
  readonly classes: readonly ClassSummary[];
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
