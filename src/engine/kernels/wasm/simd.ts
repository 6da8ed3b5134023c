/** Our own WebAssembly functions on the backend's memory, compiled once for each start of the backend. */
import { tf } from "../../tf.ts";
import { assemble } from "./assembler.ts";
import { asWasmBackend, memoryOf, type WasmBackend } from "./heap.ts";
import { simdFunctions, type SimdKernels } from "./simd-kernels.ts";

export type { SimdKernels } from "./simd-kernels.ts";

const byBackend = new WeakMap<object, SimdKernels | null>();

/** Null where this browser has no vectors in WebAssembly: then the composed forms are used. */
export function simdKernels(backend: WasmBackend): SimdKernels | null {
  const known = byBackend.get(backend);
  if (known !== undefined) return known;
  const memory = memoryOf(backend);
  const sharedMemory = typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
  const bytes = assemble(simdFunctions, { sharedMemory });
  const made = WebAssembly.validate(bytes) ? (new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } }).exports as unknown as SimdKernels) : null;
  byBackend.set(backend, made);
  return made;
}

/** Those of the current backend, where it is wasm. */
export function currentSimdKernels(): SimdKernels | null {
  return tf.getBackend() === "wasm" ? simdKernels(asWasmBackend(tf.backend())) : null;
}
