/** Dropout whose mask depends on the seed alone: drawn by our own generator, it is the same on every backend. */
import { Rng } from "../../core/rng.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import type { OpContext } from "./types.ts";

export function dropout(x: Tensor, { rate }: OpAttributes["dropout"], { training, seed }: OpContext): Tensor {
  if (!training || rate === 0) return tf.clone(x);
  const rng = new Rng(seed);
  const threshold = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(x.size);
  for (let i = 0; i < mask.length; i++) mask[i] = rng.uint32() < threshold ? 0 : kept;
  return tf.mul(x, tf.tensor(mask, x.shape));
}
