/** A stored run as one line of the table: what its record says, as far as this Graft can read it. */
import type { ErrorSentence } from "../core/errors.ts";
import { nullIfRefused, type ListedRun } from "../projects/project.ts";
import type { StoredSource } from "../projects/records.ts";
import { headlineOf } from "../protocol/headline.ts";
import type { RunCard } from "../protocol/projects.ts";
import { parseRecipe, type Recipe } from "../protocol/recipe.ts";
import type { RunResults } from "../protocol/run.ts";

/** Deleted ones can be had back, but are not shown. */
export const isListed = ({ record }: ListedRun): boolean => record === null || record.deletedAt === null;

/** @param active the run that is being written to at this moment. */
export function runCard({ run, record }: ListedRun, sources: readonly StoredSource[], active: number | null): RunCard {
  if (!record) return { run: run.id, name: `Run ${run.id}`, createdAt: 0, state: "damaged", recipe: null, data: null, continues: null, headline: null, ended: null, error: null, notes: "" };
  const { name, createdAt, continues, notes } = record;
  const results = record.state === "finished" ? resultsOf(record.results) : null;
  return {
    run: run.id,
    name,
    createdAt,
    state: record.state === "running" && active !== run.id ? "interrupted" : record.state,
    recipe: recipeOf(record.recipe),
    data: sources.find(({ id }) => id === record.data)?.name ?? null,
    continues,
    headline: results && headlineOf(results.validation),
    ended: results && { seconds: results.seconds, epochs: results.epochs.length, bestEpoch: results.bestEpoch, reason: results.reason },
    error: record.state === "failed" ? ((record.results as { readonly error?: ErrorSentence } | null)?.error ?? null) : null,
    notes,
  };
}

/** Null where they are not as this Graft writes them: what a stranger's zip holds is a claim. */
export function resultsOf(value: unknown): RunResults | null {
  try {
    const results = value as RunResults;
    const { after } = headlineOf(results.validation);
    return typeof after === "number" && Array.isArray(results.epochs) && typeof results.seconds === "number" ? results : null;
  } catch {
    return null;
  }
}

/** Null for what is none, or of a newer Graft. */
export function recipeOf(value: unknown): Recipe | null {
  try {
    return parseRecipe(value);
  } catch (error) {
    return nullIfRefused(error);
  }
}
