import { describe, expect, test } from "vitest";
import { Rng } from "../../core/rng.ts";
import { livenessMinimum, planMemory, type PlannedValue } from "./plan.ts";

const limits = { alignment: 256, maxBufferSize: 2 ** 30 };
const value = (size: number, first: number, last: number, apartFrom: readonly number[] = []): PlannedValue => ({ size, first, last, apartFrom: new Set(apartFrom) });

/** As training has them: long-lived activations, read again in reverse, and short-lived gradients, never beside what they are made of. */
function trainingValues(seed: number, layers: number): PlannedValue[] {
  const rng = new Rng(seed);
  const sizes = Array.from({ length: layers }, () => 256 * (1 + rng.int(400)));
  const forward = sizes.map((size, i) => value(size, i, 2 * layers - 1 - i, [i - 1, i + 1].filter((j) => j >= 0 && j < layers)));
  const backward = sizes.map((size, i) => value(size, 2 * layers - 1 - i, 2 * layers - i, [i, ...(i + 1 < layers ? [layers + i + 1] : []), ...(i > 0 ? [layers + i - 1] : [])]));
  return [...forward, ...backward];
}

describe("planMemory", () => {
  test("values that are alive together do not share bytes, and those to be kept apart are in different buffers", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const values = trainingValues(seed, 40);
      const { places, bufferSizes } = planMemory(values, limits);
      values.forEach((a, i) => {
        const at = places[i];
        expect(at && at.offset % 256).toBe(0);
        expect((at?.offset ?? 0) + a.size).toBeLessThanOrEqual(bufferSizes[at?.buffer ?? 0] ?? 0);
        values.forEach((b, j) => {
          const other = places[j];
          if (i >= j || at?.buffer !== other?.buffer || !at || !other) return;
          expect(a.apartFrom.has(j) || b.apartFrom.has(i)).toBe(false);
          if (a.first <= b.last && b.first <= a.last) expect(at.offset + a.size <= other.offset || other.offset + b.size <= at.offset).toBe(true);
        });
      });
    }
  });

  test("comes within a fifth of the least that is possible, on average over training-like steps", () => {
    const ratios = Array.from({ length: 20 }, (_, seed) => {
      const values = trainingValues(seed + 1, 60);
      return planMemory(values, limits).bufferSizes.reduce((a, b) => a + b, 0) / livenessMinimum(values);
    });
    expect(ratios.reduce((a, b) => a + b, 0) / ratios.length).toBeLessThan(1.2);
  });

  test("values that meet at one command do not share bytes; those that miss each other by one do", () => {
    expect(planMemory([value(256, 0, 2), value(256, 2, 4)], limits).bufferSizes).toEqual([512]);
    expect(planMemory([value(256, 0, 2), value(256, 3, 4)], limits).bufferSizes).toEqual([256]);
  });

  test("no buffer grows beyond the limit", () => {
    const { bufferSizes } = planMemory(Array.from({ length: 10 }, () => value(3000, 0, 9)), { alignment: 256, maxBufferSize: 7000 });
    expect(bufferSizes).toEqual([6144, 6144, 6144, 6144, 6144]);
  });
});

describe("livenessMinimum", () => {
  test("is the most that is alive at one moment", () => {
    expect(livenessMinimum([value(100, 0, 2), value(50, 2, 3), value(70, 3, 5)])).toBe(150);
    expect(livenessMinimum([])).toBe(0);
  });
});
