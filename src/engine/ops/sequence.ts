/** Ops on token sequences: masks, positions and pooling. */
import { timingSignal } from "../../graph/timing-signal.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";

/** ids [batch, tokens] -> 1 where a token is, 0 where padding. */
export function paddingMask(ids: Tensor, { paddingId }: OpAttributes["paddingMask"]): Tensor {
  return tf.cast(tf.notEqual(ids, tf.scalar(paddingId, "int32")), "float32");
}

export function addTimingSignal(x: Tensor, mask: Tensor, attributes: OpAttributes["addTimingSignal"]): Tensor {
  const [, tokens, width] = x.shape as [number, number, number];
  const signal = tf.tensor(timingSignal(tokens, width, attributes), [1, tokens, width]);
  return tf.add(x, tf.mul(tf.expandDims(mask, -1), signal));
}

/** The mean of the unmasked tokens; 0 where there is none. */
export function maskedMean(x: Tensor, mask: Tensor): Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const share = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1));
  return tf.reshape(tf.matMul(tf.reshape(share, [batch, 1, tokens]), x), [batch, width]);
}
