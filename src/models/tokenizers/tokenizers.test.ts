/**
 * Tokenizers of published models on the examples of transformers' own tests (tests/models/{bert,gpt2,roberta}/test_tokenization_*.py)
 * and, for bytes, on ids that can be counted by hand.
 */
import { describe, expect, it } from "vitest";
import { GraftError } from "../../core/errors.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import { mutateJson } from "../../formats/testing/mutate.ts";
import { Rng } from "../../core/rng.ts";
import { createHuggingFaceTokenizer, type TokenizerOptions } from "./hugging-face.ts";
import { bytePairJson, wordPieceJson } from "./legacy-files.ts";
import { byteLetters, llama3Json } from "../testing/byte-tokenizers.ts";
import type { Tokenizer } from "../types.ts";

const options: TokenizerOptions = { paddingId: 0, rows: 1000, where: "tokenizer.json" };
const cursor = (value: unknown): JsonCursor => new JsonCursor(value, "a file");

/** transformers' BertTokenizationTest. */
const words = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ",", "low", "lowest"];
const wordPieces = (config: object = {}, more: readonly string[] = []): Tokenizer => createHuggingFaceTokenizer(wordPieceJson(`${[...words, ...more].join("\n")}\n`, cursor(config), "vocab.txt"), {}, { ...options, paddingId: 3 });

/** transformers' GPT2TokenizationTest and RobertaTokenizationTest. */
const pairs = ["l", "o", "w", "e", "r", "s", "t", "i", "d", "n", "\u0120", "\u0120l", "\u0120n", "\u0120lo", "\u0120low", "er", "\u0120lowest", "\u0120newer", "\u0120wider", "<unk>"];
const merges = "#version: 0.2\n\u0120 l\n\u0120l o\n\u0120lo w\ne r\n";
const bytePairs = (vocabulary: readonly string[], config: object = {}): Tokenizer => createHuggingFaceTokenizer(bytePairJson(cursor(Object.fromEntries(vocabulary.map((piece, id) => [piece, id]))), merges, cursor(config)), {}, { ...options, paddingId: vocabulary.length - 1 });

describe("WordPiece from vocab.txt", () => {
  it("splits transformers' example as transformers does, between the marks", () => {
    const tokenizer = wordPieces();
    expect([...tokenizer.encode("UNwant\u00E9d,running")]).toEqual([1, 9, 6, 7, 12, 10, 11, 2]);
    expect(tokenizer.pieces("UNwant\u00E9d,running")).toEqual(["[CLS]", "un", "##want", "##ed", ",", "runn", "##ing", "[SEP]"]);
    expect(tokenizer.decode(tokenizer.encode("unwanted, running"))).toBe("unwanted, running");
    expect({ size: tokenizer.vocabularySize, padding: tokenizer.paddingId }).toEqual({ size: 15, padding: 3 });
  });

  it("lowers letters and strips accents as tokenizer_config.json says", () => {
    const ids = (config: object): readonly number[] => [...wordPieces(config, ["Want", "wánt"]).encode("Want wánt")];
    expect(ids({})).toEqual([1, 5, 5, 2]);
    expect(ids({ do_lower_case: false })).toEqual([1, 15, 16, 2]);
    expect(ids({ do_lower_case: false, strip_accents: true })).toEqual([1, 15, 5, 2]);
    expect(ids({ strip_accents: false })).toEqual([1, 5, 16, 2]);
  });

  it("puts Chinese letters apart, drops control letters, and has one unknown for a word that it cannot spell", () => {
    const tokenizer = wordPieces({}, ["\u535A", "\u63A8", "zz"]);
    expect([...tokenizer.encode("\u535A\u63A8zz")]).toEqual([1, 15, 16, 17, 2]);
    expect([...tokenizer.encode("want\u0000\u200E\tlow\u00A0lowest")]).toEqual([1, 5, 13, 14, 2]);
    expect([...tokenizer.encode("wantx 🙂 low")]).toEqual([1, 0, 0, 13, 2]);
  });

  it.each(["", "   ", "\n"])("gives the marks alone for the empty text %j", (text) => {
    expect([...wordPieces().encode(text)]).toEqual([1, 2]);
    expect(wordPieces().decode([1, 2, 3])).toBe("");
  });

  it("keeps the closing mark of a text that is cut", () => {
    const tokenizer = wordPieces();
    expect([...tokenizer.encode("unwanted, running", 5)]).toEqual([1, 9, 6, 7, 2]);
    expect([...tokenizer.encode("unwanted, running", 8)]).toEqual([...tokenizer.encode("unwanted, running")]);
    expect([...tokenizer.encode("unwanted", 2)]).toEqual([1, 2]);
    expect([...tokenizer.encode("unwanted", 1)]).toEqual([1]);
  });

  it("needs the marks", () => {
    expect(() => wordPieceJson("a\nb\n[UNK]\n[SEP]", cursor({}), "vocab.txt")).toThrow('vocab.txt: there is no "[CLS]" in it.');
  });
});

