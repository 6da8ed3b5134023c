/** The one figure that stands for a run: in the rail, on the results' top, in a download. */
import { assertNever } from "../core/errors.ts";
import type { SplitResults } from "./run.ts";

export interface Headline {
  /** `Accuracy`, `Perplexity` */
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Of a bag of words, where there is one to compare with. */
  readonly yardstick?: number | undefined;
  readonly better: "higher" | "lower";
  /** Between 0 and 1, shown in per cent. */
  readonly isShare: boolean;
}

export function headlineOf(results: SplitResults): Headline {
  switch (results.kind) {
    case "single-label":
      return { name: "Accuracy", before: results.before.accuracy, after: results.after.accuracy, yardstick: results.yardstick?.accuracy, better: "higher", isShare: true };
    case "generation":
      return { name: "Perplexity", before: results.before.perplexity, after: results.after.perplexity, better: "lower", isShare: false };
    case "multi-label": {
      const micro = ({ f1Micro }: { readonly f1Micro: number | null }): number => f1Micro ?? 0;
      return { name: "Micro F1", before: micro(results.before), after: micro(results.after), yardstick: results.yardstick && micro(results.yardstick), better: "higher", isShare: true };
    }
    case "regression": {
      const error = ({ meanAbsoluteError }: { readonly meanAbsoluteError: number | null }): number => meanAbsoluteError ?? Number.NaN;
      return { name: "Mean absolute error", before: error(results.before), after: error(results.after), yardstick: results.yardstick && error(results.yardstick), better: "lower", isShare: false };
    }
    default:
      return assertNever(results);
  }
}
