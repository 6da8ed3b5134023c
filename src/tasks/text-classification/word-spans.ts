/**
 * Which tokens belong to which word of a text, for any tokenizer: none of ours tells where its pieces come from, and what it drops
 * or rewrites (accents, case, control letters) makes their spelling no guide. So each word is tokenized by itself and looked for where the
 * last one ended; where it is not found, because it is split differently in its context, the text up to its end is tokenized and counted.
 */
import type { Tokenizer } from "../../models/types.ts";

export interface WordSpan {
  /** Its letters in the text: UTF-16 places, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** Its tokens among the ids, `lastToken` exclusive; never none. */
  readonly firstToken: number;
  readonly lastToken: number;
}

/** Scripts without spaces are cut letter by letter, as are emoji (with what joins them) and punctuation. */
const unspaced = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]";
const emoji = "\\p{Regional_Indicator}{2}|\\p{Extended_Pictographic}[\\p{Emoji_Modifier}\\uFE0F]*(?:\\u200D\\p{Extended_Pictographic}[\\p{Emoji_Modifier}\\uFE0F]*)*";
const word = new RegExp(`${unspaced}\\p{M}*|(?:[[\\p{L}\\p{N}\\p{M}_]--${unspaced}]|(?<=[\\p{L}\\p{N}])['’\\u200C\\u200D](?=\\p{L}))+|${emoji}|[^\\s\\p{L}\\p{N}]`, "gv");

/**
 * @param ids of the text without padding, cut to as many as the model takes: words behind the cut are left out, as are those that the tokenizer drops
 * @returns in the text's order; marks belong to none
 */
export function wordSpans(text: string, ids: Int32Array, tokenizer: Tokenizer): WordSpan[] {
  const { first, last } = withoutMarks(ids, tokenizer);
  const inner = (piece: string): Int32Array => {
    const own = tokenizer.encode(piece);
    const bounds = withoutMarks(own, tokenizer);
    return own.subarray(bounds.first, bounds.last);
  };
  const isAt = (piece: Int32Array, at: number): boolean => piece.length > 0 && at + piece.length <= last && piece.every((id, i) => ids[at + i] === id);

  const spans: WordSpan[] = [];
  let token = first;
  let before = 0;
  for (const match of text.matchAll(word)) {
    if (token >= last) break;
    const [start, end] = [match.index, match.index + match[0].length];
    // With the space ahead of it, which most tokenizers make a part of the word.
    const alone = [inner(text.slice(before, end)), inner(match[0])].find((piece) => isAt(piece, token));
    const next = alone ? token + alone.length : Math.min(last, Math.max(token, first + inner(text.slice(0, end)).length));
    if (next > token) spans.push({ start, end, firstToken: token, lastToken: next });
    token = next;
    before = end;
  }
  return spans;
}

/** Between the marks that every text is put between. */
function withoutMarks(ids: Int32Array, tokenizer: Tokenizer): { readonly first: number; readonly last: number } {
  const marks = tokenizer.encode("");
  let opening = 0;
  while (opening < marks.length && ids[opening] === marks[opening]) opening++;
  return { first: opening, last: Math.max(opening, ids.length - (marks.length - opening)) };
}
