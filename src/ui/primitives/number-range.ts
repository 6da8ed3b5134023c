/** Numbers that are typed or stepped within a range. Pure. */

/** What was typed: a number, or what is wrong with it as a sentence. */
export type Typed = { readonly value: number; readonly problem: null } | { readonly problem: string };

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** By which an arrow key moves it. */
  readonly step: number;
  readonly whole?: boolean;
}

export function parseInRange(text: string, { min, max, whole = false }: NumberRange): Typed {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) return { problem: `Must be a ${whole ? "whole " : ""}number.` };
  if (whole && !Number.isInteger(value)) return { problem: "Must be a whole number." };
  if (value < min) return { problem: `Must be ${min} or more.` };
  return value > max ? { problem: `Must be ${max} or less.` } : { value, problem: null };
}

/** The next multiple of the step that way, at most the range's end. */
export function stepInRange(value: number, { min, max, step }: NumberRange, direction: 1 | -1): number {
  // Without binary dust: 0.1 + 0.05 is 0.15.
  const tidy = (number: number): number => Number(number.toPrecision(10));
  const next = direction === 1 ? (Math.floor(tidy(value / step)) + 1) * step : (Math.ceil(tidy(value / step)) - 1) * step;
  return tidy(Math.min(max, Math.max(min, next)));
}
