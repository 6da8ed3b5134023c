/** Tokenizers of the make of published models that write, small enough to follow by hand: every text can be spelled, a few pairs are merged. */
import { JsonCursor } from "../../formats/json-cursor.ts";
import { createHuggingFaceTokenizer } from "../tokenizers/hugging-face.ts";
import { bytePairJson } from "../tokenizers/legacy-files.ts";
import type { Tokenizer } from "../types.ts";

/** GPT-2's letters for the 256 bytes, in the order of its vocabulary: printable ones stand for themselves, the others follow from U+0100. */
export function byteLetters(): readonly string[] {
  const printable = [...Array(256).keys()].filter((byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174);
  const others = [...Array(256).keys()].filter((byte) => !printable.includes(byte));
  return [...printable.map((byte) => String.fromCharCode(byte)), ...others.map((_, i) => String.fromCharCode(256 + i))];
}

const special = (content: string, id: number): object => ({ id, content, special: true, normalized: false, single_word: false, lstrip: false, rstrip: false });
const opened = (mark: string, id: number): object => ({ type: "TemplateProcessing", single: [{ SpecialToken: { id: mark, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }], pair: [], special_tokens: { [mark]: { id: mark, ids: [id], tokens: [mark] } } });

/** GPT-2's: bytes and merges; `<|endoftext|>` comes last but for the `marks`. */
export function gpt2Tokenizer(merges: readonly string[], marks: readonly string[] = []): Tokenizer {
  const vocabulary = [...byteLetters(), ...merges.map((merge) => merge.replace(" ", "")), "<|endoftext|>"];
  const cursor = new JsonCursor(Object.fromEntries(vocabulary.map((piece, id) => [piece, id])), "vocab.json");
  const json = bytePairJson(cursor, merges.join("\n"), new JsonCursor({}, "tokenizer_config.json")) as { readonly added_tokens: readonly object[] };
  const added_tokens = [...json.added_tokens, ...marks.map((mark, i) => special(mark, vocabulary.length + i))];
  return createHuggingFaceTokenizer({ ...json, added_tokens }, {}, { paddingId: vocabulary.length - 1, rows: vocabulary.length + marks.length, where: "tokenizer.json" });
}

/** tokenizer.json as Llama 3's is made: its own pattern, bytes, and one mark ahead of every text. `marks` follow `<|begin_of_text|>`, which is 256. */
export function llama3Json(marks: readonly string[] = []): object {
  return {
    added_tokens: ["<|begin_of_text|>", ...marks].map((mark, i) => special(mark, 256 + i)),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+" }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: { type: "Sequence", processors: [{ type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true }, opened("<|begin_of_text|>", 256)] },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: true, vocab: Object.fromEntries(byteLetters().map((letter, id) => [letter, id])), merges: [] },
  };
}

/** Llama 2's: a space is `▁`, one stands ahead of every text, what has no letter is spelled in bytes. `<s>` is 1, `</s>` 2. */
export function llama2Tokenizer(merges: readonly string[]): Tokenizer {
  const bytes = [...Array(256).keys()].map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = ["▁", ..."\n", ...[...Array(94).keys()].map((i) => String.fromCharCode(33 + i))];
  const pieces = ["<unk>", "<s>", "</s>", ...bytes, ...letters, ...merges.map((merge) => merge.replace(" ", ""))];
  const json = {
    added_tokens: ["<unk>", "<s>", "</s>"].map(special),
    normalizer: { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, { type: "Replace", pattern: { String: " " }, content: "▁" }] },
    pre_tokenizer: null,
    post_processor: opened("<s>", 1),
    decoder: { type: "Sequence", decoders: [{ type: "Replace", pattern: { String: "▁" }, content: " " }, { type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 }] },
    model: { type: "BPE", dropout: null, unk_token: "<unk>", continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: true, vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges: [...merges] },
  };
  return createHuggingFaceTokenizer(json, {}, { paddingId: 0, rows: pieces.length, where: "tokenizer.json" });
}
