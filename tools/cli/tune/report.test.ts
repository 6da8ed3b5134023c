import { expect, test } from "vitest";
import { epochLine } from "./report.ts";

test("one line an epoch, in columns that a script can cut", () => {
  const point = { epoch: 3, step: 30, trainLoss: 0.4121, trainScore: 0.9, validationLoss: 0.3909, validationScore: 0.8611, learningRate: 0.0018, seconds: 2.13, best: true };
  expect(epochLine(point, 20)).toBe("epoch 3/20  loss 0.412  val loss 0.391  val score 0.861  lr 1.8e-3  2.1 s");
});
