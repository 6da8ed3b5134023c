/**
 * Matrix products for the wasm backend. Its own kernel is fast (XNNPACK) only for one pair of matrices, neither of them
 * transposed; gradients and attention need the others, where it falls to a loop that is 12 to 28 times slower. So a batch is
 * multiplied pair by pair, the transpose of b is made explicit, and that of a, the gradient of every weight, is a loop of our own:
 * its sums are long, and XNNPACK would first pack all of b, which takes longer than the product. The same goes for a single row, as
 * where text is written token by token: it is a column, transposed, and a transposed b is the rows that it meets.
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

type Sizes = readonly [m: number, k: number, n: number];

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

function batchOf(out: tf.TensorInfo, matrixSize: number): number {
  return tf.util.sizeFromShape(out.shape) / matrixSize;
}

/** Rows whose products are added up in single floats before they join the result; so many of a and b stay in the nearest cache. */
const BLOCK_ROWS = 128;

/** Where matrix `index` of a batch begins, of `values` floats. A batch of 1 repeats. */
function placeOf(backend: WasmBackend, tensor: tf.TensorInfo, index: number, values: number): number {
  const isRepeated = tf.util.sizeFromShape(tensor.shape) === values;
  return addressOf(backend, tensor) + (isRepeated ? 0 : index * values * FLOAT_BYTES);
}

/** Columns of a that are copied together before they are multiplied: rows that lie far apart push each other out of the cache. */
const PANEL_COLUMNS = 128;

/** a [batch, k, m], transposed, by b [batch, k, n] into out [batch, m, n]. */
function multiplyTransposed(kernels: SimdKernels, backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo, [m, k, n]: Sizes): void {
  const panel = m > PANEL_COLUMNS ? allocate(backend, [Math.min(BLOCK_ROWS, k), PANEL_COLUMNS]) : null;
  floats(backend, out).fill(0);
  for (let index = 0; index < batchOf(out, m * n); index++) {
    const [aAt, bAt, outAt] = [placeOf(backend, a, index, m * k), placeOf(backend, b, index, k * n), placeOf(backend, out, index, m * n)] as const;
    for (let row = 0; row < k; row += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, k - row);
      for (let column = 0; column < m; column += PANEL_COLUMNS) {
        const columns = Math.min(PANEL_COLUMNS, m - column);
        const from = aAt + (row * m + column) * FLOAT_BYTES;
        if (panel) copyPanel(backend, from, m, panel, rows, columns);
        kernels.addTransposedProduct(panel ? addressOf(backend, panel) : from, bAt + row * n * FLOAT_BYTES, rows, columns * FLOAT_BYTES, n * FLOAT_BYTES, outAt + column * n * FLOAT_BYTES);
      }
    }
  }
  if (panel) backend.disposeData(panel.dataId);
}

/** `columns` values of each of `rows` rows, `stride` values apart, one row after the other. */
function copyPanel(backend: WasmBackend, fromBytes: number, stride: number, panel: tf.TensorInfo, rows: number, columns: number): void {
  const to = floats(backend, panel);
  const heap = new Float32Array(to.buffer);
  const from = fromBytes / FLOAT_BYTES;
  for (let row = 0; row < rows; row++) to.set(heap.subarray(from + row * stride, from + row * stride + columns), row * columns);
}

/** a [batch, 1, k] by b [batch, n, k], transposed, into out [batch, 1, n]. */
function multiplyRows(kernels: SimdKernels, backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo, [, k, n]: Sizes): void {
  for (let index = 0; index < batchOf(out, n); index++) kernels.rowProducts(placeOf(backend, a, index, k), placeOf(backend, b, index, n * k), n, k * FLOAT_BYTES, placeOf(backend, out, index, n));
}

/** a [..., m, k] by b [..., k, n]; leading dimensions are equal, or all 1 on one side. */
export const batchMatMul = composed<Attributes>(tf.BatchMatMul, (inputs, { transposeA, transposeB }) => {
  const backend = asWasmBackend(tf.backend());
  const [a, b] = [required(inputs, "a"), required(inputs, "b")];
  const [m, k] = (transposeA ? a.shape.slice(-2).toReversed() : a.shape.slice(-2)) as [number, number];
  const [inner, n] = (transposeB ? b.shape.slice(-2).toReversed() : b.shape.slice(-2)) as [number, number];
  if (k !== inner) throw new Error(`matMul: the inner sizes of [${a.shape.join(", ")}] and [${b.shape.join(", ")}] differ.`);
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  for (const side of [a, b]) {
    const own = tf.util.sizeFromShape(side.shape.slice(0, -2));
    if (own !== tf.util.sizeFromShape(leading) && own !== 1) throw new Error(`matMul: [${a.shape.join(", ")}] and [${b.shape.join(", ")}] broadcast in part only.`);
  }
  const out = allocate(backend, [...leading, m, n]);
  const kernels = transposeA || m === 1 ? simdKernels(backend) : null;
  if (kernels !== null && m === 1 && transposeB) multiplyRows(kernels, backend, a, b, out, [m, k, n]);
  else {
    const right = transposeB ? swapLastTwo(b) : b;
    if (kernels !== null) multiplyTransposed(kernels, backend, a, right, out, [m, k, n]);
    else multiplyMatrices(backend, transposeA ? swapLastTwo(a) : a, right, out, [m, k, n]);
  }
  return tf.engine().makeTensorFromDataId(out.dataId, out.shape, out.dtype);
});
