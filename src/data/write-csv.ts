/**
 * The one place that writes CSV. Quoting is Papa Parse's, by RFC 4180. Beside it: a cell that a spreadsheet would run as a formula
 * gets an apostrophe before it, which spreadsheets read as "this is text".
 */
import Papa from "papaparse";
import type { CsvTable } from "../protocol/data.ts";

/** Of text; numbers stay numbers. Papa Parse's own pattern ends at a line break, and lets what has more lines pass. Full-width signs and line feeds: OWASP, "CSV Injection". */
const startsFormula = /^[=+\-@\t\r\n＝＋－＠]/;

/** @returns UTF-8 with a byte-order mark, without which Excel takes it for the system's old encoding. */
export function writeCsv(table: CsvTable): Blob {
  const text = Papa.unparse(table as (string | number | null)[][], { escapeFormulae: startsFormula, newline: "\r\n" });
  return new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" });
}
