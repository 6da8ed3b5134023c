/** The pace against a clock of the test's own: what checkpoints cost of a run, however long each takes. */
import { describe, expect, test } from "vitest";
import { CheckpointPace } from "./checkpoint-pace.ts";

/** A run of `runMs` whose steps take `stepMs`. @returns what checkpoints took of it, and how far apart they were. */
function costOf({ stepMs, saveMs, runMs }: { readonly stepMs: number; readonly saveMs: (count: number) => number; readonly runMs: number }): { readonly share: number; readonly saves: number; readonly longestGapMs: number } {
  let clock = 0;
  let [saves, spentMs, longestGapMs, lastMs] = [0, 0, 0, 0];
  const pace = new CheckpointPace(() => clock);
  while (clock < runMs) {
    clock += stepMs;
    if (!pace.due()) continue;
    longestGapMs = Math.max(longestGapMs, clock - lastMs);
    const ms = saveMs(saves++);
    clock += ms;
    spentMs += ms;
    pace.saved();
    lastMs = clock;
  }
  return { share: spentMs / clock, saves, longestGapMs };
}

describe("the pace of checkpoints", () => {
  test.each([1, 10, 50, 200, 1000])("those of %d ms cost less than 2 % of the run", (ms) => {
    const { share, saves } = costOf({ stepMs: 30, saveMs: () => ms, runMs: 1000 * ms + 60_000 });
    expect(saves).toBeGreaterThan(10);
    expect(share).toBeLessThan(0.02);
    // And not far less: a crash takes as little as the budget allows.
    if (ms >= 50) expect(share).toBeGreaterThan(0.014);
  });

  test("cheap ones come every second, and one that was slow waits longer", () => {
    expect(costOf({ stepMs: 30, saveMs: () => 1, runMs: 60_000 })).toMatchObject({ longestGapMs: 1020 });
    const slowOnce = costOf({ stepMs: 30, saveMs: (count) => (count === 0 ? 500 : 10), runMs: 60_000 });
    expect(slowOnce.longestGapMs).toBeGreaterThanOrEqual(30_000);
    expect(slowOnce.share).toBeLessThan(0.02);
  });

  test("in a hurry, the next step saves", () => {
    let clock = 0;
    const pace = new CheckpointPace(() => clock);
    expect(pace.due()).toBe(false);
    pace.hurry();
    expect(pace.due()).toBe(true);
    clock += 100;
    pace.saved();
    clock += 5999;
    expect(pace.due()).toBe(false);
    clock += 1;
    expect(pace.due()).toBe(true);
  });
});
