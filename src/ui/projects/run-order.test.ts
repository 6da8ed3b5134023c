import { expect, test } from "vitest";
import type { RunCard } from "../../protocol/projects.ts";
import { arranged } from "./run-order.ts";

const card = (run: number, after: number | null, more: Partial<RunCard> = {}): RunCard => ({ run, name: `Run ${run}`, createdAt: run, state: after === null ? "interrupted" : "finished", recipe: null, data: "films.csv", continues: null, headline: after === null ? null : { name: "Accuracy", before: 0, after, better: "higher", isShare: true }, ended: null, error: null, notes: "", ...more });
const runs = [card(3, null), card(2, 0.7, { notes: "Lower rate" }), card(1, 0.9, { data: "Other.csv" })];
const numbers = (cards: readonly RunCard[]): readonly number[] => cards.map(({ run }) => run);

test("is sorted by a column either way, with what has no figure last", () => {
  expect(numbers(arranged(runs, "", { by: "run", isAscending: false }))).toEqual([3, 2, 1]);
  expect(numbers(arranged(runs, "", { by: "score", isAscending: false }))).toEqual([1, 2, 3]);
  expect(numbers(arranged(runs, "", { by: "score", isAscending: true }))).toEqual([2, 1, 3]);
});

test("shows what has all the words somewhere", () => {
  const order = { by: "run", isAscending: true } as const;
  expect(numbers(arranged(runs, "lower RATE", order))).toEqual([2]);
  expect(numbers(arranged(runs, "csv finished", order))).toEqual([1, 2]);
  expect(numbers(arranged(runs, "other", order))).toEqual([1]);
  expect(numbers(arranged(runs, "nothing", order))).toEqual([]);
});
