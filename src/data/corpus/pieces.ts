/**
 * A running text in pieces that a person can look through, leave out, and hold back: paragraphs, joined until they are of some size.
 * Pieces keep the white space before them, so that neighbours joined again are the text itself, and are tokenised alike.
 */

/** Characters, where there is text enough: about two windows of tokens. */
const wantedLength = 1000;
const leastLength = 200;
/** A short text is cut into about so many. */
const wantedPieces = 50;

/** Joined again, they are the text. None is white space alone, unless all of it is. */
export function piecesOf(text: string): string[] {
  const size = Math.min(wantedLength, Math.max(leastLength, Math.floor(text.length / wantedPieces)));
  const pieces: string[] = [];
  let piece = "";
  let hasWords = false;
  const take = (): void => {
    pieces.push(piece);
    piece = "";
    hasWords = false;
  };
  for (const paragraph of paragraphsOf(text)) {
    for (const part of partsOf(paragraph, 2 * size)) {
      if (hasWords && piece.length + part.length > 1.5 * size) take();
      piece += part;
      hasWords ||= /\S/.test(part);
      if (hasWords && piece.length >= size) take();
    }
  }
  if (!hasWords && pieces.length > 0) pieces[pieces.length - 1] += piece;
  else if (piece !== "") pieces.push(piece);
  return pieces;
}

/** Each with the blank lines before it. */
function paragraphsOf(text: string): string[] {
  return text.split(/(?=(?<![\n])\n[^\S\n]*\n)/);
}

/** Of at most `limit` characters: at the ends of lines, else of sentences, else between words, else anywhere. */
function partsOf(paragraph: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = paragraph;
  while (rest.length > limit) {
    const cut = cutWithin(rest, limit);
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return rest === "" ? parts : [...parts, rest];
}

function cutWithin(text: string, limit: number): number {
  const least = Math.floor(limit / 4);
  const head = text.slice(least, limit);
  for (const mark of [/\n(?=[^\n]*$)/, /(?<=[.!?…。！？]["'”’)]*)\s(?=[^.!?…。！？]*$)/, /\s(?=\S*$)/]) {
    const found = head.search(mark);
    if (found > 0) return least + found;
  }
  // Not within a character of two units.
  return /[\uD800-\uDBFF]$/.test(text.slice(0, limit)) ? limit - 1 : limit;
}
