/** The texts that are being written: handed to the page piece by piece, at most ten times a second, until they end or are ended. */
import { GraftError } from "../core/errors.ts";
import type { DecodedModule } from "../engine/generation/cached-decoder.ts";
import type { GeneratedText, GenerationHooks } from "../engine/generation/text-generator.ts";
import type { ModelInput } from "../models/types.ts";
import { generationSchema, type GenerationOptions } from "../protocol/generation.ts";
import type { Generated, GenerationRequest } from "../protocol/run.ts";
import type { Recipe } from "../protocol/recipe.ts";
import type { Writer } from "../tasks/engine.ts";
import { engineOf } from "../tasks/engines.ts";

type OnText = (piece: string) => unknown;

/** What is asked of a model; what draws the tokens is apart. */
export type Question = Pick<GenerationRequest, "prompt" | "asChat">;

const pauseMs = 100;

/** Whether the models of a task write on, instead of answering with classes. */
export function isWriting({ task }: Pick<Recipe, "task">): boolean {
  return engineOf(task).writer !== undefined;
}

/** @throws GraftError if the recipe's task does not write. */
export function writerOf({ task }: Pick<Recipe, "task">, module: DecodedModule, input: ModelInput, asked: Pick<Question, "asChat">): Writer {
  const writer = engineOf(task).writer?.(module, input, asked);
  if (!writer) throw new GraftError({ where: task, what: "its models answer, they do not write", next: "Give it an example instead" });
  return writer;
}

export class Writing {
  private readonly open = new Set<AbortController>();

  /** @throws GraftError for options that are none; what `write` throws. */
  async run({ prompt, asChat, options }: Omit<GenerationRequest, "which">, onText: OnText, write: (question: Question, options: GenerationOptions, hooks: GenerationHooks) => Promise<GeneratedText>): Promise<Generated> {
    const checked = checkedOptions(options);
    const controller = new AbortController();
    this.open.add(controller);
    const pieces = new Pieces(onText);
    try {
      const { text, tokens, reason, tokensPerSecond } = await write({ prompt, asChat }, checked, { signal: controller.signal, onText: (piece) => pieces.add(piece) });
      await pieces.end();
      return { text, tokens: tokens.length, reason, tokensPerSecond };
    } finally {
      this.open.delete(controller);
    }
  }

  /** Ends them all; they resolve with what there is. */
  stop(): void {
    for (const controller of this.open) controller.abort();
  }
}

function checkedOptions(options: unknown): GenerationOptions {
  const result = generationSchema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GraftError({ where: issue?.path.length ? `writing text, setting "${issue.path.join(".")}"` : "writing text", what: issue?.message ?? "not settings for writing" });
}

/** Joins what comes in quick succession. */
class Pieces {
  private readonly onText: OnText;
  private waiting = "";
  private sentMs = -Infinity;
  private delivered: Promise<unknown> = Promise.resolve();

  constructor(onText: OnText) {
    this.onText = onText;
  }

  add(piece: string): void {
    this.waiting += piece;
    if (performance.now() - this.sentMs >= pauseMs) this.send();
  }

  /** Pieces and the end of the call reach the page by two channels, in any order: resolves when the page has had the last piece. */
  async end(): Promise<void> {
    if (this.waiting !== "") this.send();
    await this.delivered;
  }

  private send(): void {
    this.sentMs = performance.now();
    const piece = this.waiting;
    this.waiting = "";
    const sent = Promise.resolve(this.onText(piece));
    // A page that is gone fails the end of the call; until then nobody waits.
    this.delivered = Promise.all([this.delivered, sent]);
    this.delivered.catch(() => undefined);
  }
}
