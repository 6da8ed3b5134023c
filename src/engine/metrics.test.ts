import { describe, expect, it } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { classificationMetrics } from "./metrics.ts";

/** Probabilities that predict `predicted`, with the given confidence and the rest shared out. */
function rows(predicted: readonly number[], classes: number, confidence = 0.7): Float32Array {
  const rest = (1 - confidence) / (classes - 1);
  return Float32Array.from(predicted.flatMap((choice) => Array.from({ length: classes }, (_, c) => (c === choice ? confidence : rest))));
}

describe("classificationMetrics", () => {
  it("is what scikit-learn says by hand-counted confusion", () => {
    const labels = Int32Array.from([0, 0, 0, 1, 1, 2]);
    const metrics = classificationMetrics(rows([0, 0, 1, 1, 2, 2], 4), labels, ["cat", "dog", "owl", "fox"]);
    expect(metrics.confusion).toEqual([
      [2, 1, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
    ]);
    expect(metrics.accuracy).toBeCloseTo(4 / 6, 12);
    expect(metrics.perClass.map(({ precision }) => precision)).toEqual([1, 0.5, 0.5, 0]);
    expect(metrics.perClass.map(({ recall }) => recall)).toEqual([2 / 3, 0.5, 1, 0]);
    expect(metrics.perClass.map(({ support }) => support)).toEqual([3, 2, 1, 0]);
    expect(metrics.perClass.map(({ f1 }) => f1)).toBeAllClose([0.8, 0.5, 2 / 3, 0]);
    // The fox neither occurs nor is predicted, so it is not averaged in.
    expect(metrics.f1Macro).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3, 12);
    expect(metrics.loss).toBeCloseTo((-4 * Math.log(0.7) - 2 * Math.log(0.1)) / 6, 5);
  });

  it("counts a class that is predicted and never occurs against the macro F1", () => {
    const metrics = classificationMetrics(rows([0, 1], 2), Int32Array.from([0, 0]), ["a", "b"]);
    expect(metrics.perClass[1]).toMatchObject({ precision: 0, recall: 0, f1: 0, support: 0 });
    expect(metrics.f1Macro).toBeCloseTo(2 / 3 / 2, 12);
  });

  it("stays finite for a probability of 0, and says 0 of no examples", () => {
    expect(classificationMetrics(Float32Array.from([1, 0]), Int32Array.from([1]), ["a", "b"]).loss).toBeCloseTo(-Math.log(1e-12), 6);
    expect(classificationMetrics(new Float32Array(0), new Int32Array(0), ["a", "b"])).toMatchObject({ loss: 0, accuracy: 0, f1Macro: 0 });
  });
});
