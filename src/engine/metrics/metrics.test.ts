/** Measures against scikit-learn and SciPy (tools/reference/metrics.py), and where they are not defined. */
import { describe, expect, it } from "vitest";
import type { Calibration, ClassCurves } from "../../core/metrics.ts";
import "../../core/testing/to-be-all-close.ts";
import { calibrationOf, classCalibration } from "./calibration.ts";
import { columnOf, curvesOf } from "./curves.ts";
import goldens from "./goldens/metrics.json" with { type: "json" };
import { multiLabelMetrics } from "./multi-label.ts";
import { regressionMetrics } from "./regression.ts";

interface Bins {
  readonly observed: readonly number[];
  readonly predicted: readonly number[];
  readonly counts: readonly number[];
  readonly error: number;
}

type Curves = { readonly area: number | null; readonly averagePrecision: number | null; readonly roc: readonly number[][]; readonly precisionRecall: readonly number[][] };

type Golden = { readonly name: string } & (
  | { readonly kind: "classes"; readonly classes: number; readonly probabilities: number[]; readonly labels: number[]; readonly curves: readonly Curves[]; readonly calibration: Bins; readonly brier: number; readonly brierOfFirst: number; readonly reliabilityOfFirst: Bins }
  | {
      readonly kind: "labels";
      readonly labels: number;
      readonly probabilities: number[];
      readonly targets: number[];
      readonly loss: number;
      readonly f1Micro: number;
      readonly f1Macro: number;
      readonly subsetAccuracy: number;
      readonly hammingLoss: number;
      readonly meanAveragePrecision: number;
      readonly precision: number[];
      readonly recall: number[];
      readonly f1: number[];
      readonly support: number[];
      readonly averagePrecision: (number | null)[];
    }
  | { readonly kind: "regression"; readonly targets: number[]; readonly predictions: number[]; readonly meanAbsoluteError: number; readonly rootMeanSquaredError: number; readonly r2: number; readonly pearson: number; readonly spearman: number }
);

const cases = goldens.cases as readonly Golden[];
const tolerance = { rtol: 1e-6 };

function casesOf<Kind extends Golden["kind"]>(kind: Kind): readonly (readonly [string, Extract<Golden, { kind: Kind }>])[] {
  return cases.filter((golden): golden is Extract<Golden, { kind: Kind }> => golden.kind === kind).map((golden) => [golden.name, golden] as const);
}

function expectCurves({ roc, precisionRecall }: ClassCurves, want: Curves): void {
  expect({ area: roc.area === null, averagePrecision: precisionRecall.averagePrecision === null }).toEqual({ area: want.area === null, averagePrecision: want.averagePrecision === null });
  expect([roc.area ?? 0, precisionRecall.averagePrecision ?? 0]).toBeAllClose([want.area ?? 0, want.averagePrecision ?? 0], tolerance);
  // The first point is where nothing is found.
  expect(roc.points.slice(1).flatMap(({ falsePositiveRate, truePositiveRate, threshold }) => [falsePositiveRate, truePositiveRate, threshold ?? NaN])).toBeAllClose(want.roc.flat(), tolerance);
  const points = precisionRecall.points.slice(1).map(({ recall, precision, threshold }) => [recall, precision, threshold ?? NaN]);
  expect(points.flat()).toBeAllClose(want.precisionRecall.flat(), tolerance);
}

function expectBins({ bins, expectedCalibrationError }: Calibration, want: Bins): void {
  expect(bins.map(({ count }) => count)).toEqual(want.counts);
  const filled = bins.filter(({ count }) => count > 0);
  expect(filled.map(({ observed }) => observed)).toBeAllClose(want.observed, tolerance);
  expect(filled.map(({ meanPredicted }) => meanPredicted)).toBeAllClose(want.predicted, tolerance);
  expect(bins.filter(({ count }) => count === 0).every(({ observed, meanPredicted }) => observed === null && meanPredicted === null)).toBe(true);
  expect([expectedCalibrationError]).toBeAllClose([want.error], tolerance);
}

/** No NaN and no infinity anywhere, which JSON would turn into null. */
function expectJson(value: unknown): void {
  expect(JSON.parse(JSON.stringify(value))).toEqual(value);
}

describe("measures against scikit-learn", () => {
  it("has the goldens", () => {
    expect(["classes", "labels", "regression"].map((kind) => cases.filter((golden) => golden.kind === kind).length)).toEqual([3, 2, 3]);
  });

  it.each(casesOf("classes"))("curves and calibration: %s", (_, golden) => {
    const probabilities = Float32Array.from(golden.probabilities);
    const labels = Int32Array.from(golden.labels);
    golden.curves.forEach((want, index) => expectCurves(curvesOf("a", columnOf(probabilities, index, golden.classes), (example) => labels[example] === index), want));
    const calibration = classCalibration(probabilities, labels, golden.classes);
    expectBins(calibration, golden.calibration);
    expect([calibration.brierScore]).toBeAllClose([golden.brier], tolerance);
    const first = calibrationOf(columnOf(probabilities, 0, golden.classes), Array.from(labels, (label) => Number(label === 0)));
    expectBins(first, golden.reliabilityOfFirst);
    expect([first.brierScore]).toBeAllClose([golden.brierOfFirst], tolerance);
  });

  it.each(casesOf("labels"))("many labels: %s", (_, golden) => {
    const names = Array.from({ length: golden.labels }, (__, label) => `label ${label}`);
    const metrics = multiLabelMetrics(Float32Array.from(golden.probabilities), golden.targets, names);
    for (const key of ["loss", "f1Micro", "f1Macro", "subsetAccuracy", "hammingLoss", "meanAveragePrecision"] as const) expect([metrics[key]], key).toBeAllClose([golden[key]], tolerance);
    for (const key of ["precision", "recall", "f1", "support"] as const) expect(metrics.perLabel.map((label) => label[key]), key).toBeAllClose(golden[key], tolerance);
    const averages = metrics.perLabel.map(({ averagePrecision }) => averagePrecision);
    expect(averages.map((average) => average === null)).toEqual(golden.averagePrecision.map((average) => average === null));
    expect(averages.map(Number)).toBeAllClose(golden.averagePrecision.map(Number), tolerance);
    expect(metrics.perLabel.map(({ name }) => name)).toEqual(names);
  });

  it.each(casesOf("regression"))("numbers: %s", (_, golden) => {
    const metrics = regressionMetrics(Float32Array.from(golden.predictions), Float32Array.from(golden.targets));
    for (const key of ["meanAbsoluteError", "rootMeanSquaredError", "r2", "pearson", "spearman"] as const) expect([metrics[key]], key).toBeAllClose([golden[key]], tolerance);
  });
});

