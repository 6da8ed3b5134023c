/**
 * The page without a face: the command line opens it in headless Chromium, puts files into its inputs and calls
 * `window.graftTune`. It goes the same way through the worker as the page does, so both give the same run.
 */
import { createClient, type Client } from "../client/index.ts";
import { GraftError, describeError } from "../core/errors.ts";
import { demandTrustedTypes } from "../core/trusted-types.ts";
import type { Progress } from "../protocol/api.ts";
import type { DataSummary, OpenedData, SourceFile } from "../protocol/data.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { RunEvent, RunResults } from "../protocol/run.ts";

/** What the command line hears while it waits. */
export type TuneEvent =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "data"; readonly summary: DataSummary }
  | { readonly kind: "run"; readonly event: RunEvent };

/** A failure is a value: thrown across the browser's boundary, it would lose its sentence to a stack. */
export type TuneOutcome = { readonly kind: "done"; readonly results: RunResults } | { readonly kind: "failed"; readonly message: string; readonly isSentence: boolean };

declare global {
  interface Window {
    graftTune: (recipe: Recipe) => Promise<TuneOutcome>;
    /** Given by the command line. */
    graftReport: (event: TuneEvent) => void;
  }
}

function filesOf(id: string): readonly SourceFile[] {
  const input = document.getElementById(id) as HTMLInputElement;
  const files = Array.from(input.files ?? [], (file) => ({
    // A chosen folder's own name is no part of its files' paths.
    path: file.webkitRelativePath.split("/").slice(1).join("/") || file.name,
    blob: file,
  }));
  // The browser lists a folder in the disk's order; the same data has to be the same run everywhere.
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function nameColumns(client: Client, opened: OpenedData, recipe: Recipe, onProgress: (progress: Progress) => void): Promise<void> {
  if (opened.kind === "ready") return;
  const { proposed, proposedGeneration } = opened.preview;
  await client.mapColumns(recipe.columns ?? (recipe.task === "text-generation" ? proposedGeneration : proposed), onProgress);
}

function checkData(summary: DataSummary, recipe: Recipe): void {
  if (summary.task !== recipe.task)
    throw new GraftError({ where: summary.name, what: `holds data for ${summary.task}, and the recipe's task is ${recipe.task}`, next: 'Change the recipe\'s "task", or give other data.' });
  if (summary.trainable) return;
  const problem = summary.issues.find((issue) => issue.severity === "error");
  throw new GraftError({ what: problem?.message ?? `${summary.name}: nothing here can be trained on` });
}

async function run(client: Client, recipe: Recipe): Promise<RunResults> {
  const report = window.graftReport;
  const onProgress = (progress: Progress): void => report({ kind: "progress", progress });
  const modelFiles = filesOf("model");
  const model = modelFiles.length > 0 ? (await client.importModel(modelFiles, onProgress)).id : recipe.model;
  const wanted: Recipe = { ...recipe, model };

  await nameColumns(client, await client.openFiles([...filesOf("folder"), ...filesOf("files")], onProgress), wanted, onProgress);
  const summary = await client.setSplit({ ...wanted.split, seed: wanted.seed });
  report({ kind: "data", summary });
  checkData(summary, wanted);

  let failure: GraftError | undefined;
  await client.startRun(wanted, (event) => {
    if (event.kind === "failed") failure = new GraftError(event.error);
    report({ kind: "run", event });
  });
  if (failure) throw failure;
  return client.getResults();
}

/** Hands the download to the browser, as the page's button does. */
function save(blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "model.zip";
  link.click();
}

demandTrustedTypes("own");

window.graftTune = async (recipe) => {
  const client = createClient();
  try {
    const results = await run(client, recipe);
    save(await client.exportRun());
    return { kind: "done", results };
  } catch (error) {
    return { kind: "failed", message: describeError(error), isSentence: error instanceof GraftError };
  }
};
