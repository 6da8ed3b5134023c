/** What a task is to the page (its manifest) and to the worker (its engine). One folder per task, one line in each list. */
import type { ModelCard } from "../protocol/models.ts";
import type { TaskId } from "../protocol/recipe.ts";

export interface TaskManifest {
  readonly id: TaskId;
  readonly name: string;
  /** One line: what it is for. */
  readonly summary: string;
  readonly input: "image" | "text";
  /** The catalog model that a new recipe starts from. */
  readonly defaultModel: ModelCard["id"];
}
