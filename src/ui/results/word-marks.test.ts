/** The pieces of a text whose words are marked. */
import { describe, expect, it } from "vitest";
import { segmentsOf } from "./WordMarks.tsx";

describe("the pieces of a marked text", () => {
  it("add up to the text, with what stands between words and behind the last unmarked", () => {
    expect(segmentsOf(" a bad, bad film ", [{ start: 3, end: 6, score: -2 }, { start: 6, end: 7, score: 0 }, { start: 12, end: 16, score: 1 }])).toEqual([
      { text: " a ", score: null },
      { text: "bad", score: -2 },
      { text: ",", score: 0 },
      { text: " bad ", score: null },
      { text: "film", score: 1 },
      { text: " ", score: null },
    ]);
    expect(segmentsOf("all of it", [])).toEqual([{ text: "all of it", score: null }]);
    expect(segmentsOf("", [])).toEqual([]);
  });

  it("leave emoji and right-to-left text whole and in the text's own order", () => {
    const text = "תפוח 👩‍🍳🍎 مطرقة";
    const pieces = ["תפוח", "👩‍🍳", "🍎", "مطرقة"];
    const words = pieces.map((piece, score) => ({ start: text.indexOf(piece), end: text.indexOf(piece) + piece.length, score }));
    const segments = segmentsOf(text, words);
    expect(segments.filter(({ score }) => score !== null).map((segment) => segment.text)).toEqual(pieces);
    expect(segments.map((segment) => segment.text).join("")).toBe(text);
  });
});
