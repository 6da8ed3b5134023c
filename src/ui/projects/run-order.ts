/** Which runs the table shows, and in which order. Pure. */
import type { RunCard } from "../../protocol/projects.ts";

export const runColumns = ["run", "score", "epochs", "seconds"] as const;
export type RunColumn = (typeof runColumns)[number];

export interface RunOrder {
  readonly by: RunColumn;
  readonly isAscending: boolean;
}

function key(card: RunCard, by: RunColumn): number | null {
  if (by === "run") return card.run;
  if (by === "score") return card.headline?.after ?? null;
  return card.ended?.[by] ?? null;
}

/** @param filter words that must all be in a run's name, notes, data, model or state. What has no figure comes last. */
export function arranged(runs: readonly RunCard[], filter: string, { by, isAscending }: RunOrder): readonly RunCard[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ name, notes, data, recipe, state }: RunCard): boolean => {
    const text = [name, notes, data, recipe?.model, state].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return runs.filter(matches).toSorted((a, b) => {
    const [first, second] = [key(a, by), key(b, by)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return isAscending ? first - second : second - first;
  });
}
