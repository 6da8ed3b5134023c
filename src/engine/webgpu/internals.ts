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
  numBytesAllocated: number;
  numFreeBuffers: number;
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

/** Destroys the buffers that the backend keeps for reuse: what eager steps needed is not what the captured step needs. */
export function destroyFreeBuffers({ bufferManager }: WebgpuBackend): void {
  for (const buffers of bufferManager.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      buffer.destroy();
      bufferManager.numBytesAllocated -= buffer.size;
      bufferManager.numFreeBuffers--;
    }
  }
}

/**
 * A tensor that is a part of `buffer`, which stays the caller's: disposing the tensor leaves it alone.
 * @param offset bytes; a multiple of the device's minStorageBufferOffsetAlignment.
 */
export function viewTensor(backend: WebgpuBackend, buffer: GPUBuffer, offset: number, shape: readonly number[], dtype: tf.DataType): Tensor {
  const { dataId } = backend.makeTensorInfo(shape, dtype);
  const data = backend.tensorMap.get(dataId);
  data.resource = buffer;
  data.external = true;
  data.range = { offset, size: 4 * tf.util.sizeFromShape([...shape]) };
  return tf.engine().makeTensorFromDataId(dataId, [...shape], dtype);
}

/** Forgets values of `tensor` that were read back: the device holds others now. */
export function forgetHostValues(backend: WebgpuBackend, tensor: tf.TensorInfo): void {
  backend.tensorMap.get(tensor.dataId).values = null;
}

/** Values that a tensor holds on the host and has not uploaded, or null. */
export function hostValues(backend: WebgpuBackend, tensor: tf.TensorInfo): Float32Array | Int32Array | null {
  const { values, resource } = backend.tensorMap.get(tensor.dataId);
  return resource === null || resource === undefined ? ((values as Float32Array | Int32Array | null | undefined) ?? null) : null;
}

/** Copies all of `source` to where `destination` is on the device, in the backend's own queue. Both keep their buffers. */
export function copyOnDevice(backend: WebgpuBackend, source: tf.TensorInfo, destination: tf.TensorInfo): void {
  const { buffer, offset = 0 } = bindingOf(backend, destination);
  copyToBuffer(backend, source, buffer, offset);
  backend.commandQueueOwnedIds.add(destination.dataId);
  forgetHostValues(backend, destination);
}

/** The same to a place in a buffer that is no tensor. */
export function copyToBuffer(backend: WebgpuBackend, source: tf.TensorInfo, buffer: GPUBuffer, offset: number): void {
  const from = bindingOf(backend, source);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  (backend.commandEncoder as GPUCommandEncoder).copyBufferToBuffer(from.buffer, from.offset ?? 0, buffer, offset, 4 * tf.util.sizeFromShape(source.shape));
  backend.commandQueueOwnedIds.add(source.dataId);
}

const prepared = new WeakSet<WebgpuBackend>();

/** Teaches the current backend to bind and read tensors that are a part of a buffer. Once for each backend. */
export function supportViews(): void {
  const backend = webgpuBackend();
  if (prepared.has(backend)) return;
  prepared.add(backend);
  const bind = backend.tensorToBinding.bind(backend);
  backend.tensorToBinding = (tensor) => {
    const binding = bind(tensor);
    const range = backend.tensorMap.get(tensor.dataId).range;
    return range === undefined ? binding : { buffer: binding.buffer, ...range };
  };
  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const { range, resource, values, dtype } = backend.tensorMap.get(id);
    if (range === undefined || values || !resource) return read(id);
    const bytes = await readRange(backend, resource, range);
    return dtype === "int32" || dtype === "bool" ? new Int32Array(bytes) : new Float32Array(bytes);
  };
}

/** Reads a part of a buffer back, after everything that has been encoded so far. */
export async function readRange(backend: WebgpuBackend, buffer: GPUBuffer, { offset, size }: BufferRange): Promise<ArrayBuffer> {
  const staging = backend.bufferManager.acquireBuffer(size, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  (backend.commandEncoder as GPUCommandEncoder).copyBufferToBuffer(buffer, offset, staging, 0, size);
  backend.submitQueue();
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.unmap();
  backend.bufferManager.releaseBuffer(staging);
  return bytes;
}
