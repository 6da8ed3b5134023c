import { describe, expect, test } from "vitest";
import { initialPlateau, scheduledLearningRate, updatePlateau, type ScheduleKind } from "./schedules.ts";

const rates = (kind: ScheduleKind, warmUp: number): number[] => Array.from({ length: 100 }, (_, step) => scheduledLearningRate({ kind, learningRate: 0.5, totalSteps: 100, warmUp }, step));

describe("scheduledLearningRate", () => {
  test("constant stays, after a linear warm-up", () => {
    expect(new Set(rates("constant", 0))).toEqual(new Set([0.5]));
    const warm = rates("constant", 0.1);
    expect(warm[0]).toBeCloseTo(0.5 / 11);
    expect(warm[4]).toBeCloseTo((0.5 * 5) / 11);
    expect(warm[10]).toBe(0.5);
  });

  test("cosine reaches the peak after warm-up, half of it half way down, and nearly nothing at the end", () => {
    const cosine = rates("cosine", 0.1);
    expect(cosine[10]).toBeCloseTo(0.5);
    expect(cosine[55]).toBeCloseTo(0.25);
    expect(cosine[99]).toBeLessThan(0.001);
    expect(cosine[99]).toBeGreaterThan(0);
  });

  test("one-cycle starts at a 25th, peaks once, and ends at a 250,000th", () => {
    const cycle = rates("one-cycle", 0.3);
    expect(cycle[0]).toBeCloseTo(0.02);
    expect(cycle.indexOf(Math.max(...cycle))).toBe(30);
    expect(cycle[99]).toBeCloseTo(0.02 / 1e4, 8);
  });
});

describe("updatePlateau", () => {
  test("halves the rate after two epochs without a better loss, then waits again", () => {
    let state = initialPlateau;
    const factors = [1, 0.9, 0.95, 0.92, 0.91, 0.8].map((loss) => (state = updatePlateau(state, loss)).factor);
    expect(factors).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
    expect(state.best).toBe(0.8);
  });
});
