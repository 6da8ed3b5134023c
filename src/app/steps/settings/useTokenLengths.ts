/** The open texts' lengths in the chosen model's tokens; null until they are counted. A late answer to an earlier question is dropped. */
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { TokenLengths } from "../../../protocol/data.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { useData } from "../../../store/data.ts";
import { useRecipe } from "../../../store/recipe.ts";

interface Counted {
  readonly lengths: TokenLengths | null;
  readonly error: ErrorSentence | null;
}

/** @param wanted false where there are no texts to classify: nothing is asked then. */
export function useTokenLengths(wanted: boolean): Counted {
  const model = useRecipe(({ recipe }) => recipe.model);
  const maxTokens = useRecipe(({ recipe }) => recipe.maxTokens);
  const revision = useData((state) => state.revision);
  const [counted, setCounted] = useState<Counted>({ lengths: null, error: null });
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    worker()
      .describeTokenLengths({ model, maxTokens })
      .then((lengths) => {
        if (current) setCounted({ lengths, error: null });
      })
      .catch((failure: unknown) => {
        if (current) setCounted({ lengths: null, error: sentenceOf(failure) });
      });
    return () => {
      current = false;
    };
  }, [wanted, model, maxTokens, revision]);
  return counted;
}
