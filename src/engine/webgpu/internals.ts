/**
 * The WebGPU backend of TensorFlow.js 4.22 from the inside, as far as Graft's own kernels and the captured step need it:
 * the one file that names its private members, which is why the version is pinned. It computes nothing.
 */
import { tf, type Tensor } from "../tf.ts";

type DataId = tf.TensorInfo["dataId"];

/** What the backend keeps of a tensor (dist/backend_webgpu.js, tensorMap). */
interface TensorData {
  resource: GPUBuffer | null;
  readonly dtype: tf.DataType;
  readonly shape: number[];
  /** Values that were not uploaded yet, or that were read back. */
  values: tf.backend_util.BackendValues | null;
  refCount: number;
  /** The buffer is not the backend's to release. */
  external?: boolean;
  /** Ours: the tensor is this part of its buffer. */
  range?: BufferRange;
}

export interface BufferRange {
  readonly offset: number;
  readonly size: number;
}

interface BufferManager {
  readonly numBytesAllocated: number;
  acquireBuffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  readonly freeBuffers: Map<string, GPUBuffer[]>;
}

export interface WebgpuBackend {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly bufferManager: BufferManager;
  readonly tensorMap: { get(id: DataId): TensorData; set(id: DataId, data: TensorData): void; has(id: DataId): boolean };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  readonly commandQueueOwnedIds: WeakSet<DataId>;
  readonly uniformPendingDisposal: GPUBuffer[];
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(id: DataId): void;
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  tensorToBinding(tensor: tf.TensorInfo): GPUBufferBinding;
  read(id: DataId): Promise<tf.backend_util.BackendValues>;
}

/** The current backend, which must be WebGPU's. */
export function webgpuBackend(): WebgpuBackend {
  if (tf.getBackend() !== "webgpu") throw new Error(`A WebGPU kernel runs on the backend "webgpu", and "${tf.getBackend()}" is in use.`);
  return tf.backend() as unknown as WebgpuBackend;
}

/** Where a tensor's values are on the device; uploads them if they are not there yet. */
export function bindingOf(backend: WebgpuBackend, tensor: tf.TensorInfo): GPUBufferBinding {
  backend.uploadToGPU(tensor.dataId);
  return backend.tensorToBinding(tensor);
}

/** A new tensor with a buffer of undefined content, in the current tidy. */
export function emptyTensor(backend: WebgpuBackend, shape: readonly number[], dtype: tf.DataType): Tensor {
  const info = backend.makeTensorInfo(shape, dtype);
  backend.uploadToGPU(info.dataId);
  return tf.engine().makeTensorFromDataId(info.dataId, [...shape], dtype);
}

/** Submits what has been encoded; afterwards writes to buffers come after it. */
export function flush(backend: WebgpuBackend): void {
  if (backend.commandEncoder === null) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}
