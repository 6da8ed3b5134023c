/**
 * One training step as the loop sees it: gradients of micro-batches add up, then parameters move. How a device does it best
 * is behind this interface; the loop does not know.
 */
import type { GraphModule, Activations } from "../module.ts";
import type { OptimizerKind, OptimizerState } from "../optimizers/index.ts";
import { tf, type Tensor } from "../tf.ts";
import { CapturedStep } from "./captured-step.ts";
import { EagerStep } from "./eager-step.ts";

/** What a step minimises and shows; both run on batches of any size. */
export interface StepObjective {
  /** The mean loss of a batch; differentiable in `output`. */
  loss(output: Tensor, targets: Tensor): tf.Scalar;
  /** The mean over a batch of what is watched, as a scalar. */
  score(output: Tensor, targets: Tensor): tf.Scalar;
}

export interface StepSettings {
  readonly optimizer: OptimizerKind;
  readonly weightDecay: number;
  readonly momentum: number;
  /** 0 switches clipping off. */
  readonly gradientClipNorm: number;
  /** How the rate of one parameter relates to the step's. */
  readonly learningRateScale: (parameter: string) => number;
  /** Whether the device may replay the step; true by default. The numbers are the same. */
  readonly capture?: boolean;
}

export interface MicroBatch {
  /** At the cut; they and the targets stay the caller's. */
  readonly activations: Activations;
  readonly targets: Tensor;
  /** How much of the step's batch this is; the shares of a step add up to 1. */
  readonly share: number;
  /** Of dropout, in this micro-batch. */
  readonly seed: number;
}

/** Of a whole step: weighted means over its micro-batches, and the gradient's norm before clipping. */
export interface StepFigures {
  readonly loss: number;
  readonly score: number;
  readonly gradientNorm: number;
}

/** How the device is driven. */
export type StepMode =
  /** Op by op: there is nothing to gain from capturing here. */
  | { readonly kind: "plain" }
  | { readonly kind: "recording" }
  | { readonly kind: "replayed"; readonly dispatches: number; readonly allocatedBytes: number; readonly leastBytes: number }
  /** The step cannot be captured; the reason fits behind "because". */
  | { readonly kind: "eager"; readonly because: string };

export interface TrainingStep {
  /** Adds the gradients of one micro-batch. */
  accumulate(batch: MicroBatch): void;
  /** Clips, moves the parameters, and starts anew. */
  apply(learningRate: number): void;
  /** Resolves when the device is at most a step behind, so that a pause or a new rate is not many steps late. */
  ready(): Promise<void>;
  /** The figures of every applied step since the last call, in order. Waits for the device. */
  readFigures(): Promise<readonly StepFigures[]>;
  /** Between steps: what the next one depends on beside the module's own snapshot. Waits for the device. */
  snapshot(): Promise<OptimizerState>;
  /** Goes on from there, whichever device it was taken on: on the same kind of device with the same bits. */
  restore(state: OptimizerState): void;
  readonly mode: StepMode;
  dispose(): void;
}

/** The caller disposes it before the module. */
export function createTrainingStep(module: GraphModule, objective: StepObjective, settings: StepSettings): TrainingStep {
  return tf.getBackend() === "webgpu" ? new CapturedStep(module, objective, settings) : new EagerStep(module, objective, settings);
}
