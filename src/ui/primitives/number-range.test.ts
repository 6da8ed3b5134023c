/** Numbers that are typed or stepped within a range. */
import { expect, it } from "vitest";
import { parseInRange, stepInRange } from "./number-range.ts";

const share = { min: 0, max: 1, step: 0.05 };
const count = { min: 1, max: 100, step: 10, whole: true };

it("what is typed is a number of the range, or a sentence", () => {
  expect(parseInRange(" 5e-1 ", share)).toEqual({ value: 0.5, problem: null });
  expect(["", "x", "Infinity"].map((text) => parseInRange(text, share).problem)).toEqual(Array(3).fill("Must be a number."));
  expect([parseInRange("2", share).problem, parseInRange("-1", share).problem]).toEqual(["Must be 1 or less.", "Must be 0 or more."]);
  expect([parseInRange("1.5", count).problem, parseInRange("7", count).problem]).toEqual(["Must be a whole number.", null]);
});

it("an arrow key leads to the next multiple of the step, and not out of the range", () => {
  expect([stepInRange(0.1, share, 1), stepInRange(0.12, share, -1), stepInRange(0.15, share, 1)]).toEqual([0.15, 0.1, 0.2]);
  expect([stepInRange(1, share, 1), stepInRange(0, share, -1)]).toEqual([1, 0]);
  expect([stepInRange(1, count, 1), stepInRange(95, count, 1), stepInRange(10, count, -1)]).toEqual([10, 100, 1]);
});
