/**
 * Matrix products for the wasm backend. Its own kernel is fast (XNNPACK) only for one pair of matrices, neither of them
 * transposed; gradients and attention need the others, where it falls to a loop that is 12 to 28 times slower. So a batch is
 * multiplied pair by pair, the transpose of b is made explicit, and that of a, the gradient of every weight, is a loop of our own:
 * its sums are long, and XNNPACK would first pack all of b, which takes longer than the product.
 */
import { tf } from "../../tf.ts";
import { composed, required } from "./define.ts";
import { addressOf, allocate, asWasmBackend, floats, multiplyMatrices, type WasmBackend } from "./heap.ts";
import { simdKernels, type SimdKernels } from "./simd.ts";

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function swapLastTwo(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [...Array.from({ length: x.rank - 2 }, (_, axis) => axis), x.rank - 1, x.rank - 2]);
}

/** Rows whose products are added up in single floats before they join the result; so many of a and b stay in the nearest cache. */
const BLOCK_ROWS = 128;

/** a [batch, k, m], transposed, by b [batch, k, n] into out [batch, m, n]. A batch of 1 repeats. */
function multiplyTransposed(kernels: SimdKernels, backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo, [m, k, n]: readonly [number, number, number]): void {
  const [aBytes, bBytes, outBytes] = [m * 4, n * 4, m * n * 4];
  const begin = (tensor: tf.TensorInfo, index: number, bytes: number): number => addressOf(backend, tensor) + (tf.util.sizeFromShape(tensor.shape) * 4 === bytes ? 0 : index * bytes);
  const batch = tf.util.sizeFromShape(out.shape) / (m * n);
  floats(backend, out).fill(0);
  for (let index = 0; index < batch; index++) {
    const [aAt, bAt, outAt] = [begin(a, index, k * aBytes), begin(b, index, k * bBytes), begin(out, index, outBytes)] as const;
    for (let row = 0; row < k; row += BLOCK_ROWS) kernels.addTransposedProduct(aAt + row * aBytes, bAt + row * bBytes, Math.min(BLOCK_ROWS, k - row), aBytes, bBytes, outAt);
  }
}

/** a [..., m, k] by b [..., k, n]; leading dimensions are equal, or all 1 on one side. */
export const batchMatMul = composed<Attributes>(tf.BatchMatMul, (inputs, { transposeA, transposeB }) => {
  const backend = asWasmBackend(tf.backend());
  const kernels = transposeA ? simdKernels(backend) : null;
  const a = transposeA && kernels === null ? swapLastTwo(required(inputs, "a")) : required(inputs, "a");
  const b = transposeB ? swapLastTwo(required(inputs, "b")) : required(inputs, "b");
  const lastTwo = a.shape.slice(-2) as [number, number];
  const [m, k] = kernels === null ? lastTwo : (lastTwo.toReversed() as [number, number]);
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner) throw new Error(`matMul: the inner sizes of [${a.shape.join(", ")}] and [${b.shape.join(", ")}] differ.`);
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = tf.util.sizeFromShape(leading);
  for (const side of [a, b]) {
    const own = tf.util.sizeFromShape(side.shape.slice(0, -2));
    if (own !== batch && own !== 1) throw new Error(`matMul: [${a.shape.join(", ")}] and [${b.shape.join(", ")}] broadcast in part only.`);
  }
  const out = allocate(backend, [...leading, m, n]);
  if (kernels === null) multiplyMatrices(backend, a, b, out, [m, k, n]);
  else multiplyTransposed(kernels, backend, a, b, out, [m, k, n]);
  return tf.engine().makeTensorFromDataId(out.dataId, out.shape, out.dtype);
});
