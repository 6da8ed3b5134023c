/** Ops on token sequences: masks, positions and pooling. */
import { timingSignal } from "../../graph/timing-signal.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { rotate } from "../kernels/webgpu/rotary.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt, withoutGradient } from "./differentiable.ts";

/** ids [batch, tokens] -> 1 where a token is, 0 where padding. */
export function paddingMask(ids: Tensor, { paddingId }: OpAttributes["paddingMask"]): Tensor {
  return tf.cast(tf.notEqual(ids, tf.scalar(paddingId, "int32")), "float32");
}

/** ids [batch, tokens] -> int32 [batch, tokens] */
export function positionIds(ids: Tensor, { offset, paddingId }: OpAttributes["positionIds"]): Tensor {
  const [batch, tokens] = ids.shape as [number, number];
  return withoutGradient(() => {
    if (paddingId === undefined) return tf.tile(tf.reshape(tf.range(offset, offset + tokens, 1, "int32"), [1, tokens]), [batch, 1]);
    const padding = tf.scalar(paddingId, "int32");
    const isToken = tf.cast(tf.notEqual(ids, padding), "int32");
    return tf.add(tf.mul(tf.cumsum(isToken, 1), isToken), padding);
  });
}

/** Su et al., 2021, with the halves of a head instead of neighbours, as GPT-NeoX and Llama have it. Turning back is the gradient. */
export function rotaryEmbedding(x: Tensor, positions: Tensor, { heads, frequencies }: OpAttributes["rotaryEmbedding"]): Tensor {
  const turn = (values: Tensor, places: Tensor, direction: 1 | -1): Tensor =>
    (tf.getBackend() === "webgpu" ? rotate : rotateComposed)(values, places, tf.tensor1d([...frequencies]), heads, direction);
  return differentiable(
    { x },
    (save) => {
      save([positions]);
      return turn(x, positions, 1);
    },
    (dy, saved) => ({ x: () => turn(dy, savedAt(saved, 0), -1) }),
  );
}

function rotateComposed(x: Tensor, positions: Tensor, frequencies: Tensor, heads: number, direction: 1 | -1): Tensor {
  const rows = positions.size;
  const angles = tf.mul(tf.reshape(tf.cast(positions, "float32"), [rows, 1, 1]), frequencies);
  const [cos, sin] = [tf.cos(angles), tf.sin(direction === 1 ? angles : tf.neg(angles))];
  const [first, second] = tf.split(tf.reshape(x, [rows, heads, 2 * frequencies.size]), 2, 2) as [Tensor, Tensor];
  const turned = tf.concat([tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))], 2);
  return tf.reshape(turned, x.shape);
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
