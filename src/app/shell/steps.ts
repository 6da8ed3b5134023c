/** What each of the five steps says of itself in one line, and whether one can go there. Pure. */
import { targetOf, type DataSummary } from "../../protocol/data.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import type { RunGlance, StepId } from "../../store/session.ts";
import { formatCompact, formatPlural, scoreFormat } from "../../ui/primitives/format.ts";

export interface StepState {
  readonly id: StepId;
  readonly name: string;
  /** `240 images, 2 classes`, or why it cannot be opened yet. */
  readonly line: string;
  readonly status: "done" | "open" | "locked" | "busy";
}

export interface StepsInput {
  readonly data: DataSummary | null;
  readonly opening: boolean;
  readonly modelName: string | null;
  readonly recipe: Recipe;
  readonly run: RunGlance;
  /** A step that works with its defaults counts as done only once it has been looked at. */
  readonly visited: ReadonlySet<StepId>;
}

const optimizers = { sgd: "SGD", adam: "Adam", adamw: "AdamW", rmsprop: "RMSprop" };

const documents = { text: "text", pairs: "pair", chat: "chat" };

function layersLine({ task, unfreeze, lora }: Recipe): string {
  // Of a model that writes there is no new head.
  if (task === "text-generation" && unfreeze === "head") return lora.enabled ? "adapters only" : "nothing learns";
  const adapters = lora.enabled ? " and adapters" : "";
  if (Array.isArray(unfreeze)) return `own choice${adapters}`;
  return `${{ head: lora.enabled ? "head" : "head only", "last-block": "last block", all: "everything" }[unfreeze]}${adapters}`;
}

function dataLine({ data, opening }: StepsInput): string {
  if (opening) return "Reading";
  if (data === null) return "Images, a table or texts";
  if (data.corpus) return `${formatPlural(data.itemCount - data.excluded, documents[data.corpus.format])}, ${formatCompact(data.corpus.characters)} characters`;
  const things = data.task === "image-classification" ? formatPlural(data.itemCount - data.excluded, "image") : formatPlural(data.itemCount - data.excluded, "row");
  if (data.numbers) return `${things}, to predict ${data.numbers.name}`;
  return `${things}, ${targetOf(data.columns) === "multi-label" ? formatPlural(data.classes.length, "label") : formatPlural(data.classes.length, "class", "classes")}`;
}

/** "Micro F1" within a line: "micro F1". */
const uncapitalised = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function trainLine(run: RunGlance): string {
  switch (run.kind) {
    case "none":
      return "Ready to start";
    case "running":
      return run.epoch === 0 ? "Preparing" : `${run.paused ? "Paused, epoch" : "Epoch"} ${run.epoch} of ${run.epochs}`;
    case "failed":
      return "Stopped by an error";
    case "finished":
      return "Finished";
  }
}

export function describeSteps(input: StepsInput): readonly StepState[] {
  const { data, recipe, run, modelName, visited } = input;
  const waiting = data === null ? "Needs data first" : data.trainable ? null : "The data needs fixing first";
  const later = (id: StepId, name: string, line: string, status: StepState["status"]): StepState =>
    waiting === null ? { id, name, line, status } : { id, name, line: waiting, status: "locked" };

  return [
    { id: "data", name: "Data", line: dataLine(input), status: waiting === null ? "done" : input.opening ? "busy" : "open" },
    later("model", "Model", modelName === null ? "Choose a model" : `${modelName} · ${layersLine(recipe)}`, modelName !== null && visited.has("model") ? "done" : "open"),
    later("settings", "Settings", `${formatPlural(recipe.epochs, "epoch")} · ${optimizers[recipe.optimizer]}`, visited.has("settings") ? "done" : "open"),
    later("train", "Train", trainLine(run), run.kind === "running" ? "busy" : run.kind === "finished" ? "done" : "open"),
    run.kind === "finished"
      ? { id: "results", name: "Results", line: run.headline === null ? "Ready" : `${scoreFormat(run.headline)(run.headline.after)} ${uncapitalised(run.headline.name)}`, status: "done" }
      : { id: "results", name: "Results", line: "After training", status: "locked" },
  ];
}
