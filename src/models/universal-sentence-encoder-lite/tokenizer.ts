/**
 * SentencePiece unigram tokenization, as the published encoder was trained with: NFKC, spaces as "▁", and the pieces of the
 * highest total score by Viterbi. It follows the published implementation (tfjs-models, universal-sentence-encoder/src/tokenizer)
 * where that departs from SentencePiece: unknown symbols cost nothing, and runs of them become one.
 */
import { GraftError } from "../../core/errors.ts";
import { pairIds } from "../tokenizers/pair.ts";
import type { Tokenizer } from "../types.ts";

interface TrieNode {
  readonly children: Map<string, TrieNode>;
  /** The piece that ends here, if one does. */
  id: number;
}

const unknownId = 0;
/** The first pieces (unknown, sentence marks, spares) stand for no text. */
const reservedPieces = 6;
/** The embedding table has two rows more than there are pieces; the last is nobody's, so padding may have it. */
export const paddingId = 8001;

/**
 * @param vocabulary the parsed vocab.json: [piece, log probability] pairs.
 * @throws GraftError if it is something else.
 */
export function createTokenizer(vocabulary: unknown): Tokenizer {
  const pieces = parseVocabulary(vocabulary);
  const root = buildTrie(pieces);

  const encode = (text: string, maxTokens = Infinity): Int32Array => {
    const normalized = text.normalize("NFKC");
    if (normalized === "") return new Int32Array(0);
    const symbols = [..."▁", ...normalized.replaceAll(" ", "▁")];
    // best[end]: the highest score of symbols[0..end), reached by piece ids[end] from starts[end].
    const best = new Float64Array(symbols.length + 1);
    const ids = new Int32Array(symbols.length + 1);
    const starts = new Int32Array(symbols.length + 1);
    for (let start = 0; start < symbols.length; start++) {
      let found = false;
      let node = root.children.get(symbols[start] as string);
      for (let end = start + 1; node; end++) {
        if (node.id >= 0) {
          found = true;
          reach(end, start, node.id, (pieces[node.id] as Piece).score);
        }
        node = end < symbols.length ? node.children.get(symbols[end] as string) : undefined;
      }
      if (!found) reach(start + 1, start, unknownId, 0);
    }
    const reversed: number[] = [];
    for (let end = symbols.length; end > 0; end = starts[end] as number) {
      const id = ids[end] as number;
      if (id !== unknownId || reversed.at(-1) !== unknownId) reversed.push(id);
    }
    return Int32Array.from(reversed.reverse().slice(0, maxTokens));

    function reach(end: number, start: number, id: number, score: number): void {
      const total = (best[start] as number) + score;
      const known = best[end] as number;
      if (known !== 0 && total < known) return;
      best[end] = total;
      ids[end] = id;
      starts[end] = start;
    }
  };

  const pieceOf = (id: number): string => pieces[id]?.text ?? "";
  return {
    encode,
    // It was trained on single texts; the unknown piece, which a line break is, keeps two apart.
    encodePair: (first, second, maxTokens) => pairIds(encode(first), encode(second), { opening: [], middle: [unknownId], closing: [] }, maxTokens),
    pieces: (text) => Array.from(encode(text), pieceOf),
    decode: (ids) => Array.from(ids, (id) => (id < reservedPieces ? "" : pieceOf(id))).join("").replaceAll("▁", " ").trimStart(),
    vocabularySize: pieces.length,
    paddingId,
  };
}

interface Piece {
  readonly text: string;
  readonly score: number;
}

function parseVocabulary(vocabulary: unknown): Piece[] {
  const valid = Array.isArray(vocabulary) && vocabulary.length > reservedPieces && vocabulary.length <= paddingId;
  if (!valid || !vocabulary.every((entry) => Array.isArray(entry) && typeof entry[0] === "string" && (typeof entry[1] === "number" || entry[1] === null))) {
    throw new GraftError({ where: "vocab.json", what: "it is not a SentencePiece vocabulary", wanted: `between ${reservedPieces + 1} and ${paddingId} pairs of a piece and its score` });
  }
  // Pieces with a colon lost their score when the vocabulary was converted; the published code adds null, that is nothing.
  return (vocabulary as [string, number | null][]).map(([text, score]) => ({ text, score: score ?? 0 }));
}

function buildTrie(pieces: readonly Piece[]): TrieNode {
  const root: TrieNode = { children: new Map(), id: -1 };
  pieces.forEach(({ text }, id) => {
    if (id < reservedPieces) return;
    let node = root;
    for (const symbol of text) {
      let next = node.children.get(symbol);
      if (!next) node.children.set(symbol, (next = { children: new Map(), id: -1 }));
      node = next;
    }
    node.id = id;
  });
  return root;
}