describe("byte pairs from vocab.json and merges.txt", () => {
  it("splits transformers' example as GPT-2 does, without marks", () => {
    const tokenizer = bytePairs([...pairs, "<|endoftext|>"], { add_prefix_space: true });
    expect(tokenizer.pieces("lower newer")).toEqual(["\u0120low", "er", "\u0120", "n", "e", "w", "er"]);
    expect([...tokenizer.encode("lower newer")]).toEqual([14, 15, 10, 9, 3, 2, 15]);
    expect([...tokenizer.encode("")]).toEqual([]);
    expect([...tokenizer.encode("lower newer", 3)]).toEqual([14, 15, 10]);
    expect([...tokenizer.encode("low<|endoftext|>")]).toEqual([14, 20]);
    expect(tokenizer.decode([14, 15, 10, 9, 3, 2, 15, 20])).toBe(" lower newer");
    expect(tokenizer.decode([])).toBe("");
  });

  it("splits transformers' example as RoBERTa does, between its marks", () => {
    const tokenizer = bytePairs([...pairs, "<s>", "</s>", "<pad>"]);
    expect(tokenizer.pieces("lower newer")).toEqual(["<s>", "l", "o", "w", "er", "\u0120", "n", "e", "w", "er", "</s>"]);
    expect([...tokenizer.encode("lower newer", 4)]).toEqual([20, 0, 1, 21]);
  });

  it("spells every text in bytes, and gives it back", () => {
    const letters = byteLetters();
    expect(letters).toHaveLength(256);
    const tokenizer = bytePairs([...letters, "<|endoftext|>"]);
    // UTF-8: é is c3 a9, 🙂 is f0 9f 99 82. Bytes a1 and above begin at 94, with one gap at ad; 7f and what follows at 188 + 33.
    expect([...tokenizer.encode("é")]).toEqual([0xc3 - 33 - 34 - 1, 0xa9 - 33 - 34]);
    expect([...tokenizer.encode("🙂")]).toEqual([0xf0 - 33 - 34 - 1, 188 + 33 + 0x9f - 0x7f, 188 + 33 + 0x99 - 0x7f, 188 + 33 + 0x82 - 0x7f]);
    for (const text of ["naïve café", "日本語 🙂👩‍👩‍👧", "  two  spaces\tand\nlines ", "\u0000\uFEFFodd", "e\u0301"]) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });
});

describe("tokenizer.json", () => {
  const llama3 = llama3Json();

  /** As XLM-RoBERTa's is made: pieces with scores, the best way through a text. */
  const unigram = {
    added_tokens: ["<s>", "<pad>", "</s>", "<unk>"].map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: { type: "NFKC" },
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    post_processor: { type: "TemplateProcessing", single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }], pair: [], special_tokens: {} },
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    model: { type: "Unigram", unk_id: 3, vocab: [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -3], ["▁hel", -4], ["lo", -3], ["▁hello", -5], ["he", -4], ["l", -6], ["o", -6]] },
  };

  it("of Llama 3's make begins every text with its mark, which a cut keeps", () => {
    const tokenizer = createHuggingFaceTokenizer(llama3, {}, options);
    expect([...tokenizer.encode("Hi")]).toEqual([256, 72 - 33, 105 - 33]);
    expect([...tokenizer.encode("Hi", 2)]).toEqual([256, 72 - 33]);
    expect([...tokenizer.encode("")]).toEqual([256]);
    expect(tokenizer.decode(tokenizer.encode("It's 2024, 🙂"))).toBe("It's 2024, 🙂");
  });

  it("of SentencePiece's make takes the pieces of the highest score", () => {
    const tokenizer = createHuggingFaceTokenizer(unigram, {}, options);
    // ▁hello has -5; ▁hel and lo have -7 together.
    expect(tokenizer.pieces("hello")).toEqual(["<s>", "▁hello", "</s>"]);
    expect(tokenizer.pieces("hel ｌo")).toEqual(["<s>", "▁hel", "▁", "lo", "</s>"]);
    expect([...tokenizer.encode("hello q")]).toEqual([0, 7, 4, 3, 2]);
    expect(tokenizer.decode(tokenizer.encode("hello hel"))).toBe("hello hel");
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", {}, /"vocab".*missing/],
    ["a list", [], /Expected an object/],
    ["ids beyond the table", { ...unigram, added_tokens: [{ id: 1000, content: "<x>" }] }, /it has the id 1000, the model has 1000 tokens/],
    ["ids that are none", { ...llama3, model: { type: "BPE", merges: [], vocab: { a: 1.5 } } }, /"a": it is 1\.5\. Expected a whole number of at least 0/],
    ["a kind that is unknown", { ...llama3, pre_tokenizer: { type: "Telepathy" } }, /it is no tokenizer that Graft knows \(.*Telepathy/],
    ["a part that is missing", { ...llama3, decoder: undefined, post_processor: 3 }, /it is no tokenizer that Graft knows/],
  ])("is refused with a sentence: %s", (_, json, message) => {
    expect(() => createHuggingFaceTokenizer(json, {}, options)).toThrow(message);
  });

  it("loads or is refused with a sentence within a second, however damaged, and so is every text", () => {
    const sources = [llama3, unigram, wordPieceJson(words.join("\n"), cursor({}), "vocab.txt")];
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      const rng = new Rng(11).fork(i);
      const json = mutateJson(sources[i % 3], rng);
      const start = performance.now();
      try {
        const tokenizer = createHuggingFaceTokenizer(json, i % 2 === 0 ? {} : mutateJson({ do_lower_case: true, unk_token: "[UNK]" }, rng), options);
        tokenizer.decode(tokenizer.encode("Unwanted, 🙂 running\n日本"));
      } catch (error) {
        if (!(error instanceof GraftError)) throw error;
        refused++;
      }
      expect(performance.now() - start).toBeLessThan(1000);
    }
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThan(450);
  });
});
