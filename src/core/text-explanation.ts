/** What a model's answer about a text is due to, as whoever marks the words sees it. */

export interface WordScore {
  /** UTF-16 places in the text, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** Above 0 where the word speaks for the answer, below where it speaks against it. */
  readonly score: number;
}

/** The scores add up to `output - baseline`, up to a fiftieth, or more where words for and against nearly cancel. Words that the model did not see are not among them. */
export interface TextExplanation {
  readonly words: readonly WordScore[];
  /** For a class or a label the log-odds of it (its probability is 1 / (1 + exp(-output))), for a number the number. */
  readonly output: number;
  /** The same of a text whose words say nothing. */
  readonly baseline: number;
}
