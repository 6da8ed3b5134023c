/** The sentence beside a chart. */
import { describe, expect, it } from "vitest";
import { describeCurve, describeRange } from "./summary.ts";

const at = (step: number, value: number) => ({ step, epoch: step / 10, value });
const format = (value: number): string => value.toFixed(2);

describe("a curve in a sentence", () => {
  it("says where it came from and where it is", () => {
    expect(describeCurve({ subject: "Training loss", points: [at(1, 1.93), at(320, 0.42)], format })).toBe("Training loss fell from 1.93 to 0.42 in 320 steps.");
    expect(describeCurve({ subject: "Learning rate", points: [at(1, 0.1)], format })).toBe("Learning rate is 0.10 after 1 step.");
    expect(describeCurve({ subject: "Training loss", points: [], format })).toBe("Nothing measured yet.");
  });

  it("says how far it ranged where neither way is better", () => {
    expect(describeRange({ subject: "The rate", points: [at(1, 0.1), at(9, 2), at(40, 1.4)], format })).toBe("The rate is 1.40 after 40 steps, and was between 0.10 and 2.00.");
    expect(describeRange({ subject: "The norm", points: [at(40, 1.5)], all: [at(1, 9), at(40, 1.4)], format })).toBe("The norm is 1.50 after 40 steps, and was between 1.40 and 9.00.");
    expect(describeRange({ subject: "The rate", points: [at(1, 0.1)], format })).toBe("The rate is 0.10 after 1 step.");
  });

  it("adds validation, and the best epoch where that was another", () => {
    const points = [at(1, 0.4), at(50, 0.8)];
    const measured = [at(10, 0.5), at(40, 0.7), at(50, 0.6)];
    const subject = "validation accuracy";
    expect(describeCurve({ subject: "Training accuracy", points, format, validation: { subject, points: measured, best: measured[1] ?? null } })).toBe(
      "Training accuracy rose from 0.40 to 0.80 in 50 steps; validation accuracy is 0.60, 0.70 after the best epoch, 4.",
    );
    expect(describeCurve({ subject: "Training accuracy", points, format, validation: { subject, points: measured, best: measured[2] ?? null } })).toMatch(/validation accuracy is 0.60\.$/);
  });
});
