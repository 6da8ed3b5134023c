/** How many steps a recipe takes, and the course of the learning rate over them. Pure: the worker trains by the same function. */
import { scheduledLearningRate } from "../../core/schedules.ts";
import type { Recipe } from "../../protocol/recipe.ts";

type StepSettings = Pick<Recipe, "epochs" | "batchSize" | "gradientAccumulation">;

/** For texts a lower bound: batches hold texts of similar length, so that some stay part-full. */
export function stepsPerEpoch(trainingExamples: number, { batchSize, gradientAccumulation }: StepSettings): number {
  return Math.ceil(Math.ceil(trainingExamples / batchSize) / gradientAccumulation);
}

export interface RatePoint {
  /** 0-based. */
  readonly step: number;
  readonly rate: number;
}

/** At most `most` points from the first step to the last, and always the one with the highest rate among the steps seen. */
export function rateCourse({ schedule, learningRate, warmUp }: Pick<Recipe, "schedule" | "learningRate" | "warmUp">, totalSteps: number, most = 240): readonly RatePoint[] {
  const count = Math.min(totalSteps, most);
  const peak = Math.min(totalSteps - 1, schedule === "one-cycle" ? Math.max(1, Math.round(totalSteps * warmUp)) : Math.round(totalSteps * warmUp));
  const steps = new Set([...Array.from({ length: count }, (_, index) => (count === 1 ? 0 : Math.round((index * (totalSteps - 1)) / (count - 1)))), peak]);
  return [...steps].sort((a, b) => a - b).map((step) => ({ step, rate: scheduledLearningRate({ kind: schedule, learningRate, totalSteps, warmUp }, step) }));
}
