/** The page's one line to the worker, opened when it is first needed, and how a thrown value becomes a sentence. */
import { createClient } from "../client/index.ts";
import { GraftError, describeError, type ErrorSentence } from "../core/errors.ts";
import type { WorkerApi } from "../protocol/api.ts";

let one: WorkerApi | undefined;

/** The worker. There is one for the life of the page. */
export function worker(): WorkerApi {
  return (one ??= createClient());
}

/** What to show for a caught value. Only a GraftError was written for a person; anything else is Graft's own fault and says so. */
export function sentenceOf(error: unknown): ErrorSentence {
  if (error instanceof GraftError) return error.sentence;
  return { what: `Graft made a mistake: ${describeError(error)}`, next: "Try it again. If it stays, reload the page; your files are where they were" };
}
