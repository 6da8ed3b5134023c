/** The runs as rows for a spreadsheet: what the table shows, and the settings in which they differ. Pure. */
import type { CsvTable } from "../../protocol/data.ts";
import type { RunCard } from "../../protocol/projects.ts";
import { differences } from "./differences.ts";

export function runsAsTable(runs: readonly RunCard[]): CsvTable {
  const known = runs.filter(({ recipe }) => recipe);
  const differing = differences(known.flatMap(({ recipe }) => recipe ?? [])).filter(({ path }) => path !== "model");
  const settings = (card: RunCard): readonly string[] => differing.map(({ values }) => values[known.indexOf(card)] ?? "");
  return [
    ["Run", "Began", "State", "Model", "Data", "Began with the weights of", "Measure", "Result", "Epochs", "Seconds", "Notes", ...differing.map(({ label }) => label)],
    ...runs.map((card) => {
      const { name, createdAt, state, recipe, data, continues, headline, ended, notes } = card;
      return [name, createdAt > 0 ? new Date(createdAt).toISOString() : null, state, recipe?.model ?? null, data, continues === null ? null : `Run ${continues}`, headline?.name ?? null, headline?.after ?? null, ended?.epochs ?? null, ended && Number(ended.seconds.toFixed(3)), notes, ...settings(card)];
    }),
  ];
}
