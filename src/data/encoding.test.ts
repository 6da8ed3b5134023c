import { describe, expect, test } from "vitest";
import { CancelledError, GraftError } from "../core/errors.ts";
import { decodeText } from "./encoding.ts";

const utf16 = (text: string, { bigEndian = false, bom = false } = {}): Uint8Array<ArrayBuffer> => {
  const units = [...(bom ? "\uFEFF" : ""), ...text].join("");
  const bytes = new Uint8Array(units.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < units.length; i++) view.setUint16(i * 2, units.charCodeAt(i), !bigEndian);
  return bytes;
};
const decode = (...parts: BlobPart[]): ReturnType<typeof decodeText> => decodeText(new Blob(parts), "data.csv");
const sample = "text,label\ncafé “naïve” 😀,gut\n";

describe("decodeText", () => {
  test.each([
    ["UTF-8", new TextEncoder().encode(sample)],
    ["UTF-8 with BOM", new TextEncoder().encode(`\uFEFF${sample}`)],
    ["UTF-16 LE", utf16(sample, { bom: true })],
    ["UTF-16 BE", utf16(sample, { bom: true, bigEndian: true })],
    ["UTF-16 LE", utf16(sample)],
    ["UTF-16 BE", utf16(sample, { bigEndian: true })],
  ])("reads %s", async (encoding, bytes) => {
    expect(await decode(bytes)).toEqual({ text: sample, encoding });
  });

  test("what is not UTF-8 is Windows-1252", async () => {
    expect(await decode(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x2c, 0xfc))).toEqual({ text: "café,ü", encoding: "Windows-1252" });
  });

  test("a character across two pieces, and an invalid byte far into the file", async () => {
    const ascii = "a".repeat(4 * 2 ** 20 - 1);
    const { text, encoding } = await decode(ascii, "é", "z");
    expect([text.slice(-3), text.length, encoding]).toEqual(["aéz", ascii.length + 2, "UTF-8"]);
    const late = await decode(ascii, ascii, Uint8Array.of(0xe9));
    expect([late.text.slice(-2), late.encoding]).toEqual(["aé", "Windows-1252"]);
  });

  test("a truncated UTF-8 character at the end is not UTF-8", async () => {
    expect((await decode(Uint8Array.of(0x61, 0xc3))).encoding).toBe("Windows-1252");
  });

  test("a damaged byte after a byte order mark costs one character", async () => {
    expect(await decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xe9, 0x62))).toEqual({ text: "a\uFFFDb", encoding: "UTF-8 with BOM" });
  });

  test("an empty file is empty text", async () => {
    expect(await decode()).toEqual({ text: "", encoding: "UTF-8" });
  });

  test("binary bytes are refused by name", async () => {
    await expect(decode(Uint8Array.of(1, 0, 0, 0, 200, 3, 0, 0))).rejects.toThrow(/^data\.csv: the file is not text/);
    await expect(decode(Uint8Array.of(1, 0, 0, 0))).rejects.toBeInstanceOf(GraftError);
  });

  test("can be cancelled", async () => {
    await expect(decodeText(new Blob(["a,b"]), "a.csv", { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
  });
});
