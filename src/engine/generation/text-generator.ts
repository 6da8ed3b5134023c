/**
 * Writes text with a causal language model: prompt in, text out, token by token. It reads the module's own tensors, so that a model can
 * be asked between two epochs of its training, and keeps nothing on the backend between two texts.
 */
import { GraftError } from "../../core/errors.ts";
import { Rng } from "../../core/rng.ts";
import { Turn } from "../../core/turn.ts";
import type { GenerationEnd, GenerationOptions } from "../../protocol/generation.ts";
import { CachedDecoder, type DecodedModule } from "./cached-decoder.ts";
import { pickToken } from "./sampling.ts";
import { TextStream } from "./text-stream.ts";

/** What of a tokenizer writing needs; those of src/models are such. */
export interface TextCodec {
  encode(text: string): Int32Array;
  /** Without marks. */
  decode(ids: Iterable<number>): string;
  /** No id at or above it is ever written, though the model's table may have more rows. */
  readonly vocabularySize: number;
}

export interface TextGeneratorOptions {
  /** Stays the caller's, and must not be disposed while a text is written. */
  readonly module: DecodedModule;
  readonly tokenizer: TextCodec;
  /** The model's context. */
  readonly maxTokens: number;
  /** Ids that end a text. The first also stands before a text without a prompt. */
  readonly endOfText: readonly number[];
}

export interface GenerationHooks {
  /** Gets the text piece by piece, as it is certain. */
  readonly onText?: (piece: string) => void;
  readonly signal?: AbortSignal;
}

export interface GeneratedText {
  /** What follows the prompt, without it and without the stop text. */
  readonly text: string;
  /** The new tokens, without one that ends the text. */
  readonly tokens: readonly number[];
  readonly reason: GenerationEnd;
  /** With the time that the prompt took. */
  readonly tokensPerSecond: number;
}

export class TextGenerator {
  private readonly options: TextGeneratorOptions;

  constructor(options: TextGeneratorOptions) {
    this.options = options;
  }

  /**
   * Ends with what there is when `signal` says so.
   * @throws GraftError if the model is no causal language model, there is nothing to begin with, or its logits are not numbers.
   */
  async generate(prompt: string, options: GenerationOptions, { onText, signal }: GenerationHooks = {}): Promise<GeneratedText> {
    const { module, tokenizer, maxTokens, endOfText } = this.options;
    const startMs = performance.now();
    const ids = this.promptIds(prompt);
    const promptLength = ids.length;
    const stream = new TextStream((some) => tokenizer.decode(some), ids, options.stop);
    const emit = (piece: string): void => {
      if (piece !== "") onText?.(piece);
    };
    const decoder = new CachedDecoder(module, maxTokens);
    const rng = new Rng(options.seed);
    const turn = new Turn();
    let reason: GenerationEnd | null = null;
    try {
      while (reason === null) {
        if (signal?.aborted) reason = "cancelled";
        else if (ids.length - promptLength === options.maxNewTokens) reason = "length";
        else {
          const logits = await decoder.logitsAfter(ids);
          const id = pickToken(logits.subarray(0, tokenizer.vocabularySize), ids, options, rng);
          if (endOfText.includes(id)) reason = "end-of-text";
          else {
            ids.push(id);
            emit(stream.push(id));
            if (stream.isStopped) reason = "stop-text";
          }
          await turn.pass();
        }
      }
    } finally {
      decoder.dispose();
    }
    emit(stream.end());
    const tokens = ids.slice(promptLength);
    return { text: stream.text, tokens, reason, tokensPerSecond: (1000 * tokens.length) / Math.max(performance.now() - startMs, 1e-3) };
  }

  /** A mark that the tokenizer closes texts with would end the one that is to be continued. */
  private promptIds(prompt: string): number[] {
    const { tokenizer, endOfText } = this.options;
    const ids = [...tokenizer.encode(prompt)];
    while (ids.length > 0 && endOfText.includes(ids.at(-1) as number)) ids.pop();
    if (ids.length > 0) return ids;
    const [start] = endOfText;
    if (start === undefined) throw new GraftError({ where: "the prompt", what: "it is empty, and the model has no token that a text begins with", next: "Write a few words for the model to go on from." });
    return [start];
  }
}
