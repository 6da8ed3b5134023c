/**
 * Tokenizers that are published without a tokenizer.json, in its form: BERT's vocab.txt (WordPiece), and GPT-2's and RoBERTa's vocab.json
 * with merges.txt (pairs of bytes). The form is what transformers' converters write (convert_slow_tokenizer.py).
 */
import { GraftError } from "../../core/errors.ts";
import type { JsonCursor } from "../../formats/json-cursor.ts";

/** One piece a line, the line's number is its id. @param config tokenizer_config.json, which may be missing. */
export function wordPieceJson(vocabulary: string, config: JsonCursor, where: string): unknown {
  const lines = vocabulary.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const ids = new Map(lines.map((piece, id) => [piece, id]));
  const [unknown, separator, classifier] = ["[UNK]", "[SEP]", "[CLS]"].map((mark) => idOf(ids, mark, where));
  return {
    added_tokens: marks(ids, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: config.get("tokenize_chinese_chars").boolean(true),
      strip_accents: config.get("strip_accents").isMissing ? null : config.get("strip_accents").boolean(),
      lowercase: config.get("do_lower_case").boolean(true),
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", sep: ["[SEP]", separator], cls: ["[CLS]", classifier] },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: { type: "WordPiece", unk_token: lines[unknown as number], continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: Object.fromEntries(ids) },
  };
}

/** @param vocabulary vocab.json, piece -> id; @param merges merges.txt, one pair a line, the most frequent first. */
export function bytePairJson(vocabulary: JsonCursor, merges: string, config: JsonCursor): unknown {
  const ids = new Map(vocabulary.entries().map(([piece, id]) => [piece, id.integer(0)]));
  const add_prefix_space = config.get("add_prefix_space").boolean(false);
  const isRoberta = ids.has("<s>") && ids.has("</s>");
  const where = vocabulary.where;
  return {
    added_tokens: isRoberta ? marks(ids, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]) : marks(ids, ["<|endoftext|>"]),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex: true },
    post_processor: isRoberta ? { type: "RobertaProcessing", sep: ["</s>", idOf(ids, "</s>", where)], cls: ["<s>", idOf(ids, "<s>", where)], trim_offsets: true, add_prefix_space } : { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: ids.has("<unk>") ? "<unk>" : null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      vocab: Object.fromEntries(ids),
      merges: merges.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version")),
    },
  };
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
}

/** Those of the marks that the vocabulary has. A mask takes the space ahead of it. */
function marks(ids: ReadonlyMap<string, number>, names: readonly string[]): readonly AddedToken[] {
  return names.flatMap((content) => {
    const id = ids.get(content);
    return id === undefined ? [] : [{ id, content, special: true, normalized: false, single_word: false, lstrip: content === "<mask>", rstrip: false }];
  });
}

function idOf(ids: ReadonlyMap<string, number>, mark: string, where: string): number {
  const id = ids.get(mark);
  if (id === undefined) throw new GraftError({ where, what: `there is no "${mark}" in it`, wanted: "the vocabulary of a published model", next: "If the model has other marks, its tokenizer.json is needed." });
  return id;
}
