/** What the config.json of a text model says in the same way for every family: what the checkpoint was saved from, padding, heads. */
import type { JsonCursor } from "../../formats/json-cursor.ts";

/** The first of `architectures`: `BertForSequenceClassification`; "" where there is none. */
export function architectureName(config: JsonCursor): string {
  const field = config.get("architectures");
  return field.isMissing ? "" : (field.items()[0]?.string() ?? "");
}

/** Whether the checkpoint was saved from a classifier of whole texts. */
export function isSequenceClassifier(config: JsonCursor): boolean {
  return architectureName(config).endsWith("ForSequenceClassification");
}

/** The id that pads, which no text holds; `fallback` where the config has none that the vocabulary holds. */
export function paddingIdOf(config: JsonCursor, vocabulary: number, fallback: number): number {
  return idsOf(config.get("pad_token_id")).find((id) => id >= 0 && id < vocabulary) ?? fallback;
}

/** Decoders are published without padding. Then the end of a text pads, which is no part of a text that is only read. */
export function causalPaddingId(config: JsonCursor, vocabulary: number): number {
  return paddingIdOf(config, vocabulary, endOfTextIds(config, vocabulary)[0] ?? vocabulary - 1);
}

/** The ids that end a text, as far as the config says. */
export function endOfTextIds(config: JsonCursor, vocabulary: number): readonly number[] {
  return idsOf(config.get("eos_token_id")).filter((id) => id >= 0 && id < vocabulary);
}

/** One id, or a list of them. */
function idsOf(field: JsonCursor): readonly number[] {
  if (field.isMissing) return [];
  return Array.isArray(field.value) ? field.integers() : [field.integer()];
}

/** A rate from 0 to below 1. */
export function dropoutRate(field: JsonCursor, fallback: number): number {
  const rate = field.number(fallback);
  if (rate < 0 || rate >= 1) throw field.wrong("a rate from 0 to below 1");
  return rate;
}

/** @throws GraftError if the heads do not divide the width. */
export function headWidth(headsField: JsonCursor, width: number, heads: number): number {
  if (width % heads !== 0) throw headsField.wrong(`a divisor of the width ${width}`);
  return width / heads;
}
