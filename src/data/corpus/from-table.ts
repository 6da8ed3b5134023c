/** A table's rows to a corpus: prompts with what follows them, or texts. */
import { GraftError } from "../../core/errors.ts";
import type { DataIssue, GenerationColumns } from "../../protocol/data.ts";
import { Pace, type JobOptions } from "../pace.ts";
import { columnIndex, type Table } from "../table.ts";
import { counted, listed } from "../wording.ts";
import { itemOf, type CorpusItem } from "./documents.ts";
import { TextCorpus } from "./text-corpus.ts";

/** @throws GraftError if the columns are not in the table, are the same, or hold no text. */
export async function corpusFromTable(table: Table, mapping: GenerationColumns, options: JobOptions = {}): Promise<TextCorpus> {
  const { fileName, rows, rowNumbers } = table;
  const { prompt, completion } = mapping;
  const columns = [...(prompt === undefined ? [] : [prompt]), completion].map((name) => columnIndex(table, name));
  const [promptColumn, completionColumn] = (prompt === undefined ? [undefined, columns[0]] : columns) as [number | undefined, number];
  if (promptColumn === completionColumn) throw new GraftError({ where: fileName, what: `"${completion}" is both the prompt and the completion`, wanted: "two different columns, or no prompt" });
  const pace = new Pace(options);
  const items: CorpusItem[] = [];
  const empty: string[] = [];
  for (const [i, row] of rows.entries()) {
    const name = `row ${rowNumbers[i]}`;
    const text = row[completionColumn] as string;
    const before = promptColumn === undefined ? "" : (row[promptColumn] as string);
    if (text.trim() === "") empty.push(name);
    else items.push(itemOf(name, promptColumn === undefined ? { kind: "text", text, source: items.length } : { kind: "pair", prompt: before, completion: text }));
    if (pace.due) {
      pace.report("Reading the examples", i, rows.length);
      await pace.breathe();
    }
  }
  pace.report("Reading the examples", rows.length, rows.length);
  if (items.length === 0) throw new GraftError({ where: fileName, what: `no row has a "${completion}"`, next: "Choose another column" });
  const message = `${fileName}: ${empty.length === 1 ? "1 row has" : `${counted(empty.length, "row")} have`} an empty "${completion}" and ${empty.length === 1 ? "was" : "were"} left out: ${listed(empty)}.`;
  const left: DataIssue[] = empty.length === 0 ? [] : [{ severity: "warning", kind: "empty-cell", message, count: empty.length, items: [] }];
  return new TextCorpus(fileName, items, [...table.issues, ...left], mapping);
}
