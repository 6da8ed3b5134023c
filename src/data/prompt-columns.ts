/** Guesses about a table that a person can correct: which of its columns hold prompts and what follows them, and whether that is what the table is for. */
import type { ClassificationColumns, GenerationColumns, TablePreview } from "../protocol/data.ts";
import type { ColumnFigures } from "./columns.ts";

const promptName = /^(prompt|instruction|input|question|query|context|source|article|document)s?$/i;
const completionName = /^(completion|response|output|answer|reply|summary|target|text)s?$/i;

/** By the columns' names; without such, the column of the longest texts alone. */
export function proposeGeneration(columns: readonly ColumnFigures[]): GenerationColumns {
  const prompt = columns.find(({ name }) => promptName.test(name));
  const others = columns.filter((column) => column !== prompt);
  const completion = others.find(({ name }) => completionName.test(name));
  if (prompt && completion) return { prompt: prompt.name, completion: completion.name };
  const longest = [...columns].sort((a, b) => b.meanLength - a.meanLength)[0];
  return { completion: (completion ?? longest)?.name ?? "" };
}

/** Learning to write where the columns are named so, or where there is nothing to predict: no labels that come again, no lists of them, no amounts. */
export function likelyTask(columns: readonly ColumnFigures[], { label, target }: ClassificationColumns, { prompt }: GenerationColumns): TablePreview["likelyTask"] {
  const labels = columns.find(({ name }) => name === label);
  const comeAgain = labels !== undefined && labels.distinctValues <= Math.max(2, labels.filledCells / 2);
  // Whole numbers of which none comes twice number the rows.
  const isAmount = target === "regression" && !(labels?.isWhole && labels.distinctValues === labels.filledCells);
  return prompt === undefined && (comeAgain || isAmount || target === "multi-label") ? "text-classification" : "text-generation";
}
