/**
 * Questions that come faster than their answers: as somebody types, or drops one picture after another. One is asked at a
 * time, what waits is only ever the newest, and an answer to anything but the newest is not told.
 */
import { CancelledError, GraftError, describeError, type ErrorSentence } from "../../core/errors.ts";

export type Asked<Answer> =
  | { readonly kind: "nothing" }
  /** `previous` stays in sight until the new answer is there. */
  | { readonly kind: "asking"; readonly previous: Answer | null }
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: ErrorSentence };

export interface Asker<Answer> {
  readonly ask: (question: () => Promise<Answer>) => void;
  /** Back to nothing; what is under way is not told. */
  readonly forget: () => void;
}

function toSentence(error: unknown): ErrorSentence {
  return error instanceof GraftError ? error.sentence : { what: `Graft made a mistake: ${describeError(error)}`, next: "Try it again. If it stays, reload the page" };
}

export function createAsker<Answer>(tell: (asked: Asked<Answer>) => void): Asker<Answer> {
  let waiting: (() => Promise<Answer>) | null = null;
  let underWay = false;
  let forgotten = false;
  let previous: Answer | null = null;

  const next = async (): Promise<void> => {
    underWay = true;
    while (waiting) {
      const question = waiting;
      waiting = null;
      forgotten = false;
      const asked: Asked<Answer> = await question().then(
        (answer) => ({ kind: "answered", answer }),
        (error: unknown) => (error instanceof CancelledError ? { kind: "nothing" } : { kind: "failed", error: toSentence(error) }),
      );
      // A newer question is waiting, or nobody wants to know any more. TypeScript does not see that others write these.
      if ((waiting as unknown) !== null || forgotten) continue;
      previous = asked.kind === "answered" ? asked.answer : null;
      tell(asked);
    }
    underWay = false;
  };

  return {
    ask: (question) => {
      waiting = question;
      tell({ kind: "asking", previous });
      if (!underWay) void next();
    },
    forget: () => {
      waiting = null;
      forgotten = true;
      previous = null;
      tell({ kind: "nothing" });
    },
  };
}
