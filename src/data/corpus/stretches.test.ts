import { describe, expect, test } from "vitest";
import type { Split } from "../../protocol/data.ts";
import { heldBackStretches } from "./stretches.ts";

const share = (splits: readonly Split[], wanted: Split): number => splits.filter((split) => split === wanted).length / splits.length;
/** Runs of neighbours in a split. */
const runs = (splits: readonly Split[], wanted: Split): number => splits.filter((split, i) => split === wanted && splits[i - 1] !== wanted).length;

describe("stretches that are held back", () => {
  test("are the same for the same seed, and others for another", () => {
    const options = { validation: 0.2, test: 0.1, seed: 7 };
    expect(heldBackStretches(300, options)).toEqual(heldBackStretches(300, options));
    const starts = new Set(Array.from({ length: 20 }, (_, seed) => heldBackStretches(300, { ...options, seed }).join()));
    expect(starts.size).toBe(20);
  });

  test.each([
    [0.2, 0, 50],
    [0.2, 0.1, 120],
    [0.1, 0.1, 1000],
    [0.05, 0, 400],
    [0.01, 0, 400],
    [0.02, 0.1, 200],
    [0.5, 0.4, 90],
  ])("validation %f and test %f of %i pieces are near what was asked for, at every seed", (validation, testShare, count) => {
    for (let seed = 0; seed < 20; seed++) {
      const splits = heldBackStretches(count, { validation, test: testShare, seed });
      expect(splits).toHaveLength(count);
      expect(Math.abs(share(splits, "validation") - validation)).toBeLessThanOrEqual(0.02);
      expect(Math.abs(share(splits, "test") - testShare)).toBeLessThanOrEqual(0.02);
    }
  });

  test("are whole: at most eight of each split, one in each section, none of a single piece", () => {
    for (let seed = 0; seed < 20; seed++) {
      const splits = heldBackStretches(800, { validation: 0.1, test: 0.05, seed });
      expect(runs(splits, "validation")).toBeLessThanOrEqual(8);
      expect(runs(splits, "test")).toBeLessThanOrEqual(8);
      for (let section = 0; section < 8; section++) expect(new Set(splits.slice(section * 100, section * 100 + 100)).size).toBe(3);
      const few = heldBackStretches(400, { validation: 0.01, test: 0, seed });
      expect(runs(few, "validation")).toBeLessThan(few.filter((split) => split === "validation").length);
    }
  });

  test("leave something to train on and to validate with, however little there is", () => {
    expect(heldBackStretches(1, { validation: 0.2, test: 0.2, seed: 1 })).toEqual(["train"]);
    for (let count = 2; count < 40; count++) {
      for (const [validation, testShare] of [[0.2, 0], [0.01, 0.01], [0.9, 0.9], [1, 0]] as const) {
        const splits = heldBackStretches(count, { validation, test: testShare, seed: count });
        expect(splits).toContain("train");
        expect(splits).toContain("validation");
      }
    }
    expect(new Set(heldBackStretches(100, { validation: 0, test: 0, seed: 1 }))).toEqual(new Set(["train"]));
  });
});
