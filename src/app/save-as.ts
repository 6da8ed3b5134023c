/** Hands a file that was made in the page to the browser, as a download. */
import type { CsvTable } from "../protocol/data.ts";
import { worker } from "../store/client.ts";

/** The browser reads the blob after the click; this is long after. */
const keptMs = 60_000;

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), keptMs);
}

/** As CSV, in which no cell is a formula. @param name without its ending. */
export async function saveTable(name: string, table: CsvTable): Promise<void> {
  saveAs(await worker().writeCsv(table), `${name}.csv`);
}
