/** A run's figures and mistakes in words, whatever a task that answers predicts; what one that writes is worth stands in WrittenResults.tsx. Pure. */
import { assertNever } from "../../../core/errors.ts";
import type { CsvTable, DataItem } from "../../../protocol/data.ts";
import { headlineOf } from "../../../protocol/headline.ts";
import type { AnsweredSplit } from "../../../protocol/run.ts";
import { formatMetric, formatNumber, formatShare } from "../../../ui/primitives/format.ts";

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** The same of the model before fine-tuning, and of a bag of words. */
  readonly before: string;
  readonly yardstick?: string;
}

/** A measure that is not defined for the examples is a dash. */
const metric = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : formatMetric(value));
/** In units of its own, so that two digits may be all or nothing. */
const amount = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(3))));

function figuresFor<Metrics>(results: { readonly before: Metrics; readonly after: Metrics; readonly yardstick?: Metrics | undefined }, rows: readonly (readonly [label: string, valueOf: (metrics: Metrics) => string])[]): readonly Figure[] {
  const { before, after, yardstick } = results;
  return rows.map(([label, valueOf]) => ({ label, value: valueOf(after), before: valueOf(before), ...(yardstick && { yardstick: valueOf(yardstick) }) }));
}

export function figuresOf(results: AnsweredSplit): readonly Figure[] {
  switch (results.kind) {
    case "single-label":
      return figuresFor(results, [
        ["Accuracy", ({ accuracy }) => metric(accuracy)],
        ["Macro F1", ({ f1Macro }) => metric(f1Macro)],
        ["Loss", ({ loss }) => metric(loss)],
      ]);
    case "multi-label":
      return figuresFor(results, [
        ["Micro F1", ({ f1Micro }) => metric(f1Micro)],
        ["Macro F1", ({ f1Macro }) => metric(f1Macro)],
        ["All labels right", ({ subsetAccuracy }) => metric(subsetAccuracy)],
        ["Mean average precision", ({ meanAveragePrecision }) => metric(meanAveragePrecision)],
      ]);
    case "regression":
      return figuresFor(results, [
        ["Mean absolute error", ({ meanAbsoluteError }) => amount(meanAbsoluteError)],
        ["Root mean squared error", ({ rootMeanSquaredError }) => amount(rootMeanSquaredError)],
        ["Explained variance, R²", ({ r2 }) => metric(r2)],
        ["Correlation", ({ pearson }) => metric(pearson)],
      ]);
    default:
      return assertNever(results);
  }
}

const measures: Readonly<Record<AnsweredSplit["kind"], string>> = {
  "single-label": "Accuracy is the share that is right; macro F1 weighs every class alike, however rare.",
  "multi-label": "F1 weighs what is found against false alarms: micro over all labels, macro with every label alike.",
  regression: "Errors are in the number's own units. R² is 1 where all is right and 0 for a model that always says the mean.",
};

/** What the figures mean. */
export function measuresHelp(results: AnsweredSplit): string {
  return `${measures[results.kind]}${results.yardstick ? " A bag of words, the yardstick, is a simple model that only counts words and pairs of words." : ""}`;
}

/** How the tuned model compares with a bag of words, said as it is; null where there is none. */
export function verdictOf(results: AnsweredSplit): { readonly message: string; readonly isAhead: boolean } | null {
  const { name, after, yardstick, better, isShare } = headlineOf(results);
  if (yardstick === undefined) return null;
  const show = (value: number): string => (isShare ? formatMetric(value, 3) : formatNumber(value));
  const figures = `${name} ${show(after)}, a bag of words ${show(yardstick)}`;
  if (show(after) === show(yardstick)) return { message: `${figures}: the fine-tuned model does no better than counting words.`, isAhead: false };
  const isAhead = better === "higher" ? after > yardstick : after < yardstick;
  return { message: isAhead ? `${figures}: the fine-tuned model is ahead of counting words.` : `${figures}: counting words does better here. Let more layers learn, train longer, or use the simpler model.`, isAhead };
}

export interface ShownMistake {
  readonly item: number;
  readonly verdict: string;
  readonly detail: string;
}

export function mistakesOf(results: AnsweredSplit): readonly ShownMistake[] {
  switch (results.kind) {
    case "single-label":
      return results.mistakes.map(({ item, actual, predicted, confidence }) => ({ item, verdict: `${actual}, predicted as ${predicted}`, detail: `${formatShare(confidence)} sure` }));
    case "multi-label":
      return results.mistakes.map(({ item, missed, wrong, confidence }) => ({
        item,
        verdict: [...(missed.length > 0 ? [`missed ${missed.join(", ")}`] : []), ...(wrong.length > 0 ? [`wrongly ${wrong.join(", ")}`] : [])].join("; "),
        detail: `${formatShare(confidence)} sure`,
      }));
    case "regression":
      return results.mistakes.map(({ item, actual, predicted }) => ({ item, verdict: `${formatNumber(actual)}, predicted as ${formatNumber(predicted)}`, detail: `${formatNumber(Math.abs(predicted - actual))} off` }));
    default:
      return assertNever(results);
  }
}

/** The same mistakes as rows for a spreadsheet, with the examples that they are of, in the order of those. */
export function mistakesAsTable(results: AnsweredSplit, items: readonly DataItem[]): CsvTable {
  const [columns, rowOf] = mistakeColumns(results);
  const hasText = items.some(({ text }) => text !== undefined);
  const hasPairs = items.some(({ secondText }) => secondText !== undefined);
  const header = ["Example", ...(hasText ? ["Text"] : []), ...(hasPairs ? ["Second text"] : []), ...columns];
  return [header, ...items.map((item) => [item.name, ...(hasText ? [item.text ?? null] : []), ...(hasPairs ? [item.secondText ?? null] : []), ...(rowOf.get(item.index) ?? [])])];
}

function mistakeColumns(results: AnsweredSplit): readonly [columns: readonly string[], rowOf: ReadonlyMap<number, readonly (string | number)[]>] {
  switch (results.kind) {
    case "single-label":
      return [["Truth", "Predicted", "Probability of the predicted", "Probability of the truth"], new Map(results.mistakes.map(({ item, actual, predicted, confidence, actualProbability }) => [item, [actual, predicted, confidence, actualProbability]]))];
    case "multi-label":
      return [["Missed", "Wrongly given", "Probability of the worst"], new Map(results.mistakes.map(({ item, missed, wrong, confidence }) => [item, [missed.join("; "), wrong.join("; "), confidence]]))];
    case "regression":
      return [["Truth", "Predicted", "Off by"], new Map(results.mistakes.map(({ item, actual, predicted }) => [item, [actual, predicted, predicted - actual]]))];
    default:
      return assertNever(results);
  }
}

/** What the worst mistakes are, beside their heading. */
export const mistakesHelp: Readonly<Record<AnsweredSplit["kind"], string>> = {
  "single-label": "Wrong, and most sure of it. Often the label is what is wrong.",
  "multi-label": "Most labels wrong, and most sure of it. Often the labels are what is wrong.",
  regression: "Furthest off. Often the number in the data is what is wrong.",
};
