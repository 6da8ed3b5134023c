/**
 * Tokenizers of published models, from tokenizer.json, by @huggingface/tokenizers. Truncation is ours: the library has none. Files
 * without a tokenizer.json are brought into its form by legacy-files.ts.
 */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { GraftError } from "../../core/errors.ts";
import { JsonCursor } from "../../formats/json-cursor.ts";
import type { Tokenizer } from "../types.ts";
import { pairIds, type PairMarks } from "./pair.ts";

export interface TokenizerOptions {
  /** The model's, which may differ from what the tokenizer pads with. */
  readonly paddingId: number;
  /** Rows of the model's table of tokens. */
  readonly rows: number;
  /** The file's name in errors. */
  readonly where: string;
}

/**
 * @param json tokenizer.json, parsed; @param config tokenizer_config.json, parsed, or {}.
 * @throws GraftError if it is none, or has ids that the model's table does not.
 */
export function createHuggingFaceTokenizer(json: unknown, config: unknown, { paddingId, rows, where }: TokenizerOptions): Tokenizer {
  const largest = largestId(new JsonCursor(json, where), rows);
  return guarded(where, () => {
    const library = new LibraryTokenizer(json as object, config as object);
    const idsOf = (text: string, marks: boolean): readonly number[] => library.encode(text, { add_special_tokens: marks }).ids.map((id) => checked(id, rows, where));
    const { opening, closing } = marksOf(idsOf);
    const marks = pairMarks(library, { opening, closing }, idsOf);

    const encode = (text: string, maxTokens = Infinity): Int32Array => {
      const room = Math.max(0, maxTokens - opening.length - closing.length);
      return Int32Array.from([...opening, ...idsOf(text, false).slice(0, room), ...closing].slice(0, maxTokens));
    };
    return {
      encode,
      encodePair: (first, second, maxTokens) => pairIds(idsOf(first, false), idsOf(second, false), marks, maxTokens),
      separatorId: marks.separatorId,
      pieces: (text) => Array.from(encode(text), (id) => library.id_to_token(id) ?? ""),
      decode: (ids) => {
        const kept = [...ids].filter((id) => id !== paddingId);
        return kept.length === 0 ? "" : library.decode(kept, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
      },
      vocabularySize: largest + 1,
      paddingId,
    };
  });
}

/** Every id counts before the library sees it: it makes tables as long as the largest. */
function largestId(json: JsonCursor, rows: number): number {
  const vocabulary = json.get("model").get("vocab");
  const ids = Array.isArray(vocabulary.value) ? vocabulary.items().map((_, id) => id) : vocabulary.entries().map(([, id]) => id.integer(0));
  const added = json.get("added_tokens");
  if (!added.isMissing) ids.push(...added.items().map((token) => token.get("id").integer(0)));
  const largest = ids.reduce((most, id) => Math.max(most, id), -1);
  if (largest < 0) throw vocabulary.wrong("pieces and their ids");
  if (largest >= rows) throw new GraftError({ where: json.where, what: `it has the id ${largest}, the model has ${rows} tokens`, next: "Take the tokenizer and the weights from the same place." });
  return largest;
}

function checked(id: number | undefined, rows: number, where: string): number {
  if (id === undefined || !Number.isInteger(id) || id < 0 || id >= rows) throw new GraftError({ where, what: "a piece of the text has no id, and there is none for what is unknown" });
  return id;
}

/** The ids that every text is put between: what a text of one letter has more with them. */
function marksOf(idsOf: (text: string, marks: boolean) => readonly number[]): { readonly opening: readonly number[]; readonly closing: readonly number[] } {
  const bare = idsOf("a", false);
  const marked = idsOf("a", true);
  const isAt = (start: number): boolean => bare.every((id, i) => marked[start + i] === id);
  const start = marked.findIndex((_, i) => isAt(i));
  if (start < 0) return { opening: [], closing: [] };
  return { opening: marked.slice(0, start), closing: marked.slice(start + bare.length) };
}

/** What stands between two texts: what a pair of one letter each has there, or a line break where a tokenizer puts nothing. */
function pairMarks(library: LibraryTokenizer, { opening, closing }: Pick<PairMarks, "opening" | "closing">, idsOf: (text: string, marks: boolean) => readonly number[]): PairMarks & { readonly separatorId: number | undefined } {
  const { length } = idsOf("a", false);
  const { ids, token_type_ids: segments } = library.encode("a", { text_pair: "a", return_token_type_ids: true });
  const middle = ids.slice(opening.length + length, ids.length - closing.length - length);
  // Of tokenizers without segments, the library says nothing.
  const second = (segments as number[] | undefined)?.indexOf(1) ?? -1;
  // BERT's segments change right behind a mark; where they change elsewhere, ids do not tell them.
  const separatorId = second > 0 && second === opening.length + length + middle.length ? ids[second - 1] : undefined;
  return { opening, middle: middle.length > 0 ? middle : idsOf("\n", false), closing, separatorId };
}

/** What the library throws is about the file. */
function guarded<Result>(where: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof GraftError) throw error;
    throw new GraftError({ where, what: `it is no tokenizer that Graft knows (${error instanceof Error ? error.message : String(error)})`, wanted: "the tokenizer.json of a published model" });
  }
}
