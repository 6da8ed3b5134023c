/**
 * Random changes to training images, as pure arithmetic on pixels: the same generator gives the same image on every device.
 * Flip, crop and rotation are one affine map, so that an image is resampled once.
 */
import type { Rng } from "../core/rng.ts";
import type { Augmentation } from "../protocol/recipe.ts";

/** Source coordinates of an output pixel: (a x + b y + c, d x + e y + f). */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Luma of ITU-R BT.601, as in PIL's and torchvision's greyscale. */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * @param image RGB, [size, size, 3], unchanged.
 * @param rng each kind of change draws from a fork of its own, so that switching one on leaves the others as they were.
 */
export function augment(image: Uint8ClampedArray | Uint8Array, size: number, options: Augmentation, rng: Rng): Uint8Array {
  const map = geometry(size, options, rng);
  const pixels = map === null ? Uint8Array.from(image) : resample(image, size, map);
  if (options.colour > 0) jitter(pixels, options.colour, rng.fork("colour"));
  return pixels;
}

/** null where every pixel stays in its place. */
function geometry(size: number, { horizontalFlip, crop, rotationDegrees }: Augmentation, rng: Rng): Affine | null {
  const flipped = horizontalFlip && rng.fork("flip").uniform() < 0.5;
  if (!flipped && crop === 0 && rotationDegrees === 0) return null;

  // A square window, so that proportions stay; no side loses more than the share `crop`.
  const window = rng.fork("crop");
  const scale = 1 - crop * window.uniform();
  const left = (1 - scale) * size * window.uniform();
  const top = (1 - scale) * size * window.uniform();

  const angle = (rng.fork("rotation").uniform() * 2 - 1) * rotationDegrees * (Math.PI / 180);
  const cos = Math.cos(angle) * scale;
  const sin = Math.sin(angle) * scale;
  const mirror = flipped ? -1 : 1;

  // From the output's centre, mirrored, turned and scaled, to the window's centre.
  const centre = (size - 1) / 2;
  const centreX = left + (scale * size - 1) / 2;
  const centreY = top + (scale * size - 1) / 2;
  const a = mirror * cos;
  const b = -sin;
  const d = mirror * sin;
  const e = cos;
  return [a, b, centreX - (a + b) * centre, d, e, centreY - (d + e) * centre];
}

/** Bilinear, with the edge's pixels repeated beyond it. */
function resample(image: Uint8ClampedArray | Uint8Array, size: number, [a, b, c, d, e, f]: Affine): Uint8Array {
  const output = new Uint8Array(size * size * 3);
  const last = size - 1;
  const clamp = (value: number): number => (value < 0 ? 0 : value > last ? last : value);
  for (let y = 0, target = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const sourceX = clamp(a * x + b * y + c);
      const sourceY = clamp(d * x + e * y + f);
      const x0 = Math.floor(sourceX);
      const y0 = Math.floor(sourceY);
      const x1 = Math.min(x0 + 1, last);
      const y1 = Math.min(y0 + 1, last);
      const shareX = sourceX - x0;
      const shareY = sourceY - y0;
      for (let channel = 0; channel < 3; channel++, target++) {
        const at = (column: number, row: number): number => image[(row * size + column) * 3 + channel] as number;
        const upper = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * shareX;
        const lower = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * shareX;
        output[target] = Math.round(upper + (lower - upper) * shareY);
      }
    }
  }
  return output;
}

/** Brightness, then contrast about the mean luma, then saturation about each pixel's luma; factors 1 - share .. 1 + share. In place. */
function jitter(pixels: Uint8Array, share: number, rng: Rng): void {
  const factor = (): number => 1 + (rng.uniform() * 2 - 1) * share;
  const brightness = factor();
  const contrast = factor();
  const saturation = factor();
  const lumaAt = (i: number): number => luma[0] * (pixels[i] as number) + luma[1] * (pixels[i + 1] as number) + luma[2] * (pixels[i + 2] as number);

  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += lumaAt(i);
  const mean = (brightness * sum) / (pixels.length / 3);

  for (let i = 0; i < pixels.length; i += 3) {
    const grey = mean + (lumaAt(i) * brightness - mean) * contrast;
    for (let channel = i; channel < i + 3; channel++) {
      const value = mean + ((pixels[channel] as number) * brightness - mean) * contrast;
      pixels[channel] = Math.max(0, Math.min(255, Math.round(grey + (value - grey) * saturation)));
    }
  }
}
