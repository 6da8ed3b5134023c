/**
 * How text is drawn from a language model. This schema is the single source of the page's controls' defaults and of the types; what
 * the fields mean in numbers is engine/generation/sampling.ts.
 */
import { filled, number, setting, whole, z } from "../core/zod.ts";

export const generationSchema = z.strictObject({
  temperature: setting(number(0, 2), 0.8, "How freely tokens are drawn. 0 always takes the likeliest; above 1 the unlikely become likelier."),
  topK: setting(whole(0, 1000), 40, "Draws from this many of the likeliest tokens only. 0 switches it off."),
  topP: setting(number(0.01, 1), 0.95, "Draws from the likeliest tokens that make up this share of the probability. 1 switches it off."),
  repetitionPenalty: setting(number(1, 2), 1.1, "Makes what the text holds already less likely. 1 switches it off; much more than 1.2 garbles."),
  maxNewTokens: setting(whole(1, 4096), 100, "Stops after this many tokens at the latest. Longer than the model's context, it forgets the oldest half whenever that is full."),
  stop: setting(z.array(filled()).check(z.maxLength(8)), [], "Stops where one of these texts begins; it is left out."),
  seed: setting(whole(0, 4294967295), 1, "The same prompt, settings and seed on the same backend draw the same text."),
});

/** Settings with every default filled in. */
export type GenerationOptions = z.output<typeof generationSchema>;

/** Why a text ended: it is as long as was asked for, a stop text came, the model ended it, or the person did. */
export type GenerationEnd = "length" | "stop-text" | "end-of-text" | "cancelled";

/** How a model is asked as in a chat. */
export interface ChatUse {
  /** The model's own chat template, or plain lines that begin with `User:` and `Assistant:`. */
  readonly form: "own" | "plain";
  /** Whether that is what it was tuned on. */
  readonly isUsual: boolean;
}
