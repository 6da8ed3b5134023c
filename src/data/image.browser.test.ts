import { describe, expect, test } from "vitest";
import { decodeImage, makeThumbnail } from "./image.ts";

type Paint = (context: OffscreenCanvasRenderingContext2D) => void;
const make = (width: number, height: number, paint: Paint, type = "image/png"): Promise<Blob> => {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas.getContext("2d") as OffscreenCanvasRenderingContext2D);
  return canvas.convertToBlob({ type, quality: 1 });
};
const fill = (colour: string, x: number, y: number, width: number, height: number): Paint => (context) => {
  context.fillStyle = colour;
  context.fillRect(x, y, width, height);
};
const both = (...paints: Paint[]): Paint => (context) => paints.forEach((paint) => paint(context));
const at = (rgb: Uint8Array, size: number, x: number, y: number): number[] => [...rgb.subarray((y * size + x) * 3, (y * size + x) * 3 + 3)];

/** The JPEG with an APP1 segment that holds nothing but the orientation. */
async function withOrientation(jpeg: Blob, orientation: number): Promise<Blob> {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const payload = [..."Exif\u0000\u0000"].map((char) => char.charCodeAt(0)).concat(tiff);
  const segment = Uint8Array.of(0xff, 0xe1, 0, payload.length + 2, ...payload);
  return new Blob([jpeg.slice(0, 2), segment, jpeg.slice(2)]);
}

describe("decodeImage", () => {
  test("keeps the centre of a wide image, scaled to its height", async () => {
    const blob = await make(96, 32, both(fill("rgb(255,0,0)", 0, 0, 32, 32), fill("rgb(0,128,0)", 32, 0, 32, 32), fill("rgb(0,0,255)", 64, 0, 32, 32)));
    const rgb = await decodeImage(blob, 16, "wide.png");
    expect(rgb.length).toBe(16 * 16 * 3);
    for (const [x, y] of [[1, 1], [8, 8], [14, 14]] as const) expect(at(rgb, 16, x, y)).toEqual([0, 128, 0]);
  });

  test("keeps rows and columns, and the order of the channels", async () => {
    const rgb = await decodeImage(await make(8, 8, both(fill("rgb(10,20,30)", 0, 0, 8, 8), fill("rgb(200,100,50)", 6, 1, 1, 1))), 8, "dot.png");
    expect(at(rgb, 8, 6, 1)).toEqual([200, 100, 50]);
    expect(at(rgb, 8, 1, 6)).toEqual([10, 20, 30]);
  });

  test("transparency is white", async () => {
    const rgb = await decodeImage(await make(8, 8, fill("rgba(0,0,0,0.5)", 0, 0, 4, 8)), 8, "half.png");
    expect(at(rgb, 8, 6, 4)).toEqual([255, 255, 255]);
    expect(at(rgb, 8, 1, 4)[0]).toBeGreaterThan(120);
    expect(at(rgb, 8, 1, 4)[0]).toBeLessThan(135);
  });

  test("scaling down averages instead of picking pixels", async () => {
    const checkers: Paint = (context) => {
      for (let y = 0; y < 256; y++) for (let x = y % 2; x < 256; x += 2) fill("white", x, y, 1, 1)(context);
    };
    const rgb = await decodeImage(await make(256, 256, both(fill("black", 0, 0, 256, 256), checkers)), 32, "checkers.png");
    expect(Math.min(...rgb)).toBeGreaterThan(100);
    expect(Math.max(...rgb)).toBeLessThan(155);
  });

  test("EXIF turns the image", async () => {
    const jpeg = await make(32, 32, both(fill("rgb(255,0,0)", 0, 0, 32, 16), fill("rgb(0,0,255)", 0, 16, 32, 16)), "image/jpeg");
    const plain = await decodeImage(jpeg, 32, "plain.jpg");
    expect((at(plain, 32, 16, 3)[0] as number) > 200 && (at(plain, 32, 16, 28)[2] as number) > 200).toBe(true);
    // 6: the stored top is the right-hand side.
    const turned = await decodeImage(await withOrientation(jpeg, 6), 32, "turned.jpg");
    expect(at(turned, 32, 28, 16)[0]).toBeGreaterThan(200);
    expect(at(turned, 32, 3, 16)[2]).toBeGreaterThan(200);
  });

  test.each(["image/png", "image/jpeg", "image/webp"])("%s decodes to the same pixels every time", async (type) => {
    const blob = await make(60, 45, (context) => {
      const gradient = context.createLinearGradient(0, 0, 60, 45);
      gradient.addColorStop(0, "orange");
      gradient.addColorStop(1, "navy");
      context.fillStyle = gradient;
      context.fillRect(0, 0, 60, 45);
    }, type);
    const [first, second] = await Promise.all([decodeImage(blob, 24, "a"), decodeImage(blob, 24, "a")]);
    expect(first).toEqual(second);
    expect(new Set(first).size).toBeGreaterThan(20);
  });

  test("refuses what is no image, is damaged or is too large, by name", async () => {
    const png = await make(64, 64, (context) => {
      for (let i = 0; i < 64; i++) fill(`rgb(${i * 4},${255 - i * 3},${(i * 37) % 255})`, i, 0, 1, 64)(context);
    });
    await expect(decodeImage(new Blob(["hello"]), 8, "cat.jpg")).rejects.toThrow(/^cat\.jpg: it is not an image\. Expected PNG, JPEG/);
    await expect(decodeImage(new Blob(["<svg xmlns='http://www.w3.org/2000/svg'/>"]), 8, "cat.svg")).rejects.toThrow(/^cat\.svg: it is SVG/);
    await expect(decodeImage(png.slice(0, 40), 8, "cut.png")).rejects.toThrow(/^cut\.png: the image cannot be read: it is damaged\./);
    const huge = new Uint8Array(await png.arrayBuffer());
    new DataView(huge.buffer).setUint32(16, 20_000);
    new DataView(huge.buffer).setUint32(20, 10_000);
    await expect(decodeImage(new Blob([huge]), 8, "huge.png")).rejects.toThrow(/^huge\.png: 20000 x 10000 pixels\. Expected at most 64 megapixels\./);
  });

  test.each(["image/png", "image/jpeg"])("half of a %s is damaged, not half grey", async (type) => {
    const noise = await make(128, 128, (context) => {
      for (let i = 0; i < 4096; i++) fill(`rgb(${(i * 97) % 256},${(i * 57) % 256},${(i * 31) % 256})`, (i % 64) * 2, Math.floor(i / 64) * 2, 2, 2)(context);
    }, type);
    await expect(decodeImage(noise.slice(0, noise.size / 2), 8, "half")).rejects.toThrow(/damaged/);
  });
});

test("a thumbnail is a small square", async () => {
  const bitmap = await createImageBitmap(await makeThumbnail(await make(200, 100, fill("teal", 0, 0, 200, 100)), 48));
  expect([bitmap.width, bitmap.height]).toEqual([48, 48]);
});
