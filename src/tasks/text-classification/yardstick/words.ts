/**
 * Texts as lists of words, for a bag of words in any language: runs of letters (with their marks), digits and underscores, in lower
 * case and in one Unicode form. Scripts that put no spaces between words are read letter by letter, so that pairs of them stand for words;
 * an emoji is a word of its own. On Latin text this is scikit-learn's `(?u)\b\w+\b`.
 */

const unspaced = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]";
const word = new RegExp(`[[\\p{L}\\p{N}\\p{M}_]--${unspaced}]+|${unspaced}\\p{M}*|\\p{Extended_Pictographic}|\\p{Regional_Indicator}{2}`, "gv");

/** At most the first `limit` of them. */
export function wordsOf(text: string, limit: number): string[] {
  const words: string[] = [];
  for (const [match] of text.normalize("NFKC").toLowerCase().matchAll(word)) {
    if (words.length === limit) break;
    words.push(match);
  }
  return words;
}
