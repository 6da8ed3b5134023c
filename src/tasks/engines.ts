/** The explicit list of task engines, for the worker. */
import { assertNever } from "../core/errors.ts";
import type { TaskId } from "../protocol/recipe.ts";
import type { TaskEngine } from "./engine.ts";
import { imageClassificationEngine } from "./image-classification/engine.ts";
import { textClassificationEngine } from "./text-classification/engine.ts";
import { textGenerationEngine } from "./text-generation/engine.ts";

export function engineOf(task: TaskId): TaskEngine {
  switch (task) {
    case "image-classification":
      return imageClassificationEngine;
    case "text-classification":
      return textClassificationEngine;
    case "text-generation":
      return textGenerationEngine;
    default:
      return assertNever(task);
  }
}
