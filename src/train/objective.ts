/** What is learned, as the loop sees it: a differentiable loss and a figure to watch. */
import type { tf, Tensor } from "../engine/tf.ts";
import type { ScoreInfo } from "../protocol/run.ts";

export interface Objective {
  /** The mean loss of a batch; differentiable in `output`. Outside training without smoothing or class weights, so that it compares. */
  loss(output: Tensor, targets: Tensor, options: { readonly training: boolean }): tf.Scalar;
  /** The mean over a batch of what is watched, as a scalar. */
  score(output: Tensor, targets: Tensor): tf.Scalar;
  readonly scoreInfo: ScoreInfo;
}
