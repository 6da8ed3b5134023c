/** Which words of a text a tuned model's answer is due to: integrated gradients of its tokens, added up by words. */
import type { TextExplanation } from "../../core/text-explanation.ts";
import { integratedGradients } from "../../engine/attribution/integrated-gradients.ts";
import { logOddsOf, outputAt } from "../../engine/attribution/outputs.ts";
import type { GraphModule } from "../../engine/module.ts";
import type { ModelInput } from "../../models/types.ts";
import { wordSpans } from "./word-spans.ts";

export interface ExplainOptions {
  /** One of several classes that exclude each other, or one output by itself: a label, or a number. */
  readonly of: { readonly kind: "class" | "output"; readonly index: number };
  /** The recipe's, where it is less than the model takes. */
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
}

/**
 * @param module its first output is [rows, outputs], logits or numbers
 * @throws CancelledError
 */
export async function explainText(module: GraphModule, { name, tokenizer, maxTokens: most }: Extract<ModelInput, { kind: "text" }>, text: string, { of, maxTokens = most, signal }: ExplainOptions): Promise<TextExplanation> {
  const found = tokenizer.encode(text, Math.min(maxTokens, most));
  // A model cannot look at nothing.
  const ids = found.length > 0 ? found : Int32Array.of(tokenizer.paddingId);
  const spans = wordSpans(text, found, tokenizer);
  const moving = new Set(spans.flatMap(({ firstToken, lastToken }) => Array.from({ length: lastToken - firstToken }, (_, i) => firstToken + i)));
  const { scores, output, baseline } = await integratedGradients(module, ids, { inputName: name, outputOf: (of.kind === "class" ? logOddsOf : outputAt)(of.index), moves: (place) => moving.has(place), signal });
  return { words: spans.map(({ start, end, firstToken, lastToken }) => ({ start, end, score: scores.subarray(firstToken, lastToken).reduce((sum, score) => sum + score, 0) })), output, baseline };
}
