/** Sizes are told before a picture is decoded, so a header that hides its size from us and not from the decoder must not pass. */
import { expect, test } from "vitest";
import { detectBytes, detectFile, isMeasured, isOversized, type FileKind } from "./image-header.ts";

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((char) => char.charCodeAt(0)) : [...part])));
const sof = (width: number, height: number): number[] => [0xff, 0xc0, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0];
const size = (found: FileKind): string => (found.kind === "image" ? `${found.width} x ${found.height}` : found.kind);

test("a JPEG's frame is found behind filling, rubbish and markers without a length, as decoders find it", () => {
  for (const between of [[], [0xff, 0xff, 0xff], [0, 1, 2, 3], [0xff, 0x00], [0xff, 0x01], [0xff, 0xd0], [0xff, 0xe1, 0, 4, 9, 9]]) {
    const found = detectBytes(bytes([0xff, 0xd8], [0xff, 0xe0, 0, 4, 1, 1], between, sof(60_000, 50_000)));
    expect(size(found), String(between)).toBe("60000 x 50000");
    expect(found.kind === "image" && isOversized(found)).toBe(true);
  }
});

test("a GIF's first picture may be larger than its screen", () => {
  const frame = [0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0];
  expect(size(detectBytes(bytes("GIF89a", [1, 0, 1, 0, 0, 0, 0], frame)))).toBe("65535 x 65535");
  expect(size(detectBytes(bytes("GIF89a", [1, 0, 1, 0, 0x80, 0, 0], [0, 0, 0, 1, 1, 1], [0x21, 0xf9, 2, 7, 7, 0], frame)))).toBe("65535 x 65535");
  expect(size(detectBytes(bytes("GIF89a", [8, 0, 4, 0, 0, 0, 0], [0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0])))).toBe("8 x 4");
});

test("what does not say its size where it should is not measured", () => {
  const png = (first: string): Uint8Array => bytes("\u0089PNG\r\n\u001a\n", [0, 0, 0, 13], first, [0, 0, 0, 9, 0, 0, 0, 7]);
  expect(size(detectBytes(png("IHDR")))).toBe("9 x 7");
  for (const head of [png("CgBI"), bytes("GIF89a", [1, 0, 1, 0, 0, 0, 0], [0x3b]), bytes("RIFF", [9, 0, 0, 0], "WEBPXXXX", Array<number>(20).fill(1)), bytes([0xff, 0xd8, 0xff, 0xd9], sof(9, 9))]) {
    const found = detectBytes(head);
    expect(found.kind).toBe("image");
    expect(found.kind === "image" && isMeasured(found), new TextDecoder().decode(head)).toBe(false);
  }
});

test("a header behind more metadata than is looked at first is found, in any format", async () => {
  const segments = Array.from({ length: 3 }, () => [0xff, 0xe1, 0x80, 0x00, ...Array<number>(0x8000 - 2).fill(0)]).flat();
  expect(size(await detectFile(new Blob([bytes([0xff, 0xd8], segments, sof(30, 20))])))).toBe("30 x 20");
  const comments = Array.from({ length: 400 }, () => [0x21, 0xfe, 255, ...Array<number>(255).fill(32), 0]).flat();
  expect(size(await detectFile(new Blob([bytes("GIF89a", [1, 0, 1, 0, 0, 0, 0], comments, [0x2c, 0, 0, 0, 0, 3, 0, 2, 0, 0])])))).toBe("3 x 2");
});

test("markup is markup whatever its file is called, behind spaces, comments and a byte order mark too", () => {
  for (const text of ["<svg/>", "\uFEFF<?xml version='1.0'?><svg xmlns='x'/>", `<!--${"x".repeat(3000)}--><svg/>`]) expect(detectBytes(new TextEncoder().encode(text))).toEqual({ kind: "markup", name: "SVG" });
  expect(detectBytes(new TextEncoder().encode("\n\n <!DOCTYPE html><script>"))).toEqual({ kind: "markup", name: "HTML" });
});
