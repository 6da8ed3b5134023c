/** The few turns of phrase that every sentence about data shares. */
import { printable } from "../core/errors.ts";

/** Names in a sentence before "and 4 more". */
const namesShown = 3;

/** `1 image`, `1,204 images`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;
}

/** `a.jpg`, `a.jpg and b.png`, `a.jpg, b.png, c.png and 4 more`. Names are whatever somebody called their files. */
export function listed(names: readonly string[], shown = namesShown): string {
  const head = names.slice(0, shown).map(printable);
  const rest = names.length - head.length;
  const parts = rest > 0 ? [...head, `${rest.toLocaleString("en")} more`] : head;
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** Up to `limit` characters of somebody's text, on one line. */
export function excerpt(text: string, limit = 40): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}

const naturalOrder = new Intl.Collator("en", { numeric: true });

/** `1, 2, 10, apple, Banana`; equal only where the strings are. */
export function compareNaturally(a: string, b: string): number {
  return naturalOrder.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
