/** For tests: results and answers of the kind that a test expects, or a failure that says what came instead. */
import type { Answer, ClassProbability, SingleLabelResults, SplitResults } from "../../protocol/run.ts";

export function ofKind<Kind extends SplitResults["kind"]>(results: SplitResults | undefined, kind: Kind): Extract<SplitResults, { readonly kind: Kind }> {
  if (results?.kind !== kind) throw new Error(`Expected ${kind} results, got ${results?.kind ?? "none"}.`);
  return results as Extract<SplitResults, { readonly kind: Kind }>;
}

export function singleLabel(results: SplitResults | undefined): SingleLabelResults {
  return ofKind(results, "single-label");
}

/** Of an answer that is one class of several, or several labels. */
export function probabilitiesIn(answer: Answer | undefined): readonly ClassProbability[] {
  if (answer?.kind === "classes") return answer.classes;
  if (answer?.kind === "labels") return answer.labels;
  throw new Error(`Expected probabilities, got ${answer?.kind ?? "no answer"}.`);
}
