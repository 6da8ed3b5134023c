/** The data that is open: the files it came from, the table whose columns are still to be named, or the data set. One at a time. */
import { CancelledError, GraftError } from "../core/errors.ts";
import { corpusFromTable } from "../data/corpus/from-table.ts";
import type { Dataset } from "../data/dataset.ts";
import { datasetFromTable, openFiles, type Table } from "../data/open.ts";
import type { JobOptions } from "../data/pace.ts";
import type { SplitOptions } from "../protocol/api.ts";
import type { ColumnMapping, DataSummary, FileParts, OpenedData, SourceFile } from "../protocol/data.ts";
import type { Recipe } from "../protocol/recipe.ts";

/** What makes the same data set of the same files again. */
export interface DataChoices {
  readonly columns: ColumnMapping | undefined;
  readonly split: SplitOptions;
  /** Items that are left out. */
  readonly excluded: readonly number[];
}

export function choicesOf({ columns, split, seed }: Recipe, excluded: readonly number[]): DataChoices {
  return { columns, split: { ...split, seed }, excluded };
}

/** Whether a data set is what these choices would make of its files. */
export function isMadeBy(dataset: Dataset, { columns, split, excluded }: DataChoices): boolean {
  const { columns: named, splitSource } = dataset.summary();
  const hasSplit = splitSource === "folders" || (["validation", "test", "seed"] as const).every((key) => dataset.split[key] === split[key]);
  return hasSplit && JSON.stringify([named, dataset.excludedItems]) === JSON.stringify([columns, excluded]);
}

/** All of them, whether they come at once or in parts. */
export async function gather(files: readonly SourceFile[] | FileParts, signal: AbortSignal): Promise<readonly SourceFile[]> {
  if (typeof files !== "function") return files;
  const gathered: SourceFile[] = [];
  for (;;) {
    const part = await files(gathered.length);
    if (signal.aborted) throw new CancelledError();
    if (part.length === 0) return gathered;
    gathered.push(...part);
  }
}

export class OpenData {
  /** What was opened; empty where nothing is. */
  files: readonly SourceFile[] = [];
  dataset: Dataset | null = null;
  private table: Table | null = null;

  /** @throws GraftError if no data set is open. */
  open(): Dataset {
    if (this.dataset) return this.dataset;
    throw new GraftError({ what: "no data is open", next: "Open a folder of images or a CSV first" });
  }

  async openFiles(files: readonly SourceFile[], options: JobOptions): Promise<OpenedData> {
    const result = await openFiles(files, options);
    if (options.signal?.aborted) throw new CancelledError();
    this.files = files;
    this.dataset = result.kind === "table" ? null : result.dataset;
    this.table = result.kind === "table" ? result.table : null;
    return result.kind === "table" ? { kind: "table", preview: result.preview } : { kind: "ready", summary: result.dataset.summary() };
  }

  async mapColumns(mapping: ColumnMapping, options: JobOptions): Promise<DataSummary> {
    const { table } = this;
    if (!table) throw new GraftError({ what: "no table is open", next: "Open a CSV first" });
    const made = "completion" in mapping ? await corpusFromTable(table, mapping, options) : await datasetFromTable(table, mapping, options);
    if (options.signal?.aborted) throw new CancelledError();
    this.dataset = made;
    return made.summary();
  }

  /** The same data set as it was of the same files. */
  async reopen(files: readonly SourceFile[], { columns, split, excluded }: DataChoices, options: JobOptions): Promise<DataSummary> {
    const opened = await this.openFiles(files, options);
    if (opened.kind === "table") {
      if (columns === undefined) throw new GraftError({ what: "the columns of the table were not named yet", next: "Open the file again" });
      await this.mapColumns(columns, options);
    }
    const dataset = this.open();
    dataset.setSplit(split);
    dataset.setExcluded(excluded, true);
    return dataset.summary();
  }

  close(): void {
    this.files = [];
    this.dataset = null;
    this.table = null;
  }
}
