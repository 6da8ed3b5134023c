/** Pictures that are none, that are larger than they look, or that are damaged: for a browser's decoders. */
import { zlibSync } from "fflate";
import { Rng } from "../../../core/rng.ts";
import { decodeImage, makeThumbnail } from "../../../data/image.ts";
import { mutateBytes } from "../../../formats/testing/mutate.ts";
import type { HostileInput } from "./survive.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Part = string | readonly number[] | Uint8Array;

function bytes(...parts: readonly Part[]): Bytes {
  return new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part])));
}

function crc32(content: Uint8Array): number {
  let crc = -1;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const uint32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const uint16 = (value: number): number[] => [value >>> 8, value & 255];
const little16 = (value: number): number[] => [value & 255, value >>> 8];

function chunk(type: string, content: Uint8Array): Bytes {
  const body = bytes(type, content);
  return bytes(uint32(content.length), body, uint32(crc32(body)));
}

const signature = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
const nothing = new Uint8Array();

/** An 8-bit grey PNG that says it has these sides; its pixels are those of `rows` rows of zeros. */
function png(width: number, height: number, { rows = Math.min(height, 4), between = nothing }: { readonly rows?: number; readonly between?: Uint8Array } = {}): Bytes {
  const header = chunk("IHDR", bytes(uint32(width), uint32(height), [8, 0, 0, 0, 0]));
  return bytes(signature, header, between, chunk("IDAT", zlibSync(new Uint8Array(rows * (1 + Math.min(width, 100_000))))), chunk("IEND", nothing));
}

const gif = (screen: number, frame: number): Bytes => bytes("GIF89a", little16(screen), little16(screen), [0x80, 0, 0, 0, 0, 0, 255, 255, 255], [0x2c, 0, 0, 0, 0], little16(frame), little16(frame), [0, 2, 2, 0x4c, 1, 0, 0x3b]);
const bmp = (width: number, height: number): Bytes => bytes("BM", Array<number>(12).fill(0), [40, 0, 0, 0], [...uint32(width)].reverse(), [...uint32(height)].reverse(), [1, 0, 24, 0], Array<number>(24).fill(0));
const jpegHeader = (width: number, height: number, between: readonly number[] = []): Bytes => bytes([0xff, 0xd8], [0xff, 0xe0, 0, 4, 1, 1], between, [0xff, 0xc0, 0, 11, 8], uint16(height), uint16(width), [1, 1, 0x11, 0], [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0]);
const webp = (kind: string, content: readonly number[]): Bytes => bytes("RIFF", [200, 0, 0, 0], "WEBP", kind, [content.length, 0, 0, 0], content, Array<number>(180).fill(0));

function handMade(sound: ReadonlyMap<string, Bytes>): ReadonlyMap<string, Bytes> {
  const pngOf = sound.get("png") as Bytes;
  const jpeg = sound.get("jpeg") as Bytes;
  const script = "<script>polluted=1</script>";
  return new Map<string, Bytes>([
    ["an SVG with a script", bytes(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
    ["an SVG behind a comment", bytes(`<!--${"x".repeat(2000)}--><svg onload="polluted=1"/>`)],
    ["an SVG of entities", bytes(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "${"lol".repeat(1000)}">]><svg xmlns="http://www.w3.org/2000/svg">${"&a;".repeat(1000)}</svg>`)],
    ["an SVG in UTF-16", bytes([0xff, 0xfe], [...`<svg onload="polluted=1"/>`].flatMap((char) => [char.charCodeAt(0), 0]))],
    ["an SVG, zipped", bytes([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], Array<number>(40).fill(1))],
    ["HTML", bytes(`<!doctype html>${script}`)],
    ["HTML that starts as a GIF", bytes("GIF89a/*", `*/=1;</script>${script}`)],
    ["HTML that starts as a PNG", bytes(signature, script)],
    ["HTML that starts as a BMP", bytes("BM", script)],
    ["a JPEG with a page in a comment", bytes(jpeg.subarray(0, 2), [0xff, 0xfe], uint16(2 + script.length), script, jpeg.subarray(2))],
    ["a PNG with a zip behind it", bytes(pngOf, "PK\u0003\u0004", Array<number>(50).fill(0))],
    ["a zip", bytes("PK\u0003\u0004", Array<number>(50).fill(0))],
    ["a PDF", bytes("%PDF-1.7\n1 0 obj")],
    ["an icon", bytes([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0], Array<number>(50).fill(0))],
    ["HEIC", bytes([0, 0, 0, 24], "ftypheic", Array<number>(50).fill(0))],
    ["TIFF", bytes("II*\u0000", Array<number>(50).fill(0))],
    ["nothing", nothing],
    ["one byte", bytes([0xff])],
    ["a hundred megapixels", png(10_000, 10_000)],
    ["a line of a hundred million pixels", png(100_000_000, 1)],
    ["more pixels than a number has", png(0xffffffff, 0xffffffff)],
    ["no pixels", png(0, 0)],
    ["no height", png(9, 0)],
    ["forty-nine megapixels of nothing", png(7000, 7000, { rows: 7000 })],
    ["sixty megapixels in four rows", png(8000, 7500)],
    ["more rows than it says", png(4, 4, { rows: 1_000_000 })],
    ["a text of fifty megabytes", png(4, 4, { between: chunk("zTXt", bytes("Comment", [0, 0], zlibSync(new Uint8Array(50_000_000)))) })],
    ["a colour profile of fifty megabytes", png(4, 4, { between: chunk("iCCP", bytes("icc", [0, 0], zlibSync(new Uint8Array(50_000_000)))) })],
    ["ten thousand empty chunks", png(4, 4, { between: bytes(...Array.from({ length: 10_000 }, () => chunk("tEXt", nothing))) })],
    ["a chunk ahead of its header", bytes(signature, chunk("CgBI", bytes([1, 2, 3, 4])), png(60_000, 60_000).subarray(8))],
    ["a chunk of two gigabytes", bytes(pngOf.subarray(0, 33), uint32(0x7fffffff), "IDAT", [1, 2, 3])],
    ["a million animations", png(4, 4, { between: chunk("acTL", bytes(uint32(1_000_000), uint32(0))) })],
    ["a GIF larger than its screen", gif(1, 65_535)],
    ["a GIF of four gigapixels", gif(65_535, 1)],
    ["a GIF without a picture", gif(4, 4).slice(0, 13)],
    ["a BMP of four gigapixels", bmp(65_536, 65_536)],
    ["a BMP of negative sides", bmp(-5, -2_147_483_648)],
    ["a BMP of no sides", bmp(0, 0)],
    ["a JPEG of four gigapixels", jpegHeader(65_535, 65_535)],
    ["a JPEG of four gigapixels behind rubbish", jpegHeader(65_535, 65_535, [0, 1, 2])],
    ["a JPEG of four gigapixels behind a megabyte", jpegHeader(65_535, 65_535, Array.from({ length: 16 }, () => [0xff, 0xe1, 0xff, 0xff, ...Array<number>(0xfffd).fill(0)]).flat())],
    ["a JPEG without a height", jpegHeader(500, 0)],
    ["a JPEG that ends at once", bytes([0xff, 0xd8, 0xff, 0xd9])],
    ["a WebP of gigapixels", webp("VP8X", [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["a WebP of a kind that is none", webp("ABCD", Array<number>(10).fill(1))],
    ["a lossless WebP of gigapixels", webp("VP8L", [0x2f, 0xff, 0xff, 0xff, 0xff])],
    ["an AVIF of gigapixels", bytes([0, 0, 0, 28], "ftypavif", Array<number>(16).fill(0), [0, 0, 0, 20], "ispe", [0, 0, 0, 0], uint32(0xffff), uint32(0xffff))],
    ["an AVIF without a size", bytes([0, 0, 0, 28], "ftypavif", Array<number>(60).fill(0))],
  ]);
}

export async function hostilePictures(): Promise<readonly HostileInput[]> {
  const random = new Rng(66);
  const canvas = new OffscreenCanvas(48, 32);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  for (let i = 0; i < 96; i++) {
    context.fillStyle = `rgb(${random.int(256)},${random.int(256)},${random.int(256)})`;
    context.fillRect((i % 12) * 4, Math.floor(i / 12) * 4, 4, 4);
  }
  const sound = new Map<string, Bytes>();
  for (const type of ["png", "jpeg", "webp"]) sound.set(type, new Uint8Array(await (await canvas.convertToBlob({ type: `image/${type}` })).arrayBuffer()));
  const made = new Map([...sound, ...handMade(sound)]);
  for (const [type, content] of sound) for (let i = 0; i < 20; i++) made.set(`${type}, damaged ${i}`, mutateBytes(content, random.fork(i)) as Bytes);
  return [...made].map(([name, content]) => ({
    name,
    read: async () => {
      const blob = new Blob([content], { type: "image/svg+xml" });
      await decodeImage(blob, 32, `\u001b[31m<img src=x onerror="polluted=1">/${name}.png`);
      await makeThumbnail(blob, 16, name);
    },
  }));
}
