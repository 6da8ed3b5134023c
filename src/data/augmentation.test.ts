import { describe, expect, test } from "vitest";
import { Rng } from "../core/rng.ts";
import type { Augmentation } from "../protocol/recipe.ts";
import { augment } from "./augmentation.ts";

const size = 17;
const off: Augmentation = { horizontalFlip: false, crop: 0, rotationDegrees: 0, colour: 0, views: 1 };
/** Ramps that differ by direction and channel: a transposed or swapped axis shows. */
const ramp = Uint8Array.from({ length: size * size * 3 }, (_, i) => {
  const x = Math.floor(i / 3) % size;
  const y = Math.floor(i / (3 * size));
  return [x * 14, y * 9 + 20, 60 + x * 3 + y * 5][i % 3] as number;
});
const at = (image: Uint8Array, x: number, y: number): number[] => [...image.subarray((y * size + x) * 3, (y * size + x) * 3 + 3)];
const views = (options: Augmentation, count = 40): Uint8Array[] => Array.from({ length: count }, (_, i) => augment(ramp, size, options, new Rng(9).fork(i)));

describe("augment", () => {
  test("all off is a copy", () => {
    const copy = augment(ramp, size, off, new Rng(1));
    expect(copy).toEqual(ramp);
    expect(copy.buffer).not.toBe(ramp.buffer);
  });

  test("a flip mirrors left to right, about half the time", () => {
    const mirrored = ramp.slice();
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) mirrored.set(at(ramp, size - 1 - x, y), (y * size + x) * 3);
    const all = views({ ...off, horizontalFlip: true }, 200);
    const flips = all.filter((view) => view[0] !== ramp[0]);
    for (const view of flips) expect(view).toEqual(mirrored);
    expect(flips.length).toBeGreaterThan(70);
    expect(flips.length).toBeLessThan(130);
  });

  test("a crop magnifies a window within the image and keeps axes apart", () => {
    for (const view of views({ ...off, crop: 0.5 })) {
      const [left, top] = [at(view, 0, 8), at(view, 8, 0)];
      const [right, bottom] = [at(view, 16, 8), at(view, 8, 16)];
      const width = ((right[0] as number) - (left[0] as number)) / 14;
      expect(width).toBeGreaterThan(size / 2 - 2);
      expect(width).toBeLessThanOrEqual(size - 1);
      expect((bottom[1] as number) - (top[1] as number)).toBeGreaterThan(9 * (size / 2 - 2));
      expect(Math.abs((left[1] as number) - (right[1] as number))).toBeLessThanOrEqual(1);
    }
  });

  test("a rotation keeps the centre and repeats the edge", () => {
    const all = views({ ...off, rotationDegrees: 30 });
    for (const view of all) expect(at(view, 8, 8)).toEqual(at(ramp, 8, 8));
    const flat = new Uint8Array(size * size * 3).fill(77);
    expect(augment(flat, size, { ...off, rotationDegrees: 45, crop: 0.3 }, new Rng(2))).toEqual(flat);
    expect(new Set(all.map((view) => view.join())).size).toBe(all.length);
  });

  test("a rotation turns without mirroring", () => {
    const [view] = views({ ...off, rotationDegrees: 45 }, 1) as [Uint8Array];
    // Along the middle row x and y of the source change as (cos, sin), along the middle column as (-sin, cos).
    const redAlongRow = (at(view, 10, 8)[0] as number) - (at(view, 6, 8)[0] as number);
    const greenAlongRow = (at(view, 10, 8)[1] as number) - (at(view, 6, 8)[1] as number);
    const redAlongColumn = (at(view, 8, 10)[0] as number) - (at(view, 8, 6)[0] as number);
    const greenAlongColumn = (at(view, 8, 10)[1] as number) - (at(view, 8, 6)[1] as number);
    expect(redAlongRow / 14).toBeCloseTo(greenAlongColumn / 9, 0);
    expect(redAlongColumn / 14).toBeCloseTo(-greenAlongRow / 9, 0);
  });

  test("colour changes stay within their share, and grey stays grey", () => {
    const grey = new Uint8Array(size * size * 3).fill(100);
    const values = Array.from({ length: 100 }, (_, i) => augment(grey, size, { ...off, colour: 0.2 }, new Rng(i)));
    for (const view of values) expect(new Set(view).size).toBe(1);
    const levels = values.map((view) => view[0] as number);
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...levels)).toBeLessThanOrEqual(120);
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(30);
    expect(new Set(views({ ...off, colour: 0.4 }).map((view) => view.join())).size).toBe(40);
  });

  test("repeats by generator, and one change leaves another as it was", () => {
    const options: Augmentation = { horizontalFlip: true, crop: 0.2, rotationDegrees: 15, colour: 0.3, views: 4 };
    expect(augment(ramp, size, options, new Rng(5))).toEqual(augment(ramp, size, options, new Rng(5)));
    const flipped = (view: Uint8Array): boolean => (at(view, 0, 8)[0] as number) > (at(view, 16, 8)[0] as number);
    expect(views({ ...off, horizontalFlip: true, crop: 0.2 }).map(flipped)).toEqual(views({ ...off, horizontalFlip: true }).map(flipped));
  });
});
