/**
 * The one error that a person is meant to read. Everything that can go wrong with somebody's data, model or recipe is
 * thrown as a GraftError; any other error is a bug in Graft and is shown as one.
 */

export interface ErrorSentence {
  /** What was wrong, and what was found: `3 columns, the header has 4`. */
  readonly what: string;
  /** Where: a file, a row, a node, a recipe field: `labels.csv row 17`. */
  readonly where?: string;
  /** What was expected instead. */
  readonly wanted?: string;
  /** What to do now. */
  readonly next?: string;
}

export class GraftError extends Error {
  override readonly name = "GraftError";
  readonly sentence: ErrorSentence;

  /** The parts may quote what others wrote: names of files, of columns, of nodes. */
  constructor({ what, where, wanted, next }: ErrorSentence) {
    const sentence: ErrorSentence = {
      what: printable(what),
      ...(where !== undefined && { where: printable(where) }),
      ...(wanted !== undefined && { wanted: printable(wanted) }),
      ...(next !== undefined && { next: printable(next) }),
    };
    super(formatSentence(sentence));
    this.sentence = sentence;
  }
}

const longestPart = 600;

/**
 * What can be shown on a page and in a terminal alike: no control characters, which move a terminal's cursor and colour its text, no
 * marks that turn the direction of writing around, and no part of a sentence so long that the rest is lost.
 */
export function printable(text: string): string {
  const short = text.length > longestPart ? `${text.slice(0, longestPart - 1)}…` : text;
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/gu, "\ufffd");
}

/** `labels.csv row 17: 3 columns, the header has 4. Expected …. Quote the comma in "red, round".` */
export function formatSentence({ what, where, wanted, next }: ErrorSentence): string {
  const parts = [where === undefined ? what : `${where}: ${what}`];
  if (wanted !== undefined) parts.push(`Expected ${wanted}`);
  if (next !== undefined) parts.push(next);
  return parts.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(" ");
}

/** The sentence of any thrown value, for the one place that shows it. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Closes a switch over a union: a forgotten case is a type error. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}

/** A job was cancelled on request. It is not a failure and nothing needs saying. */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
  constructor() {
    super("Cancelled.");
  }
}
