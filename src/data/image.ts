/** An image file to pixels. The browser decodes; what is refused is refused by its header, before memory is spent on it. */
import { GraftError } from "../core/errors.ts";
import { detectFile, isMeasured, isOversized, largestMegapixels } from "./image-header.ts";

/**
 * RGB, [size, size, 3], 0..255: turned as its EXIF data say, transparency on white, scaled until the shorter side fits, the
 * centre kept.
 * @param name of the file, for the error.
 * @throws GraftError if it is not an image that can be decoded, or too large.
 */
export async function decodeImage(blob: Blob, size: number, name: string): Promise<Uint8Array> {
  const canvas = await draw(blob, size, name);
  const { data } = context2d(canvas).getImageData(0, 0, size, size);
  const rgb = new Uint8Array(size * size * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from] as number;
    rgb[to + 1] = data[from + 1] as number;
    rgb[to + 2] = data[from + 2] as number;
  }
  return rgb;
}

/** A square picture of `size` pixels a side, cut as `decodeImage` cuts it. */
export async function makeThumbnail(blob: Blob, size: number, name = "the image"): Promise<Blob> {
  return (await draw(blob, size, name)).convertToBlob({ type: "image/webp", quality: 0.8 });
}

/** @throws GraftError if the image cannot be decoded. */
export async function checkImage(blob: Blob, name: string): Promise<void> {
  (await openBitmap(blob, name)).close();
}

async function draw(blob: Blob, size: number, name: string): Promise<OffscreenCanvas> {
  const bitmap = await openBitmap(blob, name);
  try {
    const canvas = new OffscreenCanvas(size, size);
    const context = context2d(canvas);
    context.fillStyle = "white";
    context.fillRect(0, 0, size, size);
    context.imageSmoothingQuality = "high";
    const side = Math.min(bitmap.width, bitmap.height);
    context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
    return canvas;
  } finally {
    bitmap.close();
  }
}

/** Read back often means drawn by the CPU, which is also what makes the pixels the same on every run. */
function context2d(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new GraftError({ what: "the browser gives no canvas to decode images with", next: "Close other tabs and try again" });
  return context;
}

async function openBitmap(blob: Blob, name: string): Promise<ImageBitmap> {
  const found = await detectFile(blob);
  if (found.kind !== "image") {
    const what = found.kind === "markup" || found.kind === "foreign-image" ? `it is ${found.name}, which has no pixels that a browser can read` : "it is not an image";
    throw new GraftError({ where: name, what, wanted: "PNG, JPEG, WebP, GIF, BMP or AVIF" });
  }
  if (isOversized(found)) {
    throw new GraftError({ where: name, what: `${found.width} x ${found.height} pixels`, wanted: `at most ${largestMegapixels} megapixels`, next: "Scale it down first" });
  }
  const damaged = (): GraftError => new GraftError({ where: name, what: "the image cannot be read: it is damaged", next: "Save or download it again" });
  if (!isMeasured(found)) throw damaged();
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    throw damaged();
  }
}
