/**
 * Matrix products for the wasm backend. Its own kernel is fast (XNNPACK) only for one pair of matrices, neither of them
 * transposed; gradients and attention need the others, where it falls to a loop that is 12 to 28 times slower. So
 * transposes are made explicit, and a batch is multiplied pair by pair.
 */
import { tf } from "../../tf.ts";
import { composed, required } from "./define.ts";
import { allocate, asWasmBackend, multiplyMatrices } from "./heap.ts";

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function swapLastTwo(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [...Array.from({ length: x.rank - 2 }, (_, axis) => axis), x.rank - 1, x.rank - 2]);
}

/** a [..., m, k] by b [..., k, n]; leading dimensions are equal, or all 1 on one side. */
export const batchMatMul = composed<Attributes>(tf.BatchMatMul, (inputs, { transposeA, transposeB }) => {
  const a = transposeA ? swapLastTwo(required(inputs, "a")) : required(inputs, "a");
  const b = transposeB ? swapLastTwo(required(inputs, "b")) : required(inputs, "b");
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner) throw new Error(`matMul: the inner sizes of [${a.shape.join(", ")}] and [${b.shape.join(", ")}] differ.`);
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = tf.util.sizeFromShape(leading);
  for (const side of [a, b]) {
    const own = tf.util.sizeFromShape(side.shape.slice(0, -2));
    if (own !== batch && own !== 1) throw new Error(`matMul: [${a.shape.join(", ")}] and [${b.shape.join(", ")}] broadcast in part only.`);
  }
  const backend = asWasmBackend(tf.backend());
  const out = allocate(backend, [...leading, m, n]);
  multiplyMatrices(backend, a, b, out, [m, k, n]);
  return tf.engine().makeTensorFromDataId(out.dataId, out.shape, out.dtype);
});
