/** Learning rates, losses and endings in words. */
import { describe, expect, it } from "vitest";
import { describeEnding, describeRecovery, formatLoss, formatRate } from "./figures.ts";

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

describe("how a run that had to go on elsewhere is told", () => {
  it.each([
    [{ because: "lost", step: 1042, from: 1040, backend: "webgpu" }, "The GPU went away after step 1,042. The run went on by itself from its checkpoint after step 1,040, on WebGPU."],
    [{ because: "lost", step: 0, from: 0, backend: "webgpu" }, "The GPU went away before the first step. The run began again by itself, on WebGPU."],
    [{ because: "out-of-memory", step: 9, from: 7, backend: "wasm" }, "The GPU ran out of memory after step 9. The run went on by itself from its checkpoint after step 7, on WebAssembly; from there its numbers differ a little from what the GPU would have given."],
    [{ because: "worker-ended", step: 9, from: 7, backend: "wasm" }, "The browser ended the part of Graft that computes, after step 9. The run went on by itself from its checkpoint after step 7, on WebAssembly."],
  ] as const)("%j", (recovery, sentence) => {
    expect(describeRecovery(recovery)).toBe(sentence);
  });
});
