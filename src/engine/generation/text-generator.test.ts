/**
 * What a person gets from a prompt. The model here recites: what follows a token is written in a table by its position, so that every text
 * can be asked for; attention is in it and counts nothing. What real models write is in models/describe-generation.ts.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Model } from "../../graph/types.ts";
import { generationSchema, type GenerationOptions } from "../../protocol/generation.ts";
import { memory, useBackend } from "../backend.ts";
import { GraphModule } from "../module.ts";
import { TextGenerator, type TextCodec } from "./text-generator.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

/** Bytes, and behind them the mark that ends a text; the model's table has one row more, which stands for nothing. */
const END = 256;
const ROWS = 258;
const bytesOf = (text: string): readonly number[] => [...new TextEncoder().encode(text)];
const codec: TextCodec = {
  encode: (text) => Int32Array.from(bytesOf(text)),
  decode: (ids) => new TextDecoder().decode(Uint8Array.from([...ids].filter((id) => id !== END))),
  vocabularySize: END + 1,
};

/** After the token at each position, the next of `script`; `second` is less likely, and likelier than the rest. */
function reciter(script: readonly number[], { positions = 64, second = 122 } = {}): Model {
  const builder = new GraphBuilder();
  const ids = builder.input("ids", [null, null], "int32");
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId: END });
  const places = builder.add("places", "positionIds", [ids], { offset: 0 });
  const words = builder.add("words", "embedding", [builder.parameter("words/table", [ROWS, 2]), ids], {});
  const mixed = builder.add("mixed", "attention", [words, words, words, mask], { heads: 1, scale: 1, causal: true });
  const nothing = builder.add("nothing", "matMul", [mixed, builder.parameter("nothing/kernel", [2, ROWS])], { transposeA: false, transposeB: false });
  const next = builder.add("next", "embedding", [builder.parameter("next/table", [positions, ROWS]), places], {});
  const table = new Float32Array(positions * ROWS);
  for (let place = 0; place < positions; place++) {
    table[place * ROWS + (script[place % script.length] as number)] = 4;
    table[place * ROWS + second] = 3;
    table[place * ROWS + ROWS - 1] = 9;
  }
  return { graph: builder.build([builder.add("logits", "add", [next, nothing], {})]), weights: new Map([["words/table", new Float32Array(ROWS * 2)], ["nothing/kernel", new Float32Array(2 * ROWS)], ["next/table", table]]) };
}

const options = (some: Partial<GenerationOptions> = {}): GenerationOptions => ({ ...generationSchema.parse({}), temperature: 0, repetitionPenalty: 1, ...some });

interface Asked {
  readonly module: GraphModule;
  readonly maxTokens?: number;
  readonly endOfText?: readonly number[];
}

function generatorOf({ module, maxTokens = 64, endOfText = [END] }: Asked): TextGenerator {
  return new TextGenerator({ module, tokenizer: codec, maxTokens, endOfText });
}

