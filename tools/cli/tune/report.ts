/** Turns a run's events into the lines that the command line prints: one an epoch, and one for each thing worth knowing. */
import type { TuneEvent } from "../../../src/app/headless.ts";
import type { DataSummary } from "../../../src/protocol/data.ts";
import type { Recipe } from "../../../src/protocol/recipe.ts";
import type { EpochPoint, RunInfo } from "../../../src/protocol/run.ts";

const count = new Intl.NumberFormat("en");

/** `epoch 3/20  loss 0.412  val loss 0.391  val score 0.861  lr 1.8e-3  2.1 s` */
export function epochLine(point: EpochPoint, epochs: number): string {
  return [
    `epoch ${point.epoch}/${epochs}`,
    `loss ${point.trainLoss.toFixed(3)}`,
    `val loss ${point.validationLoss.toFixed(3)}`,
    `val score ${point.validationScore.toFixed(3)}`,
    `lr ${point.learningRate.toExponential(1)}`,
    `${point.seconds.toFixed(1)} s`,
  ].join("  ");
}

function dataLines(summary: DataSummary): string[] {
  const { train, validation, test } = summary.counts;
  const parts = [`${count.format(train)} train`, `${count.format(validation)} validation`, ...(test > 0 ? [`${count.format(test)} test`] : [])];
  const issues = summary.issues.filter((issue) => issue.severity === "warning").map((issue) => `note: ${issue.message}`);
  const examples = summary.classes.length === 0 ? "texts" : `examples in ${summary.classes.length} classes`;
  return [`data   ${summary.name}: ${count.format(summary.itemCount)} ${examples} (${parts.join(", ")})`, ...issues];
}

function startLine(info: RunInfo): string {
  return `run    ${info.backend} (${info.adapter}), ${count.format(info.trainableParameters)} of ${count.format(info.totalParameters)} parameters learn`;
}

export function createReporter(recipe: Recipe, print: (line: string) => void): (event: TuneEvent) => void {
  return (event) => {
    if (event.kind === "data") dataLines(event.summary).forEach(print);
    if (event.kind !== "run") return;
    if (event.event.kind === "started") print(startLine(event.event.info));
    if (event.event.kind === "epoch") print(epochLine(event.event.point, recipe.epochs));
  };
}
