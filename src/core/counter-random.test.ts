import { describe, expect, it } from "vitest";
import { pcg4d } from "./counter-random.ts";

function hash(...words: [number, number, number, number]): number[] {
  const state = Uint32Array.from(words);
  pcg4d(state);
  return [...state];
}

/** The paper's four lines in exact integers. */
function exact(words: readonly bigint[]): number[] {
  const wrap = (value: bigint): bigint => BigInt.asUintN(32, value);
  let [x, y, z, w] = words.map((word) => wrap(word * 1664525n + 1013904223n)) as [bigint, bigint, bigint, bigint];
  const mix = (): void => {
    x = wrap(x + y * w);
    y = wrap(y + z * x);
    z = wrap(z + x * y);
    w = wrap(w + y * z);
  };
  mix();
  [x, y, z, w] = [x ^ (x >> 16n), y ^ (y >> 16n), z ^ (z >> 16n), w ^ (w >> 16n)];
  mix();
  return [x, y, z, w].map(Number);
}

describe("pcg4d", () => {
  it("is the paper's, with words that overflow", () => {
    const cases: [number, number, number, number][] = [[0, 0, 0, 0], [1, 2, 3, 4], [7, 0xffffffff, 0x80000000, 0], [0xdeadbeef, 0x12345678, 0xffff0000, 65537]];
    for (const words of cases) expect(hash(...words)).toEqual(exact(words.map(BigInt)));
  });

  it("is even over indices, and unrelated for neighbouring seeds and salts", () => {
    const count = 20_000;
    const draw = (seed: number, salt: number): number[] => Array.from({ length: count }, (_, i) => hash(i, seed, salt, 0)).flatMap((words) => words.map((word) => word / 2 ** 32));
    const base = draw(5, 9);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    // A mean of n uniform numbers has the deviation 0.289 / sqrt(n); five of them.
    expect(Math.abs(mean(base) - 0.5)).toBeLessThan((5 * 0.289) / Math.sqrt(base.length));
    const others = [draw(6, 9), draw(5, 10), [...base.slice(1), base[0]!], [...base.slice(4), ...base.slice(0, 4)]];
    for (const other of others) {
      const covariance = mean(base.map((value, i) => (value - 0.5) * (other[i]! - 0.5)));
      expect(Math.abs(covariance)).toBeLessThan((5 / 12) / Math.sqrt(base.length));
    }
  });
});
