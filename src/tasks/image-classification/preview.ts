/** Augmented versions of one image, for looking at before a run. */
import { Rng } from "../../core/rng.ts";
import { augment } from "../../data/augmentation.ts";
import type { ImageDataset } from "../../data/dataset.ts";
import type { Augmentation } from "../../protocol/recipe.ts";

const previewSize = 128;

/** -> PNGs, the n-th being the run's view n of the item. */
export async function previewViews(dataset: ImageDataset, item: number, augmentation: Augmentation, { seed, count }: { readonly seed: number; readonly count: number }): Promise<Blob[]> {
  const plain = await dataset.pixels(item, previewSize);
  const root = new Rng(seed).fork("augmentation");
  return Promise.all(Array.from({ length: count }, (_, i) => toPng(augment(plain, previewSize, augmentation, root.fork(`${item}/${i + 1}`)), previewSize)));
}

function toPng(rgb: Uint8Array, size: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const image = context.createImageData(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    image.data.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
    image.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
