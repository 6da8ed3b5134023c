/** What a cell says: labels with separators between them, yes or no, a number. */

const separators = [";", "|", ","] as const;

/** Beyond this a cell is prose, with separators of its own. */
const longestList = 300;

/** The one that most cells have, in the order of `separators`; null if none has any. */
export function guessSeparator(cells: readonly string[]): string | null {
  let best: { readonly separator: string; readonly count: number } | null = null;
  for (const separator of separators) {
    const count = cells.reduce((sum, cell) => sum + Number(cell.includes(separator)), 0);
    if (count > 0 && (best === null || count > best.count)) best = { separator, count };
  }
  return best?.separator ?? null;
}

/** The labels of a cell, each once, in its order. */
export function splitLabels(cell: string, separator: string | null): readonly string[] {
  const parts = separator === null ? [cell] : cell.split(separator);
  return [...new Set(parts.map((part) => part.replace(/\s+/g, " ").trim()).filter((part) => part !== ""))];
}

/** How many different labels a column holds if its cells are lists, and how many cells have more than one; none where it holds prose. */
export function countListed(cells: readonly string[]): { readonly labels: number; readonly lists: number } {
  if (cells.some((cell) => cell.length > longestList)) return { labels: 0, lists: 0 };
  const separator = guessSeparator(cells);
  const labels = new Set<string>();
  let lists = 0;
  for (const cell of cells) {
    const parts = splitLabels(cell, separator);
    if (parts.length > 1) lists++;
    for (const part of parts) labels.add(part);
  }
  return { labels: labels.size, lists };
}

const yes = new Set(["1", "1.0", "true", "yes"]);
const no = new Set(["0", "0.0", "false", "no", ""]);

/** Null for what is neither; an empty cell says no. */
export function parseFlag(cell: string): boolean | null {
  const word = cell.toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : null;
}

/** NaN for what is none; a decimal comma counts. */
export function parseNumber(cell: string): number {
  if (cell === "") return Number.NaN;
  const value = Number(/^[+-]?\d+,\d+$/.test(cell) ? cell.replace(",", ".") : cell);
  return Number.isFinite(value) && Math.abs(value) < 1e30 ? value : Number.NaN;
}
