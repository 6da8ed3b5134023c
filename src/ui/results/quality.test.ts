/** What the quality charts say, by figures made by hand. */
import { expect, test } from "vitest";
import type { Calibration } from "../../core/metrics.ts";
import { describeCalibration, describePrecisionRecall, describePredictions, describeRoc, rangeOf } from "./quality.ts";

const calibration = (meanPredicted: number, observed: number): Calibration => ({
  bins: [
    { from: 0, to: 0.5, count: 0, meanPredicted: null, observed: null },
    { from: 0.5, to: 1, count: 4, meanPredicted, observed },
  ],
  expectedCalibrationError: Math.abs(meanPredicted - observed),
  brierScore: 0.25,
});

const numbers = (...pairs: readonly (readonly [actual: number, predicted: number])[]) => pairs.map(([actual, predicted], item) => ({ item, actual, predicted }));

test("areas and what is missing for them", () => {
  expect(describeRoc({ points: [], area: 0.934 }, "spam")).toContain("Area 0.93: of one example of “spam” and one other, the first gets the higher probability in 93% of the cases.");
  expect(describeRoc({ points: [], area: null }, "spam")).toBe("There is no curve: it takes examples of “spam” and others.");
  expect(describePrecisionRecall({ points: [], averagePrecision: 0.5 }, "spam")).toContain("Average precision 0.50");
  expect(describePrecisionRecall({ points: [], averagePrecision: null }, "spam")).toContain("it takes examples of “spam”");
});

test("calibration says to which side it errs", () => {
  expect(describeCalibration(calibration(0.9, 0.5))).toContain("Expected calibration error 0.40: so far apart are");
  expect(describeCalibration(calibration(0.9, 0.5))).toContain("more sure than it should be. Brier score 0.25.");
  expect(describeCalibration(calibration(0.6, 0.75))).toContain("less sure than it could be");
  expect(describeCalibration(calibration(0.75, 0.75))).not.toContain("sure than");
});

test("half of the predictions, the worst, and round axes that hold them all", () => {
  expect(describePredictions(numbers([1, 1.5], [2, 2], [3, 7]))).toBe("3 examples; on the dashed line, prediction and truth are the same. Half of the predictions are at most 0.5 off, the worst 4.");
  expect(rangeOf(numbers([1, 1.5], [2, 2], [3, 7]))).toEqual([1, 7]);
  expect(rangeOf(numbers([-12, 31]))).toEqual([-15, 35]);
  expect(rangeOf(numbers([4, 4]))).toEqual([3.5, 4.5]);
});
