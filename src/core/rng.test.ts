import { describe, expect, test } from "vitest";
import { Rng } from "./rng.ts";

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uint32());

describe("Rng", () => {
  test("repeats by seed and differs between seeds", () => {
    expect(draw(new Rng(7), 5)).toEqual(draw(new Rng(7), 5));
    expect(draw(new Rng(7), 5)).not.toEqual(draw(new Rng(8), 5));
  });

  test("a fork depends on its label, not on what was drawn before", () => {
    const parent = new Rng(3);
    const early = draw(parent.fork("head"), 3);
    draw(parent, 100);
    expect(draw(parent.fork("head"), 3)).toEqual(early);
    expect(draw(parent.fork("tail"), 3)).not.toEqual(early);
  });

  test("uniform and normal have the moments they should", () => {
    const rng = new Rng(1);
    const uniform = Array.from({ length: 20000 }, () => rng.uniform());
    const normal = Array.from({ length: 20000 }, () => rng.normal());
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 2);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
  });

  test("shuffle keeps every item, and every position is as likely", () => {
    const rng = new Rng(5);
    const firsts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const shuffled = rng.shuffle([0, 1, 2, 3]);
      expect([...shuffled].sort()).toEqual([0, 1, 2, 3]);
      const first = shuffled[0] as number;
      firsts[first] = (firsts[first] as number) + 1;
    }
    for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
