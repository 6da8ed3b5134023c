/** A trace stays small, loses no spike and stays in order, however long it grows. */
import { describe, expect, it } from "vitest";
import { emptyTrace, extendTrace, rawPoints, smoothPoints, type TracePoint } from "./trace.ts";

const series = (length: number, value: (step: number) => number): TracePoint[] => Array.from({ length }, (_, i) => ({ step: i + 1, epoch: (i + 1) / 100, value: value(i + 1) }));

describe("a trace", () => {
  it("keeps a short series as it is", () => {
    const points = series(40, (step) => Math.sin(step));
    expect(rawPoints(extendTrace(emptyTrace(), points))).toEqual(points);
  });

  it.each([151, 1000, 12_345, 100_000])("stays within 300 points and in order after %i steps", (length) => {
    const trace = extendTrace(emptyTrace(20), series(length, (step) => Math.sin(step) / step));
    const raw = rawPoints(trace);
    expect(raw.length).toBeGreaterThan(100);
    expect(raw.length).toBeLessThanOrEqual(300);
    expect(smoothPoints(trace).length).toBeLessThanOrEqual(150);
    expect(raw.every(({ step }, i) => i === 0 || step > (raw[i - 1]?.step ?? 0))).toBe(true);
    expect(smoothPoints(trace).at(-1)?.step).toBe(length);
  });

  it("never loses a spike", () => {
    const trace = extendTrace(emptyTrace(), series(20_000, (step) => (step === 7777 ? 50 : step === 13_131 ? -3 : 1)));
    expect(rawPoints(trace)).toContainEqual({ step: 7777, epoch: 77.77, value: 50 });
    expect(rawPoints(trace)).toContainEqual({ step: 13_131, epoch: 131.31, value: -3 });
  });

  it("does not depend on how the points arrive", () => {
    const points = series(2000, (step) => Math.cos(step * step));
    let pieces = emptyTrace(10);
    for (let i = 0; i < points.length; i += 7) pieces = extendTrace(pieces, points.slice(i, i + 7));
    expect(pieces).toEqual(extendTrace(emptyTrace(10), points));
  });

  it("smooths without a bias towards zero at the start", () => {
    const smooth = smoothPoints(extendTrace(emptyTrace(50), series(100, () => 3)));
    expect(smooth[0]?.value).toBeCloseTo(3);
    expect(smooth.at(-1)?.value).toBeCloseTo(3);
  });

  it("leaves out what is not a number", () => {
    expect(rawPoints(extendTrace(emptyTrace(), series(3, (step) => (step === 2 ? NaN : step))))).toHaveLength(2);
  });
});
