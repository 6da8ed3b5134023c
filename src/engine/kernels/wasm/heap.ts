/**
 * The wasm backend's memory, typed. TensorFlow.js declares almost none of this; everything that reads or writes tensors
 * in place, or hands a part of one to a wasm kernel, goes through this file.
 */
import { tf } from "../../tf.ts";

type TensorInfo = tf.TensorInfo;

interface TensorData {
  readonly id: number;
  readonly memoryOffset: number;
}

interface WasmModule {
  _malloc(bytes: number): number;
  readonly tfjs: { registerTensor(id: number, size: number, memoryOffset: number): void; disposeData(id: number): void };
  /** Where there are threads, the memory that they share; else the binary's own, among its exports. */
  readonly wasmMemory?: WebAssembly.Memory;
  readonly asm: { readonly memory?: WebAssembly.Memory };
  cwrap(name: string, returnType: null, argumentTypes: readonly string[]): (...values: readonly unknown[]) => void;
}

/** What tfjs-backend-wasm 4.22 is, as far as we use it (dist/backend_wasm.js). */
export interface WasmBackend {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: object): TensorData };
  dataIdNextNumber: number;
  makeOutput(shape: readonly number[], dtype: string): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
  refCount(dataId: object): number;
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
}

export function asWasmBackend(backend: unknown): WasmBackend {
  return backend as WasmBackend;
}

const guarded = new WeakSet<WasmModule>();

/** The backend takes an allocation that failed for address 0 and writes there; from now on it throws a RangeError. */
export function refuseFailedAllocations({ wasm }: WasmBackend): void {
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  const allocate = wasm._malloc.bind(wasm);
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) throw new RangeError(`WebAssembly has no ${Math.ceil(bytes / 2 ** 20)} MB left`);
    return address;
  };
}

/**
 * The values of a float tensor, in place. Allocating may move the heap: take views after the last allocation.
 */
export function floats(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

export function ints(backend: WasmBackend, tensor: TensorInfo): Int32Array {
  return backend.typedArrayFromHeap(tensor) as Int32Array;
}

/** A new float tensor; its values are whatever the memory held. */
export function allocate(backend: WasmBackend, shape: readonly number[]): TensorInfo {
  return backend.makeOutput(shape, "float32");
}

/** Where a tensor's values begin, in bytes. */
export function addressOf({ dataIdMap }: WasmBackend, tensor: TensorInfo): number {
  return dataIdMap.get(tensor.dataId).memoryOffset;
}

export function memoryOf({ wasm }: WasmBackend): WebAssembly.Memory {
  const memory = wasm.wasmMemory ?? wasm.asm.memory;
  if (memory === undefined) throw new Error("The wasm backend shows no memory: look at how this version exports it.");
  return memory;
}

/** Bytes that the backend's memory has grown to; it never shrinks. */
export function heapBytes(backend: WasmBackend): number {
  return memoryOf(backend).buffer.byteLength;
}

/** A second tensor on the same memory. */
export function share(backend: WasmBackend, tensor: TensorInfo, shape: number[] = tensor.shape): TensorInfo {
  backend.incRef(tensor.dataId);
  return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
}

/**
 * Products of consecutive matrices: a [batch, m, k] by b [batch, k, n] into out [batch, m, n], one call of the backend's
 * fast two-dimensional product each, on its part of the memory. A batch of 1 repeats.
 */
export function multiplyMatrices(backend: WasmBackend, a: TensorInfo, b: TensorInfo, out: TensorInfo, [m, k, n]: readonly [number, number, number]): void {
  const { wasm, dataIdMap } = backend;
  const multiply = wasm.cwrap("BatchMatMul", null, ["number", "array", "number", "number", "array", "number", "number", "number", "number"]);
  const bytes = (shape: readonly number[]): Uint8Array => new Uint8Array(new Int32Array(shape).buffer);
  const aShape = bytes([1, m, k]);
  const bShape = bytes([1, k, n]);
  const part = (tensor: TensorInfo, index: number, size: number): number => {
    const id = backend.dataIdNextNumber++;
    wasm.tfjs.registerTensor(id, size, dataIdMap.get(tensor.dataId).memoryOffset + index * size * Float32Array.BYTES_PER_ELEMENT);
    return id;
  };
  const batch = tf.util.sizeFromShape(out.shape) / (m * n);
  const aRepeats = tf.util.sizeFromShape(a.shape) === m * k;
  const bRepeats = tf.util.sizeFromShape(b.shape) === k * n;
  for (let index = 0; index < batch; index++) {
    const ids = [part(a, aRepeats ? 0 : index, m * k), part(b, bRepeats ? 0 : index, k * n), part(out, index, m * n)] as const;
    multiply(ids[0], aShape, 3, ids[1], bShape, 3, false, false, ids[2]);
    // Forgets the part and the backend's packed copy of it, not the memory.
    for (const id of ids) wasm.tfjs.disposeData(id);
  }
}

/** The memory of a tensor that nobody else shares, for stepping in place; null where it is shared or not on wasm. */
export function exclusiveFloats(tensor: tf.Tensor): Float32Array | null {
  if (tf.getBackend() !== "wasm") return null;
  const backend = asWasmBackend(tf.backend());
  return backend.refCount(tensor.dataId) === 1 ? floats(backend, tensor) : null;
}

/**
 * Tells the backend that a tensor was written in place: convolutions keep a packed copy of their kernel until the tensor
 * with its id is disposed, and would go on with the old values.
 */
export function markWritten(tensor: tf.Tensor): void {
  const backend = asWasmBackend(tf.backend());
  const { id, memoryOffset } = backend.dataIdMap.get(tensor.dataId);
  // Forgets the id and what was packed for it, not the memory.
  backend.wasm.tfjs.disposeData(id);
  backend.wasm.tfjs.registerTensor(id, tensor.size, memoryOffset);
}

/** The memory of a tensor for reading, on wasm only. */
export function readableFloats(tensor: tf.Tensor): Float32Array {
  return floats(asWasmBackend(tf.backend()), tensor);
}

/** The values of a float tensor for reading, on wasm and cpu: in place, until the next allocation. */
export function hostFloats(tensor: tf.Tensor): Float32Array {
  return tf.getBackend() === "wasm" ? readableFloats(tensor) : tensor.dataSync<"float32">();
}