describe("a curve of many thresholds", () => {
  it("keeps its ends and its area in a hundred points", () => {
    const scores = Float32Array.from({ length: 20_000 }, (_, i) => Math.sin(0.37 * i * i) + (i % 3 === 0 ? 0.5 : 0));
    const { roc, precisionRecall } = curvesOf("a", scores, (i) => i % 3 === 0);
    expect(roc.points.length).toBeGreaterThan(60);
    expect(roc.points.length).toBeLessThanOrEqual(100);
    expect(precisionRecall.points.length).toBeLessThanOrEqual(100);
    expect(roc.points[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0, threshold: null });
    expect(roc.points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
    const under = roc.points.slice(1).reduce((sum, { falsePositiveRate, truePositiveRate }, i) => sum + ((falsePositiveRate - roc.points[i]!.falsePositiveRate) * (truePositiveRate + roc.points[i]!.truePositiveRate)) / 2, 0);
    // The area is that of all 20,000 thresholds; the chart's is so close that nobody sees the difference.
    expect(Math.abs(under - (roc.area ?? 0))).toBeLessThan(1e-3);
    // By definition: the share of the pairs that are in the right order, here of a sample.
    let [right, pairs] = [0, 0];
    for (let i = 0; i < 3000; i += 3) for (let j = 1; j < 3000; j += 3) {
      pairs += 1;
      right += scores[i]! > scores[j]! ? 1 : 0;
    }
    expect(Math.abs(right / pairs - (roc.area ?? 0))).toBeLessThan(0.02);
  });
});

describe("where a measure is not defined, it is null", () => {
  it("for a class without examples, or with nothing else", () => {
    const scores = Float32Array.from([0.2, 0.9]);
    expect(curvesOf("none", scores, () => false)).toEqual({ name: "none", roc: { points: [], area: null }, precisionRecall: { points: [], averagePrecision: null } });
    const all = curvesOf("all", scores, () => true);
    expect(all.roc).toEqual({ points: [], area: null });
    expect(all.precisionRecall.averagePrecision).toBe(1);
  });

  it("for no rows, and says of one row what can be said", () => {
    const none = new Float32Array(0);
    const empty = { curves: curvesOf("a", none, () => true), calibration: classCalibration(none, new Int32Array(0), 2), labels: multiLabelMetrics(none, [], ["a", "b"]), numbers: regressionMetrics(none, none) };
    expectJson(empty);
    expect(empty.calibration).toMatchObject({ expectedCalibrationError: null, brierScore: null });
    expect(empty.labels).toMatchObject({ loss: null, f1Micro: null, f1Macro: null, subsetAccuracy: null, hammingLoss: null, meanAveragePrecision: null });
    expect(empty.numbers).toEqual({ meanAbsoluteError: null, rootMeanSquaredError: null, r2: null, pearson: null, spearman: null });
    const one = { calibration: classCalibration(Float32Array.from([0.25, 0.75]), Int32Array.of(1), 2), numbers: regressionMetrics(Float32Array.of(3), Float32Array.of(5)) };
    expectJson(one);
    expect(one.calibration).toMatchObject({ expectedCalibrationError: 0.25, brierScore: 0.125 });
    expect(one.numbers).toEqual({ meanAbsoluteError: 2, rootMeanSquaredError: 2, r2: null, pearson: null, spearman: null });
  });

  it("for constants, whose mean is not quite what they are", () => {
    const constant = new Float32Array(7).fill(0.1);
    const rising = Float32Array.from({ length: 7 }, (_, i) => i);
    expect(regressionMetrics(constant, rising)).toMatchObject({ pearson: null, spearman: null });
    expect(regressionMetrics(rising, constant)).toMatchObject({ r2: null, pearson: null, spearman: null });
  });

  it("for a model that has diverged", () => {
    const broken = Float32Array.from([NaN, NaN, 0.5, 0.5]);
    const all = { curves: curvesOf("a", broken, (i) => i % 2 === 0), calibration: classCalibration(broken, Int32Array.of(0, 1), 2), labels: multiLabelMetrics(broken, [0, 1, 1, 0], ["a", "b"]), numbers: regressionMetrics(broken, Float32Array.of(1, 2, 3, 4)) };
    expectJson(all);
    expect(all.curves.roc.area).toBeNull();
    expect(all.labels.loss).toBeNull();
    expect(all.numbers.spearman).toBeNull();
  });

  it("and certainty stays finite: a probability of 0 for what is so", () => {
    const metrics = multiLabelMetrics(Float32Array.from([0, 1]), [1, 0], ["a", "b"]);
    expect(metrics.loss).toBeCloseTo(-Math.log(1e-12), 6);
    expect(metrics).toMatchObject({ subsetAccuracy: 0, hammingLoss: 1, f1Micro: 0, f1Macro: 0 });
  });
});
