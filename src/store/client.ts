/**
 * The page's one line to the worker, opened when it is first needed, and anew where the browser has ended the worker; and how a thrown
 * value becomes a sentence.
 */
import { create } from "zustand";
import { createClient } from "../client/index.ts";
import { GraftError, describeError, type ErrorSentence } from "../core/errors.ts";
import type { WorkerApi } from "../protocol/api.ts";

let one: WorkerApi | undefined;

/** How often the worker has ended: recovery.ts follows it. */
export const useWorkerEnds = create<{ readonly count: number }>()(() => ({ count: 0 }));

/** The worker. There is one at a time. */
export function worker(): WorkerApi {
  if (one) return one;
  const mine = createClient({
    onEnd: () => {
      if (one === mine) one = undefined;
      useWorkerEnds.setState(({ count }) => ({ count: count + 1 }));
    },
  });
  return (one = mine);
}

/** What to show for a caught value. Only a GraftError was written for a person; anything else is Graft's own fault and says so. */
export function sentenceOf(error: unknown): ErrorSentence {
  if (error instanceof GraftError) return error.sentence;
  return { what: `Graft made a mistake: ${describeError(error)}`, next: "Try it again. If it stays, reload the page; your files are where they were" };
}
