/** What an op of the graph is to the engine: one function from tensors to a tensor, differentiable by TensorFlow.js's tape. */
import type { OpAttributes, OpName } from "../../graph/types.ts";
import type { Tensor } from "../tf.ts";

/** What dropout draws from in one step, one for all nodes. */
export interface StepSeed {
  /** 0 .. 2^32 - 1, for JavaScript. */
  readonly value: number;
  /** On WebGPU the same bits as int32 [1]: what a captured step reads anew when it is replayed. */
  readonly tensor: Tensor | null;
}

export interface OpContext {
  /** True for nodes of the trained tail during a training step; false in a frozen trunk and in evaluation. */
  readonly training: boolean;
  /** Of this step, drawn from the run's generator. Used by dropout only. */
  readonly seed: StepSeed;
  /** Tells this node's random numbers from those of the step's other nodes. */
  readonly salt: number;
  /** Whether a trained batch norm updates its running statistics; "keep" where a forward pass is run a second time. */
  readonly statistics: "update" | "keep";
  /**
   * Hands back a batch norm's updated running statistics; the caller assigns and disposes them. Not called on WebGPU, where the
   * op writes them into its inputs `mean` and `variance`.
   */
  readonly updateStatistics: (mean: Tensor, variance: Tensor) => void;
}

/** The caller owns `inputs` and runs this within tf.tidy; the result is a new tensor. */
export type OpImplementation<Op extends OpName> = (inputs: readonly Tensor[], attributes: OpAttributes[Op], context: OpContext) => Tensor;

export type OpImplementations = { readonly [Op in OpName]: OpImplementation<Op> };
