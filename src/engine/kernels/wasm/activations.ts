/** Gradients of activations that let through what lies between two bounds, in one pass on wasm. */
import { tf, type Tensor } from "../../tf.ts";
import { addressOf, allocate, asWasmBackend } from "./heap.ts";
import type { SimdKernels } from "./simd.ts";

/** dy where low < y < high, else 0; the bounds may be infinite. */
export function gradientWithin(kernels: SimdKernels, dy: Tensor, y: Tensor, low: number, high: number): Tensor {
  const backend = asWasmBackend(tf.backend());
  const result = allocate(backend, dy.shape);
  kernels.keepWithin(addressOf(backend, dy), addressOf(backend, y), dy.size * Float32Array.BYTES_PER_ELEMENT, low, high, addressOf(backend, result));
  return tf.engine().makeTensorFromDataId(result.dataId, result.shape, result.dtype);
}
