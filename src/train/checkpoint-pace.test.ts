/** The pace against a clock of the test's own: what checkpoints cost of a run, however long each takes. */
import { describe, expect, test } from "vitest";
import { CheckpointPace } from "./checkpoint-pace.ts";

interface Cost {
  /** Of the training. */
  readonly share: number;
  /** The largest that it was when a checkpoint had just been saved: what a run that ended there would have had. */
  readonly worstShare: number;
  readonly saves: number;
  readonly longestGapMs: number;
}

/** A run of `runMs` whose steps take `stepMs`. */
function costOf({ stepMs, saveMs, runMs, bytes = 0 }: { readonly stepMs: number; readonly saveMs: (count: number) => number; readonly runMs: number; readonly bytes?: number }): Cost {
  let clock = 0;
  let [saves, spentMs, worstShare, longestGapMs, lastMs] = [0, 0, 0, 0, 0];
  const pace = new CheckpointPace(() => clock);
  while (clock < runMs) {
    clock += stepMs;
    if (!pace.due(bytes)) continue;
    longestGapMs = Math.max(longestGapMs, clock - lastMs);
    const ms = saveMs(saves++);
    clock += ms;
    spentMs += ms;
    worstShare = Math.max(worstShare, spentMs / clock);
    pace.saved();
    lastMs = clock;
  }
  return { share: spentMs / clock, worstShare, saves, longestGapMs };
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
    expect(costOf({ stepMs: 30, saveMs: () => 1, runMs: 60_000 })).toMatchObject({ longestGapMs: 1050 });
    const slowOnce = costOf({ stepMs: 30, saveMs: (count) => (count === 0 ? 500 : 10), runMs: 200_000 });
    expect(slowOnce.longestGapMs).toBeGreaterThanOrEqual(30_000);
    expect(slowOnce.share).toBeLessThan(0.02);
  });

  test("a run that ends right after any of them has spent less than 2 % on them", () => {
    // 40 MB at 200 MB a second.
    const { worstShare, saves } = costOf({ stepMs: 30, saveMs: () => 200, runMs: 120_000, bytes: 40e6 });
    expect(saves).toBe(9);
    expect(worstShare).toBeLessThan(0.02);
    // A disk that is ten times as slow as it was thought to be is paid for before the next.
    const slow = costOf({ stepMs: 30, saveMs: () => 2000, runMs: 239_000, bytes: 40e6 });
    expect(slow).toMatchObject({ saves: 1 });
    expect(slow.share).toBeLessThan(0.02);
  });

  test("the time before the first step pays for nothing, and what was cheap for long pays for no rush", () => {
    let clock = 3_600_000;
    const pace = new CheckpointPace(() => clock);
    expect(pace.due(40e6)).toBe(false);
    clock += 11_999;
    expect(pace.due(40e6)).toBe(false);
    clock += 1;
    expect(pace.due(40e6)).toBe(true);
    pace.saved();
    clock += 3_600_000;
    expect(pace.due(40e6)).toBe(true);
    clock += 2000;
    pace.saved();
    clock += 119_999;
    expect(pace.due(40e6)).toBe(false);
    clock += 1;
    expect(pace.due(40e6)).toBe(true);
  });

  test("in a hurry, the next step saves", () => {
    let clock = 0;
    const pace = new CheckpointPace(() => clock);
    expect(pace.due(0)).toBe(false);
    pace.hurry();
    expect(pace.due(0)).toBe(true);
    clock += 100;
    pace.saved();
    clock += 11_899;
    expect(pace.due(0)).toBe(false);
    clock += 1;
    expect(pace.due(0)).toBe(true);
  });
});