describe("a generator of text", () => {
  let tensors = 0;
  beforeAll(async () => {
    expect(await useBackend("wasm", { wasmPath })).toMatchObject({ backend: "wasm" });
    tensors = memory().tensors;
  });
  afterAll(() => expect(memory().tensors, "tensors left behind").toBe(tensors));

  /** The first letter of the prompt is at position 0, so that what follows it is the script's first. */
  async function recite(script: readonly number[], some: Partial<GenerationOptions>, prompt = "x"): Promise<{ text: string; pieces: readonly string[]; tokens: number; reason: string }> {
    const module = new GraphModule(reciter(script), new Set());
    const before = memory();
    const pieces: string[] = [];
    const { text, tokens, reason, tokensPerSecond } = await generatorOf({ module }).generate(prompt, options(some), { onText: (piece) => pieces.push(piece) });
    expect(memory()).toEqual(before);
    expect(pieces.join("")).toBe(text);
    expect(tokensPerSecond).toBeGreaterThanOrEqual(0);
    module.dispose();
    return { text, pieces, tokens: tokens.length, reason };
  }

  it("writes as many tokens as were asked for, in whole characters", async () => {
    expect(await recite(bytesOf("a 🙂 and on"), { maxNewTokens: 6 })).toEqual({ text: "a 🙂", pieces: ["a", " ", "🙂"], tokens: 6, reason: "length" });
    expect(await recite(bytesOf("a 🙂 and on"), { maxNewTokens: 5 })).toEqual({ text: "a ", pieces: ["a", " "], tokens: 5, reason: "length" });
  });

  it("ends where the model ends the text, without its mark", async () => {
    expect(await recite([...bytesOf("so."), END], {})).toEqual({ text: "so.", pieces: ["s", "o", "."], tokens: 3, reason: "end-of-text" });
    expect(await recite([END], {})).toEqual({ text: "", pieces: [], tokens: 0, reason: "end-of-text" });
  });

  it("ends before a stop text", async () => {
    expect(await recite(bytesOf("yes\nUser: no"), { stop: ["User:", "\nUs"] })).toEqual({ text: "yes", pieces: ["y", "e", "s"], tokens: 6, reason: "stop-text" });
  });

  it("begins a text without a prompt with the mark that ends one", async () => {
    const module = new GraphModule(reciter(bytesOf("abc")), new Set());
    const first = await generatorOf({ module }).generate("", options({ maxNewTokens: 3 }));
    expect(first.text).toBe("abc");
    // A tokenizer that closes what it is given does not end what is to be continued.
    const closing: TextCodec = { ...codec, encode: (text) => Int32Array.from([...bytesOf(text), END]) };
    const closed = await new TextGenerator({ module, tokenizer: closing, maxTokens: 64, endOfText: [END] }).generate("a", options({ maxNewTokens: 2 }));
    expect(closed.text).toBe("ab");
    await expect(generatorOf({ module, endOfText: [] }).generate("", options())).rejects.toThrow("the prompt: it is empty, and the model has no token that a text begins with. Write a few words for the model to go on from.");
    module.dispose();
  });

  it("draws the same text from the same seed, and others from others", async () => {
    const module = new GraphModule(reciter(bytesOf("abcdefghijklm")), new Set());
    const drawn = async (seed: number): Promise<string> => (await generatorOf({ module }).generate("x", options({ temperature: 1, topK: 2, topP: 1, maxNewTokens: 30, seed }))).text;
    const first = await drawn(3);
    expect(first).toMatch(/^[a-mz]{30}$/);
    expect(first).toContain("z");
    expect(await drawn(3)).toBe(first);
    expect(await drawn(4)).not.toBe(first);
    module.dispose();
  });

  it("counts the prompt in where it makes repetition less likely", async () => {
    expect(await recite(bytesOf("aaaa"), { maxNewTokens: 3, repetitionPenalty: 2 }, "a")).toMatchObject({ text: "zaa" });
  });

  it("goes on beyond the model's context", async () => {
    const module = new GraphModule(reciter(bytesOf("0123456789"), { positions: 10 }), new Set());
    // Ten tokens fill the context; then the newest five are positions 0 to 4, after which the script says "4".
    const { text, reason } = await generatorOf({ module, maxTokens: 10 }).generate("x", options({ maxNewTokens: 16 }));
    expect({ text, reason }).toEqual({ text: "0123456789456789", reason: "length" });
    module.dispose();
  });

  it("stops when it is told to, and leaves nothing behind", async () => {
    const module = new GraphModule(reciter(bytesOf("abcdef")), new Set());
    const before = memory();
    const controller = new AbortController();
    let pieces = 0;
    const hooks = { signal: controller.signal, onText: () => void (++pieces === 4 && controller.abort()) };
    expect(await generatorOf({ module }).generate("x", options({ maxNewTokens: 40 }), hooks)).toMatchObject({ text: "abcd", reason: "cancelled" });
    // A message of the page gets in between two tokens.
    const later = new AbortController();
    setTimeout(() => later.abort());
    expect(await generatorOf({ module }).generate("x", options({ maxNewTokens: 1_000_000 }), { signal: later.signal })).toMatchObject({ reason: "cancelled" });
    expect(await generatorOf({ module }).generate("x", options(), { signal: AbortSignal.abort() })).toMatchObject({ text: "", tokens: [], reason: "cancelled" });
    expect(memory()).toEqual(before);
    module.dispose();
  });

  it("leaves nothing behind where the model's scores are not numbers, or nobody wants the text", async () => {
    const model = reciter(bytesOf("abc"));
    const broken = new GraphModule({ ...model, weights: new Map([...model.weights, ["nothing/kernel", new Float32Array(2 * ROWS).fill(NaN)]]) }, new Set());
    const module = new GraphModule(model, new Set());
    const before = memory();
    await expect(generatorOf({ module: broken }).generate("x", options())).rejects.toThrow("the model's scores are not numbers");
    const refuse = (): never => {
      throw new Error("nobody listens");
    };
    await expect(generatorOf({ module }).generate("x", options(), { onText: refuse })).rejects.toThrow("nobody listens");
    expect(memory()).toEqual(before);
    broken.dispose();
    module.dispose();
  });
});
