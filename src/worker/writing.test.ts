import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GraftError } from "../core/errors.ts";
import type { GeneratedText, GenerationHooks } from "../engine/generation/text-generator.ts";
import { generationSchema, type GenerationOptions } from "../protocol/generation.ts";
import { Writing, type Question } from "./writing.ts";

const options = generationSchema.parse({});
const done = (text: string, reason: GeneratedText["reason"] = "length"): GeneratedText => ({ text, tokens: [...text].map((_, i) => i), reason, tokensPerSecond: 50 });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Writes letter by letter, one every `everyMs`, until all are written or it is told to stop. */
const letters = (text: string, everyMs: number) => async (_question: Question, _options: GenerationOptions, { onText, signal }: GenerationHooks): Promise<GeneratedText> => {
  let written = "";
  for (const letter of text) {
    if (signal?.aborted) return done(written, "cancelled");
    await vi.advanceTimersByTimeAsync(everyMs);
    written += letter;
    onText?.(letter);
  }
  return done(written);
};

describe("a text that is being written", () => {
  test("arrives at most ten times a second, and joined it is the text", async () => {
    const text = "Once upon a time 🙂 there was a king. ".repeat(8);
    const got: { readonly piece: string; readonly ms: number }[] = [];
    const result = await new Writing().run({ prompt: "", options }, (piece) => got.push({ piece, ms: performance.now() }), letters(text, 7));
    expect(got.map(({ piece }) => piece).join("")).toBe(text);
    expect(result).toEqual({ text, tokens: [...text].length, reason: "length", tokensPerSecond: 50 });
    // The last piece does not wait.
    for (let i = 1; i < got.length - 1; i++) expect((got[i]?.ms as number) - (got[i - 1]?.ms as number)).toBeGreaterThanOrEqual(100);
    expect(got.length).toBeGreaterThan(15);
    expect(got[0]?.piece).toBe("O");
  });

  test("arrives at once where the model is slow, and nothing arrives of nothing", async () => {
    const got: string[] = [];
    await new Writing().run({ prompt: "", options }, (piece) => got.push(piece), letters("abc", 150));
    expect(got).toEqual(["a", "b", "c"]);
    await new Writing().run({ prompt: "", options }, (piece) => got.push(piece), letters("", 1));
    expect(got).toHaveLength(3);
  });

  test("is not over before the page has every piece, in whatever order it takes them", async () => {
    const had: string[] = [];
    const slowly = async (piece: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, piece === "a" ? 900 : 30));
      had.push(piece);
    };
    const running = new Writing().run({ prompt: "", options }, slowly, letters("abc", 150)).then(() => [...had].sort().join(""));
    await vi.advanceTimersByTimeAsync(3000);
    expect(await running).toBe("abc");
  });

  test("that the page no longer takes fails the call, and leaves no rejection behind", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      await expect(new Writing().run({ prompt: "", options }, (piece) => (piece === "a" ? Promise.reject(new Error("The page is gone.")) : undefined), letters("abc", 150))).rejects.toThrow("The page is gone.");
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  test("ends when it is told to, with what there is; others begin anew", async () => {
    const writing = new Writing();
    const got: string[] = [];
    const onText = (piece: string): void => {
      got.push(piece);
      if (got.length === 2) writing.stop();
    };
    expect(await writing.run({ prompt: "", options }, onText, letters("abcdef", 150))).toMatchObject({ text: "ab", reason: "cancelled" });
    expect(got).toEqual(["a", "b"]);
    expect(await writing.run({ prompt: "", options }, () => undefined, letters("abc", 150))).toMatchObject({ text: "abc", reason: "length" });
  });

  test("two at once are both ended", async () => {
    const writing = new Writing();
    const waiting = (): Promise<unknown> =>
      writing.run({ prompt: "", options }, () => undefined, (_prompt, _options, { signal }) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve(done("", "cancelled")))));
    const both = Promise.all([waiting(), waiting()]);
    writing.stop();
    expect(await both).toMatchObject([{ reason: "cancelled" }, { reason: "cancelled" }]);
  });

  test("that fails says why, and is no longer open", async () => {
    const writing = new Writing();
    let aborted: AbortSignal | undefined;
    await expect(
      writing.run({ prompt: "", options }, () => undefined, (_prompt, _options, { signal }) => {
        aborted = signal;
        return Promise.reject(new GraftError({ where: "the model", what: "it is none" }));
      }),
    ).rejects.toThrow("the model: it is none.");
    writing.stop();
    expect(aborted?.aborted).toBe(false);
  });
});

describe("settings for writing", () => {
  test("get their defaults before anything is written", async () => {
    const write = vi.fn(() => Promise.resolve(done("")));
    await new Writing().run({ prompt: "Hello", options: { seed: 4 } as GenerationOptions }, () => undefined, write);
    expect(write).toHaveBeenCalledWith({ prompt: "Hello" }, { ...options, seed: 4 }, expect.objectContaining({ signal: expect.any(AbortSignal) as AbortSignal }));
  });

  test.each<[unknown, RegExp]>([
    [{ temperature: -1 }, /^writing text, setting "temperature": /],
    [{ temperature: "hot" }, /^writing text, setting "temperature": /],
    [{ maxNewTokens: Infinity }, /^writing text, setting "maxNewTokens": /],
    [{ stop: ["ok", ""] }, /^writing text, setting "stop\.1": /],
    [{ topq: 1 }, /^writing text: .*topq/],
    [null, /^writing text: /],
  ])("%j are refused with a sentence, and nothing is written", async (bad, message) => {
    const write = vi.fn(() => Promise.resolve(done("")));
    const running = new Writing().run({ prompt: "", options: bad as GenerationOptions }, () => undefined, write);
    await expect(running).rejects.toBeInstanceOf(GraftError);
    await expect(running).rejects.toThrow(message);
    expect(write).not.toHaveBeenCalled();
  });
});
