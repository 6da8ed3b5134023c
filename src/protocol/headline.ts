/** The one figure that stands for a run: in the rail, on the results' top, in a download. */
import { assertNever } from "../core/errors.ts";
import type { SplitResults } from "./run.ts";

export interface Headline {
  /** `Accuracy`, `Perplexity` */
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Between 0 and 1, shown in per cent. */
  readonly isShare: boolean;
  readonly better: "higher" | "lower";
}

export function headlineOf(results: SplitResults): Headline {
  switch (results.kind) {
    case "single-label":
      return { name: "Accuracy", before: results.before.accuracy, after: results.after.accuracy, isShare: true, better: "higher" };
    case "generation":
      return { name: "Perplexity", before: results.before.perplexity, after: results.after.perplexity, isShare: false, better: "lower" };
    default:
      return assertNever(results);
  }
}
