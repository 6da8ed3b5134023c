/** Ops on token sequences: masks, positions and pooling. */
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";

/** ids [batch, tokens] -> 1 where a token is, 0 where padding. */
export function paddingMask(ids: Tensor, { paddingId }: OpAttributes["paddingMask"]): Tensor {
  return tf.cast(tf.notEqual(ids, tf.scalar(paddingId, "int32")), "float32");
}

/** [tokens, width], as get_timing_signal_1d of Tensor2Tensor (layers/common_attention.py); an odd width ends in a 0. */
function timingSignal(tokens: number, width: number, minTimescale: number, maxTimescale: number): Float32Array {
  const half = Math.floor(width / 2);
  const increment = Math.log(maxTimescale / minTimescale) / Math.max(half - 1, 1);
  const signal = new Float32Array(tokens * width);
  for (let position = 0; position < tokens; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * minTimescale * Math.exp(-i * increment);
      signal[position * width + i] = Math.sin(angle);
      signal[position * width + half + i] = Math.cos(angle);
    }
  }
  return signal;
}

export function addTimingSignal(x: Tensor, mask: Tensor, { minTimescale, maxTimescale }: OpAttributes["addTimingSignal"]): Tensor {
  const [, tokens, width] = x.shape as [number, number, number];
  const signal = tf.tensor(timingSignal(tokens, width, minTimescale, maxTimescale), [1, tokens, width]);
  return tf.add(x, tf.mul(tf.expandDims(mask, -1), signal));
}

/** The mean of the unmasked tokens; 0 where there is none. */
export function maskedMean(x: Tensor, mask: Tensor): Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const share = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1));
  return tf.reshape(tf.matMul(tf.reshape(share, [batch, 1, tokens]), x), [batch, width]);
}
