/** What is said of cut texts. */
import { expect, test } from "vitest";
import { cutsMany, describeCut } from "./token-lengths.ts";

test("none, one and many cut texts", () => {
  expect(describeCut({ texts: 480, cut: 0, limit: 128 })).toBe("None of the 480 texts is longer than 128 tokens: nothing is cut.");
  expect(describeCut({ texts: 480, cut: 1, limit: 128 })).toBe("1 of the 480 texts (0.2%) is longer than 128 tokens and is cut there.");
  expect(describeCut({ texts: 480, cut: 48, limit: 128 })).toBe("48 of the 480 texts (10%) are longer than 128 tokens and are cut there.");
  expect([0, 47, 48].map((cut) => cutsMany({ texts: 480, cut }))).toEqual([false, false, true]);
  expect(cutsMany({ texts: 0, cut: 0 })).toBe(false);
});
