import { describe, expect, test } from "vitest";
import { Rng } from "../../core/rng.ts";
import { piecesOf } from "./pieces.ts";

const halfCharacter = /\p{Cs}/u;
const sentence = "It was a truth that nobody in the village, rich or poor, had ever doubted. ";
const paragraphs = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1}. ${sentence.repeat(1 + (i % 7))}`).join("\n\n");

const texts: Readonly<Record<string, string>> = {
  "a word": "word",
  paragraphs: paragraphs(400),
  "lines of a poem": Array.from({ length: 900 }, (_, i) => `line ${i} of what rhymes`).join("\n"),
  "one endless line": sentence.repeat(3000),
  "no spaces at all": "abcdefghij".repeat(5000),
  "emoji without a space": "🙂".repeat(9001),
  "emoji after an odd letter": `x${"👩‍👩‍👧".repeat(4000)}`,
  "right to left": `${"שלום עולם, זה טקסט ארוך. ".repeat(400)}\n\n${"مرحبا بالعالم؟ ".repeat(400)}`,
  "Chinese without spaces": "天地玄黄，宇宙洪荒。".repeat(2000),
  "Windows line breaks": paragraphs(60).replaceAll("\n", "\r\n"),
  "white space around": `\n\n  \n${paragraphs(20)}\n \n\n\t\n`,
  "a hole of white space": `before\n\n${" \n".repeat(20_000)}after`,
  "white space alone": " \n\n\t ",
};

describe("pieces of a text", () => {
  test.each(Object.entries(texts))("joined again are the text itself: %s", (_, text) => {
    const pieces = piecesOf(text);
    expect(pieces.join("")).toBe(text);
    for (const piece of pieces) {
      expect(piece).not.toBe("");
      if (text.trim() !== "") expect(piece.trim()).not.toBe("");
      expect(piece).not.toMatch(halfCharacter);
    }
  });

  test("whatever the text is made of", () => {
    const parts = ["\n", "\n\n", "\r\n", " ", "\t", "word ", sentence, "🙂", "👩‍👩‍👧", "é", "e\u0301", "ש", "。", '?" ', "x".repeat(700), "\n   \n", "\u2028"];
    for (let i = 0; i < 300; i++) {
      const rng = new Rng(3).fork(i);
      const text = Array.from({ length: rng.int(400) }, () => parts[rng.int(parts.length)]).join("");
      const pieces = piecesOf(text);
      expect(pieces.join("")).toBe(text);
      if (text.trim() !== "") expect(pieces.every((piece) => piece.trim() !== "" && !halfCharacter.test(piece))).toBe(true);
    }
  });

  test("are of a size to look through, and many enough of a short text to hold some back", () => {
    for (const text of [texts.paragraphs, texts["one endless line"], texts["no spaces at all"], texts["emoji without a space"], texts["right to left"]] as string[]) {
      const lengths = piecesOf(text).map(({ length }) => length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(2000);
      expect(text.length / lengths.length).toBeGreaterThan(150);
    }
    const short = piecesOf(paragraphs(30));
    expect(short.length).toBeGreaterThan(20);
    expect(short.length).toBeLessThan(60);
    expect(piecesOf("")).toEqual([]);
  });

  test("begin where a paragraph, a line, a sentence or a word does, in this order", () => {
    for (const piece of piecesOf(texts.paragraphs as string).slice(1)) expect(piece).toMatch(/^\n\n\d+\. It/);
    for (const piece of piecesOf(texts["lines of a poem"] as string).slice(1)) expect(piece).toMatch(/^\nline/);
    for (const piece of piecesOf(texts["one endless line"] as string).slice(1, -1)) expect(piece).toMatch(/^ It was/);
    for (const piece of piecesOf("word ".repeat(4000)).slice(1, -1)) expect(piece).toMatch(/^ word/);
  });

  test("two hundred thousand blank lines between two words take no minutes", () => {
    const start = performance.now();
    expect(piecesOf(`a${" \n".repeat(200_000)}b`).length).toBeLessThanOrEqual(2);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
