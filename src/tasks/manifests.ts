/** The explicit list of tasks, for the page. */
import { assertNever } from "../core/errors.ts";
import type { TaskId } from "../protocol/recipe.ts";
import { imageClassification } from "./image-classification/manifest.ts";
import { textClassification } from "./text-classification/manifest.ts";
import { textGeneration } from "./text-generation/manifest.ts";
import type { TaskManifest } from "./types.ts";

export function manifestOf(task: TaskId): TaskManifest {
  switch (task) {
    case "image-classification":
      return imageClassification;
    case "text-classification":
      return textClassification;
    case "text-generation":
      return textGeneration;
    default:
      return assertNever(task);
  }
}
