/** What a training step is to the benchmark: one interface, met by Graft, plain TensorFlow.js and jax-js. */
import type { ReferenceBatch } from "../src/models/testing/reference-problems.ts";

export interface StepEngine {
  /** As the engine itself tells it. */
  readonly adapter: string;
  /** How many variables the optimizer steps. */
  readonly variables: number;
  /**
   * Issues one whole training step. The time that it takes to return is the step's JavaScript.
   * @returns reads the loss, after which the device has done everything.
   */
  step(batch: ReferenceBatch): () => Promise<number>;
}

export type ModelName = "mobilenet-v2" | "transformer";
export type EngineName = "graft" | "tfjs" | "jax-js";
