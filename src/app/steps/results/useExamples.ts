/** Some of a run's items, fetched for looking at. A late answer to an earlier question is dropped. */
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { DataItem } from "../../../protocol/data.ts";
import { sentenceOf, worker } from "../../../store/client.ts";

export interface Examples {
  readonly items: readonly DataItem[] | null;
  readonly error: ErrorSentence | null;
}

/** `indices` is compared by identity: keep it, or memoise it. Null while it is not known which. */
export function useExamples(indices: readonly number[] | null, offset: number, limit: number): Examples {
  const [examples, setExamples] = useState<Examples>({ items: null, error: null });
  useEffect(() => {
    if (indices === null) return;
    let current = true;
    worker()
      .listItems({ indices, offset, limit })
      .then(
        ({ items }) => {
          if (current) setExamples({ items, error: null });
        },
        (error: unknown) => {
          if (current) setExamples({ items: null, error: sentenceOf(error) });
        },
      );
    return () => {
      current = false;
    };
  }, [indices, offset, limit]);
  return examples;
}
