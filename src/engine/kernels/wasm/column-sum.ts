/** Sums over rows on wasm, in our own vector loops, which TensorFlow.js makes of a transpose and a sum of each column. */
import { tf, type Tensor } from "../../tf.ts";
import { addressOf, allocate, asWasmBackend, floats, type WasmBackend } from "./heap.ts";
import type { SimdKernels } from "./simd-kernels.ts";

/** A vector loop adds up so many rows in single floats; the sums of these blocks are added in double. */
const BLOCK_ROWS = 64;

/** Runs `sumBlock` over `rows` rows in blocks and adds up what it leaves in the `results` tensors [channels]. */
export function sumBlocks(backend: WasmBackend, rows: number, results: readonly tf.TensorInfo[], sumBlock: (firstRow: number, rows: number) => void): Float64Array[] {
  const parts = results.map((result) => floats(backend, result));
  const totals = parts.map(({ length }) => new Float64Array(length));
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    sumBlock(row, Math.min(BLOCK_ROWS, rows - row));
    parts.forEach((part, index) => {
      const total = totals[index] as Float64Array;
      for (let channel = 0; channel < part.length; channel++) total[channel]! += part[channel]!;
    });
  }
  return totals;
}

/** x [rows, columns] -> [columns] */
export function columnSum(kernels: SimdKernels, x: Tensor): Tensor {
  const backend = asWasmBackend(tf.backend());
  const [rows, columns] = x.shape as [number, number];
  const columnBytes = columns * Float32Array.BYTES_PER_ELEMENT;
  const result = allocate(backend, [columns]);
  const [xAt, resultAt] = [addressOf(backend, x), addressOf(backend, result)];
  const [sums] = sumBlocks(backend, rows, [result], (row, count) => kernels.columnSums(xAt + row * columnBytes, count, columnBytes, resultAt)) as [Float64Array];
  floats(backend, result).set(sums);
  return tf.engine().makeTensorFromDataId(result.dataId, result.shape, result.dtype);
}
