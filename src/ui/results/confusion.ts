/** What a confusion matrix needs beside its counts: how hot a cell is, what it is called, where an arrow key leads. Pure. */

export interface Cell {
  readonly actual: number;
  readonly predicted: number;
}

/** A cell's heat, 0 to 1, by its share of its row. The root lets the few mistakes be seen beside the many hits. */
export function heatOf(count: number, rowTotal: number): number {
  return rowTotal === 0 ? 0 : Math.sqrt(count / rowTotal);
}

/** `12 cat predicted as dog`. */
export function cellName(count: number, actual: string, predicted: string): string {
  return `${count} ${actual} predicted as ${predicted}`;
}

/** Where a key leads in a square matrix of `size` classes, or null if the key means nothing here. The edges hold. */
export function cellAfter(key: string, { actual, predicted }: Cell, size: number): Cell | null {
  const clamp = (index: number): number => Math.min(size - 1, Math.max(0, index));
  switch (key) {
    case "ArrowRight":
      return { actual, predicted: clamp(predicted + 1) };
    case "ArrowLeft":
      return { actual, predicted: clamp(predicted - 1) };
    case "ArrowDown":
      return { actual: clamp(actual + 1), predicted };
    case "ArrowUp":
      return { actual: clamp(actual - 1), predicted };
    case "Home":
      return { actual, predicted: 0 };
    case "End":
      return { actual, predicted: size - 1 };
    default:
      return null;
  }
}

/** The classes to draw, in their order: all of them, or the `limit` that are most often mistaken or mistaken for. */
export function drawnClasses(confusion: readonly (readonly number[])[], limit: number): readonly number[] {
  const all = confusion.map((_, index) => index);
  if (all.length <= limit) return all;
  const mistakes = all.map((index) => confusion.reduce((sum, row, actual) => sum + (actual === index ? row.reduce((a, b) => a + b, 0) - (row[index] ?? 0) : (row[index] ?? 0)), 0));
  return [...all]
    .sort((a, b) => (mistakes[b] ?? 0) - (mistakes[a] ?? 0))
    .slice(0, limit)
    .sort((a, b) => a - b);
}
