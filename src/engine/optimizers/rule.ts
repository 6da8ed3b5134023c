/**
 * What an optimizer is to the loop that steps it: slots beside each parameter, and one update written three times. Composed of
 * tensor ops, it runs on every backend and is the reference; as a loop over the values in place, it is one pass over the
 * wasm heap instead of a dozen; in WGSL, it moves all parameters in one dispatch.
 */
import type { Tensor } from "../tf.ts";

export interface StepOptions {
  /** 1-based count of steps. */
  readonly step: number;
  readonly learningRate: number;
  /** 0 for parameters that do not decay. */
  readonly weightDecay: number;
}

export interface UpdateRule {
  /** Names of the tensors, shaped as the parameter and 0 at first, that are kept beside each parameter. */
  readonly slots: readonly string[];
  /** @param scalar a number as a tensor, made once per step. @returns the new parameter, then the new slots. */
  compose(parameter: Tensor, gradient: Tensor, slots: readonly Tensor[], options: StepOptions, scalar: (value: number) => Tensor): Tensor[];
  /**
   * The same in WGSL, for value `i`: reads `gradient`, `value`, `rate`, `decay`, `scalars` and the slots' arrays by name, writes
   * `parameters[i]` and the slots.
   */
  readonly kernel: string;
  /** What `kernel` finds in `scalars` at a step (1-based). */
  scalars(step: number): readonly number[];
  /** The same in place. */
  update(parameter: Float32Array, gradient: Float32Array, slots: readonly Float32Array[], options: StepOptions): void;
}
