/**
 * What a file is, told by its first bytes and never by its name: an image and its size in pixels, or something else. Sizes
 * are read from headers, so that a picture too large to decode is never decoded.
 * Sources: PNG 3rd edition 5.2 and 11.2.1; JPEG (T.81) B.1.1 and B.2.2; GIF89a 18; RFC 9649 (WebP); ISO/IEC 23008-12 (AVIF).
 */

export type FileKind =
  /** Zeros where the header does not say, or not where it should: such a picture is not decoded, since it may be of any size. */
  | { readonly kind: "image"; readonly type: ImageType; readonly width: number; readonly height: number }
  | { readonly kind: "markup"; readonly name: "SVG" | "HTML" }
  /** An image in a format that browsers do not decode. */
  | { readonly kind: "foreign-image"; readonly name: "HEIC" | "TIFF" }
  | { readonly kind: "zip" }
  | { readonly kind: "other" };

export type ImageType = "png" | "jpeg" | "webp" | "gif" | "bmp" | "avif";

/** A picture of this size takes a quarter of a gigabyte once it is decoded, and four are decoded at once. */
export const largestMegapixels = 64;

/** Whether the header says how large it is. */
export function isMeasured({ width, height }: { readonly width: number; readonly height: number }): boolean {
  return width > 0 && height > 0;
}

export function isOversized({ width, height }: { readonly width: number; readonly height: number }): boolean {
  return width * height > largestMegapixels * 1e6;
}

/** Enough for every header but one with very much metadata before it. */
const headBytes = 65536;
/** No header lies deeper; a file that says otherwise would be read whole for nothing. */
const deepestHeaderBytes = 2 ** 26;

export async function detectFile(blob: Blob): Promise<FileKind> {
  const head = new Uint8Array(await blob.slice(0, headBytes).arrayBuffer());
  const found = detectBytes(head);
  if (found.kind !== "image" || isMeasured(found) || blob.size <= headBytes) return found;
  return detectBytes(new Uint8Array(await blob.slice(0, deepestHeaderBytes).arrayBuffer()));
}

export function detectBytes(bytes: Uint8Array): FileKind {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const image = (type: ImageType, [width, height]: Size): FileKind => ({ kind: "image", type, width, height });
  const ascii = (at: number, text: string): boolean => bytes.length >= at + text.length && [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));

  if (ascii(0, "\u0089PNG\r\n\u001a\n")) return image("png", ascii(12, "IHDR") ? sized(() => [view.getUint32(16), view.getUint32(20)]) : [0, 0]);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return image("jpeg", sized(() => jpegSize(view)));
  if (ascii(0, "GIF87a") || ascii(0, "GIF89a")) return image("gif", sized(() => gifSize(view)));
  if (ascii(0, "RIFF") && ascii(8, "WEBP")) return image("webp", sized(() => webpSize(view, ascii)));
  if (ascii(0, "BM") && bytes.length >= 26 && view.getUint32(14, true) <= 124) return image("bmp", sized(() => bmpSize(view)));
  if (ascii(4, "ftyp")) {
    const brand = String.fromCharCode(...bytes.subarray(8, 12));
    if (brand === "avif" || brand === "avis") return image("avif", sized(() => avifSize(bytes, view)));
    if (/^(hei[cxms]|hev[cx]|mif1)$/.test(brand)) return { kind: "foreign-image", name: "HEIC" };
  }
  if (ascii(0, "II*\u0000") || ascii(0, "MM\u0000*")) return { kind: "foreign-image", name: "TIFF" };
  if (ascii(0, "PK\u0003\u0004") || ascii(0, "PK\u0005\u0006")) return { kind: "zip" };
  return markup(bytes) ?? { kind: "other" };
}

type Size = readonly [width: number, height: number];

function sized(read: () => Size): Size {
  try {
    return read();
  } catch (error) {
    // The header is cut off.
    if (error instanceof RangeError) return [0, 0];
    throw error;
  }
}

/** Walks the segments to the frame header, SOF0 .. SOF15 without DHT, JPG and DAC. Between segments decoders skip what is no marker, and so does this. */
function jpegSize(view: DataView): Size {
  for (let at = 2; ; ) {
    const marker = view.getUint8(at) === 0xff ? view.getUint8(at + 1) : 0;
    if (marker === 0 || marker === 0xff) at++;
    // Markers without a length: restarts, start and temporary; the end comes before any frame.
    else if (marker === 0xd9) return [0, 0];
    else if ((marker >= 0xd0 && marker <= 0xd8) || marker === 0x01) at += 2;
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    else at += 2 + view.getUint16(at + 2);
  }
}

/** The screen, or the first picture where that is larger: decoders make room for both. */
function gifSize(view: DataView): Size {
  const screen: Size = [view.getUint16(6, true), view.getUint16(8, true)];
  const skipTable = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  for (let at = 13 + skipTable(view.getUint8(10)); ; ) {
    const block = view.getUint8(at);
    if (block === 0x2c) {
      const [left, top, width, height] = [1, 3, 5, 7].map((field) => view.getUint16(at + field, true)) as [number, number, number, number];
      return [Math.max(screen[0], left + width), Math.max(screen[1], top + height)];
    }
    if (block !== 0x21) return [0, 0];
    // An extension: sub-blocks up to an empty one.
    for (at += 2; view.getUint8(at) !== 0; ) at += 1 + view.getUint8(at);
    at++;
  }
}

function webpSize(view: DataView, ascii: (at: number, text: string) => boolean): Size {
  if (ascii(12, "VP8 ")) return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  if (ascii(12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  if (!ascii(12, "VP8X")) return [0, 0];
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  return [uint24(24) + 1, uint24(27) + 1];
}

/** A header of 12 bytes is OS/2's, with 16-bit sizes; a negative height means rows from the top. */
function bmpSize(view: DataView): Size {
  if (view.getUint32(14, true) === 12) return [view.getUint16(18, true), view.getUint16(20, true)];
  return [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
}

/** The largest image spatial extents property (ispe): of a grid, that of the whole. */
function avifSize(bytes: Uint8Array, view: DataView): Size {
  let size: Size = [0, 0];
  for (let at = bytes.indexOf(0x69); at !== -1 && at + 16 <= bytes.length; at = bytes.indexOf(0x69, at + 1)) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (width * height > size[0] * size[1]) size = [width, height];
  }
  return size;
}

function markup(bytes: Uint8Array): FileKind | null {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096)).trimStart().toLowerCase();
  if (!start.startsWith("<")) return null;
  if (start.includes("<svg")) return { kind: "markup", name: "SVG" };
  return /<(!doctype html|html|head|body)/.test(start) ? { kind: "markup", name: "HTML" } : null;
}
