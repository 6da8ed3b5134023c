/** Text classification, as the page introduces it. */
import type { TaskManifest } from "../types.ts";

export const textClassification: TaskManifest = {
  id: "text-classification",
  name: "Text classification",
  summary: "Sort texts into classes: a CSV with a text column and a label column.",
  input: "text",
  defaultModel: "universal-sentence-encoder-lite",
};
