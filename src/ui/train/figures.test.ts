/** Learning rates, losses and endings in words. */
import { describe, expect, it } from "vitest";
import { describeEnding, formatLoss, formatRate } from "./figures.ts";

describe("figures of a run", () => {
  it("rates keep three digits", () => {
    expect([0.002, 0.0018734, 0.1, 1, 0.00012, 0.00005, 0.0000012, 0].map(formatRate)).toEqual(["0.002", "0.00187", "0.1", "1", "0.00012", "5e-5", "1.2e-6", "0"]);
  });

  it("losses keep about three", () => {
    expect([0, 3.14e-5, 0.41234, 9.9991, 12.34, 4821.7].map(formatLoss)).toEqual(["0.000", "3.1e-5", "0.412", "9.999", "12.3", "4,822"]);
  });

  it("endings say which weights are left", () => {
    const end = { reason: "completed", bestEpoch: 14, seconds: 62, epochsDone: 20, epochsPlanned: 20 } as const;
    expect(describeEnding(end)).toBe("All 20 epochs are done, in 1 min 2 s. The model has the weights of the best epoch, 14.");
    expect(describeEnding({ ...end, bestEpoch: 20 })).toMatch(/the last epoch, 20\.$/);
    expect(describeEnding({ ...end, reason: "early-stopped", epochsDone: 19 })).toMatch(/^Stopped early after epoch 19 of 20, .* best epoch, 14\.$/);
    expect(describeEnding({ ...end, reason: "stopped", epochsDone: 0, bestEpoch: 0 })).toMatch(/before the first epoch was over/);
  });
});
