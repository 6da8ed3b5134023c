/**
 * How text is drawn from a language model. This schema is the single source of the page's controls' defaults and of the types; what
 * the fields mean in numbers is engine/generation/sampling.ts.
 */
import { z } from "../core/zod.ts";

export const generationSchema = z.strictObject({
  temperature: z.number().min(0).max(2).default(0.8).describe("How freely tokens are drawn. 0 always takes the likeliest; above 1 the unlikely become likelier."),
  topK: z.int().min(0).max(1000).default(40).describe("Draws from this many of the likeliest tokens only. 0 switches it off."),
  topP: z.number().min(0.01).max(1).default(0.95).describe("Draws from the likeliest tokens that make up this share of the probability. 1 switches it off."),
  repetitionPenalty: z.number().min(1).max(2).default(1.1).describe("Makes what the text holds already less likely. 1 switches it off; much more than 1.2 garbles."),
  maxNewTokens: z.int().min(1).max(4096).default(100).describe("Stops after this many tokens at the latest. Longer than the model's context, it forgets the oldest half whenever that is full."),
  stop: z.array(z.string().min(1)).max(8).default([]).describe("Stops where one of these texts begins; it is left out."),
  seed: z.int().min(0).max(4294967295).default(1).describe("The same prompt, settings and seed on the same backend draw the same text."),
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
