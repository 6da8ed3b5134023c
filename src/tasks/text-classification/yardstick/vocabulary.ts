/**
 * Which words and pairs of neighbouring words count, and the texts in terms of them: term frequency (its logarithm) times inverse document
 * frequency, each text a vector of length one; scikit-learn's TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).
 *
 * Memory is bounded whatever the texts are. Of more than `maximumTerms` terms those of most texts stay, of equals the first to occur. So
 * that not all of them need a place meanwhile, pairs are first counted by their hashes in a table of fixed size, and only those
 * whose place there is common enough are counted exactly.
 */
import type { Pace } from "../../../data/pace.ts";
import { Growing, type SparseRows } from "./rows.ts";
import { wordsOf } from "./words.ts";

export interface VocabularyOptions {
  readonly maximumTerms: number;
  /** Of all training texts together: each is read up to its even share, but never to more than `wordsPerText` words. */
  readonly maximumWords?: number;
  readonly wordsPerText?: number;
}

const hashPlaces = 1 << 22;
/** Pairs are numbers, the first word's index times this and the second's: exact up to 2^53. */
const pairBase = 2 ** 26;

export class Vocabulary {
  private readonly words: ReadonlyMap<string, number>;
  /** Word index, or pair, -> column. */
  private readonly columns: ReadonlyMap<number, number>;
  private readonly idf: Float32Array;
  private readonly limit: number;

  private constructor(words: ReadonlyMap<string, number>, columns: ReadonlyMap<number, number>, idf: Float32Array, limit: number) {
    this.words = words;
    this.columns = columns;
    this.idf = idf;
    this.limit = limit;
  }

  get size(): number {
    return this.idf.length;
  }

  static async of(texts: readonly string[], { maximumTerms, maximumWords = 20e6, wordsPerText = 1000 }: VocabularyOptions, pace: Pace): Promise<Vocabulary> {
    const limit = Math.max(1, Math.min(wordsPerText, Math.floor(maximumWords / Math.max(1, texts.length))));
    const { words, sequences } = await readWords(texts, limit, pace);
    const isCommon = await commonPairs(sequences, maximumTerms, pace);
    const counts = new Map<number, number>();
    for (const sequence of sequences) {
      for (const term of termsOf(sequence)) if (term < pairBase || isCommon(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
      if (pace.due) await pace.breathe();
    }
    const columns = new Map<number, number>();
    const idf: number[] = [];
    for (const [term, count] of mostCommon(counts, maximumTerms)) {
      columns.set(term, columns.size);
      idf.push(Math.log((1 + texts.length) / (1 + count)) + 1);
      if (pace.due) await pace.breathe();
    }
    return new Vocabulary(words, columns, Float32Array.from(idf), limit);
  }

  /** One row a text; a text of unknown words is an empty row. */
  async vectorise(texts: readonly string[], pace: Pace, onRow: (done: number) => void): Promise<SparseRows> {
    const starts = new Uint32Array(texts.length + 1);
    const columns = new Growing((length) => new Uint32Array(length));
    const values = new Growing((length) => new Float32Array(length));
    for (const [row, text] of texts.entries()) {
      const frequencies = this.frequencies(text);
      const weights = [...frequencies].map(([column, frequency]) => (1 + Math.log(frequency)) * (this.idf[column] as number));
      const length = Math.hypot(...weights);
      [...frequencies.keys()].forEach((column, i) => {
        columns.push(column);
        values.push((weights[i] as number) / length);
      });
      starts[row + 1] = columns.length;
      onRow(row + 1);
      if (pace.due) await pace.breathe();
    }
    return { starts, columns: columns.view(), values: values.view(), columnCount: this.size };
  }

  /** Column -> how often the text has it. */
  private frequencies(text: string): ReadonlyMap<number, number> {
    const sequence = wordsOf(text, this.limit).map((word) => this.words.get(word));
    const found = new Map<number, number>();
    const count = (term: number): void => {
      const column = this.columns.get(term);
      if (column !== undefined) found.set(column, (found.get(column) ?? 0) + 1);
    };
    sequence.forEach((word, i) => {
      if (word === undefined) return;
      count(word);
      const next = sequence[i + 1];
      if (next !== undefined) count(pairOf(word, next));
    });
    return found;
  }
}

function pairOf(first: number, second: number): number {
  return (first + 1) * pairBase + second;
}

/** All words, and each text as their indices. */
async function readWords(texts: readonly string[], limit: number, pace: Pace): Promise<{ readonly words: ReadonlyMap<string, number>; readonly sequences: readonly Uint32Array[] }> {
  const words = new Map<string, number>();
  const sequences: Uint32Array[] = [];
  for (const [number, text] of texts.entries()) {
    const sequence = Uint32Array.from(wordsOf(text, limit), (word) => {
      const index = words.get(word) ?? words.size;
      words.set(word, index);
      return index;
    });
    sequences.push(sequence);
    pace.report("Counting words", number + 1, texts.length);
    if (pace.due) await pace.breathe();
  }
  return { words, sequences };
}

/** At most `limit` of the terms: those of the highest counts and, of the last count that has a place, the first. Without sorting, which would take long. */
function* mostCommon(counts: ReadonlyMap<number, number>, limit: number): Generator<readonly [term: number, count: number]> {
  const histogram = new Histogram();
  for (const count of counts.values()) histogram.add(count);
  const { floor, above } = histogram.floor(limit);
  let room = limit - above;
  for (const entry of counts) {
    const [, count] = entry;
    if (count > floor || (count === floor && room-- > 0)) yield entry;
  }
}

/** How many have each count. */
class Histogram {
  private readonly found = new Map<number, number>();

  add(count: number): void {
    this.found.set(count, (this.found.get(count) ?? 0) + 1);
  }

  /** The lowest count that is exceeded by no more than `limit`, and by how many. */
  floor(limit: number): { readonly floor: number; readonly above: number } {
    let above = 0;
    for (const [count, found] of [...this.found].sort(([a], [b]) => b - a)) {
      if (above + found > limit) return { floor: count, above };
      above += found;
    }
    return { floor: 0, above };
  }
}

/** Every word and pair of a text, once. */
function termsOf(sequence: Uint32Array): ReadonlySet<number> {
  const terms = new Set<number>(sequence);
  for (let i = 1; i < sequence.length; i++) terms.add(pairOf(sequence[i - 1] as number, sequence[i] as number));
  return terms;
}

/** A multiplicative hash (Knuth) of both words. */
function placeOf(pair: number): number {
  const first = Math.floor(pair / pairBase);
  return (Math.imul(first, 0x9e3779b1) ^ Math.imul(pair - first * pairBase, 0x85ebca6b)) >>> 10;
}

/** Whether a pair may be among the `maximumTerms` most common: true for all if they are few, never for many more than four times as many. */
async function commonPairs(sequences: readonly Uint32Array[], maximumTerms: number, pace: Pace): Promise<(pair: number) => boolean> {
  const places = new Uint32Array(hashPlaces);
  for (const sequence of sequences) {
    for (const term of termsOf(sequence)) if (term >= pairBase) places[placeOf(term)]! += 1;
    if (pace.due) await pace.breathe();
  }
  const histogram = new Histogram();
  for (let place = 0; place < hashPlaces; place++) {
    const count = places[place] as number;
    if (count > 0) histogram.add(count);
    if (place % 65536 === 0 && pace.due) await pace.breathe();
  }
  const { floor } = histogram.floor(4 * maximumTerms);
  return (pair) => (places[placeOf(pair)] as number) > floor;
}
