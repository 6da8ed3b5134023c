/** Matrix products, and multi-head attention made of them. */
import type { OpAttributes } from "../../graph/types.ts";
import { attentionBackward, attentionForward, fitsKernels, type AttentionShape } from "../kernels/webgpu/attention.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";
import { broadcastTo } from "./shape.ts";

/** A rank-2 b serves every leading dimension of a: one product of two matrices instead of a batch of them. */
export function matMul(a: Tensor, b: Tensor, { transposeA, transposeB }: OpAttributes["matMul"]): Tensor {
  if (b.rank !== 2 || a.rank === 2) return tf.matMul(a, b, transposeA, transposeB);
  const rows = transposeA ? tf.transpose(a, [...a.shape.keys()].map((axis) => (axis < a.rank - 2 ? axis : 2 * a.rank - 3 - axis))) : a;
  const product = tf.matMul(tf.reshape(rows, [-1, rows.shape[a.rank - 1] as number]), b, false, transposeB);
  return tf.reshape(product, [...rows.shape.slice(0, -1), product.shape[1] as number]);
}

/** Low enough that a masked token's softmax weight is exactly 0; where every token is masked, all weigh the same. */
const MASKED = -1e9;

/**
 * softmax(q k^T * scale) v per head; Vaswani et al., 2017. A token whose mask is 0 is attended to by none; where it is causal,
 * token i attends to the tokens 0 .. i only.
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, { heads, scale, causal = false, keyValueHeads = heads }: OpAttributes["attention"]): Tensor {
  const shape = { heads, scale, causal };
  if (keyValueHeads !== heads) return attention(query, repeatHeads(key, keyValueHeads, heads), repeatHeads(value, keyValueHeads, heads), mask, shape);
  return tf.getBackend() === "webgpu" && fitsKernels(query, value, heads) ? attentionByKernels(query, key, value, mask, shape) : attentionByProducts(query, key, value, mask, shape);
}

/** [batch, tokens, few * width] -> [batch, tokens, many * width]: each head as often as queries share it, in a row. */
function repeatHeads(x: Tensor, few: number, many: number): Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const heads = broadcastTo(tf.reshape(x, [batch * tokens, few, 1, width / few]), { shape: [-1, -1, many / few, -1] });
  return tf.reshape(heads, [batch, tokens, (width / few) * many]);
}

function attentionByKernels(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, shape: AttentionShape): Tensor {
  return differentiable(
    { query, key, value },
    (save) => {
      const { result, statistics } = attentionForward(query, key, value, mask, shape);
      save([result, statistics, query, key, value, mask]);
      return result;
    },
    (dy, saved) => {
      const inputs = { query: savedAt(saved, 2), key: savedAt(saved, 3), value: savedAt(saved, 4), mask: savedAt(saved, 5) };
      const { dQuery, dKey, dValue } = attentionBackward(dy, { ...inputs, result: savedAt(saved, 0), statistics: savedAt(saved, 1) }, shape);
      return { query: () => dQuery, key: () => dKey, value: () => dValue };
    },
  );
}

function attentionByProducts(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, { heads, scale, causal }: AttentionShape): Tensor {
  const [batch, tokens] = query.shape as [number, number];
  const keyTokens = key.shape[1] as number;
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: Tensor): Tensor => tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, heads, (x.shape[2] as number) / heads]), [0, 2, 1, 3]);
  const scores = tf.matMul(split(tf.mul(query, scale)), split(key), false, true);
  const paddingBias = tf.reshape(tf.mul(tf.sub(1, mask), MASKED), [batch, 1, 1, keyTokens]);
  // Both biases in one: the scores are many more than the tokens.
  const bias = causal ? tf.add(paddingBias, futureBias(tokens, keyTokens)) : paddingBias;
  const mixed = tf.matMul(tf.softmax(tf.add(scores, bias)), split(value));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, value.shape[2] as number]);
}

/** [tokens, keyTokens], below every masked score where the key comes after the query: what is to come is not seen even where all else is masked. */
function futureBias(tokens: number, keyTokens: number): Tensor {
  const values = new Float32Array(tokens * keyTokens);
  for (let token = 0; token < tokens; token++) values.fill(2 * MASKED, token * keyTokens + token + 1, (token + 1) * keyTokens);
  return tf.tensor(values, [tokens, keyTokens]);
}
