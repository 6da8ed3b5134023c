/** The drawn course is the trained one: its ends, its peak, and no step beyond the run. */
import { describe, expect, it } from "vitest";
import { scheduledLearningRate } from "../../core/schedules.ts";
import { rateCourse, stepsPerEpoch } from "./plan.ts";

describe("the plan of a run", () => {
  it("counts part-full batches and groups", () => {
    expect(stepsPerEpoch(512, { epochs: 1, batchSize: 32, gradientAccumulation: 1 })).toBe(16);
    expect(stepsPerEpoch(513, { epochs: 1, batchSize: 32, gradientAccumulation: 1 })).toBe(17);
    expect(stepsPerEpoch(513, { epochs: 1, batchSize: 32, gradientAccumulation: 4 })).toBe(5);
  });

  it("reaches the peak however few points are drawn", () => {
    for (const schedule of ["constant", "cosine", "one-cycle", "plateau"] as const) {
      const course = rateCourse({ schedule, learningRate: 0.02, warmUp: 0.13 }, 1001, 11);
      const steps = course.map(({ step }) => step);
      expect(Math.max(...course.map(({ rate }) => rate)), schedule).toBeCloseTo(0.02, 12);
      expect([steps[0], steps.at(-1)]).toEqual([0, 1000]);
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
      for (const { step, rate } of course) expect(rate).toBe(scheduledLearningRate({ kind: schedule, learningRate: 0.02, totalSteps: 1001, warmUp: 0.13 }, step));
    }
  });

  it("a run of one step has one point", () => {
    expect(rateCourse({ schedule: "constant", learningRate: 0.1, warmUp: 0 }, 1)).toEqual([{ step: 0, rate: 0.1 }]);
  });
});
