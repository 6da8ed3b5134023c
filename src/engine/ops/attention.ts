/** Matrix products, and multi-head attention made of them. */
import type { OpAttributes } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";

/** A rank-2 b serves every leading dimension of a: one product of two matrices instead of a batch of them. */
export function matMul(a: Tensor, b: Tensor, { transposeA, transposeB }: OpAttributes["matMul"]): Tensor {
  if (b.rank !== 2 || a.rank === 2) return tf.matMul(a, b, transposeA, transposeB);
  const rows = transposeA ? tf.transpose(a, [...a.shape.keys()].map((axis) => (axis < a.rank - 2 ? axis : 2 * a.rank - 3 - axis))) : a;
  const product = tf.matMul(tf.reshape(rows, [-1, rows.shape[a.rank - 1] as number]), b, false, transposeB);
  return tf.reshape(product, [...rows.shape.slice(0, -1), product.shape[1] as number]);
}

/** Low enough that a masked token's softmax weight is exactly 0; where every token is masked, all weigh the same. */
const MASKED = -1e9;

/** softmax(q k^T * scale) v per head; Vaswani et al., 2017. A token whose mask is 0 is attended to by none. */
export function attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, { heads, scale }: OpAttributes["attention"]): Tensor {
  const [batch, tokens] = query.shape as [number, number];
  const keyTokens = key.shape[1] as number;
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: Tensor): Tensor => tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, heads, (x.shape[2] as number) / heads]), [0, 2, 1, 3]);
  const scores = tf.matMul(split(tf.mul(query, scale)), split(key), false, true);
  const bias = tf.reshape(tf.mul(tf.sub(1, mask), MASKED), [batch, 1, 1, keyTokens]);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, bias)), split(value));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, value.shape[2] as number]);
}
