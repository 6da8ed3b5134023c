/**
 * Many tensors in one buffer, each at an offset where it can be bound by itself: so that an optimizer steps all parameters
 * in one dispatch, and a norm is taken over all gradients in two. Between them the buffer holds zeros.
 */
import type { DType } from "../../core/shape.ts";
import { tf, type Tensor } from "../tf.ts";
import { orDeviceError } from "./device-errors.ts";
import { readRange, viewTensor, webgpuBackend } from "./internals.ts";

export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface FlatLayout {
  /** Bytes; every offset is a multiple of `BLOCK_BYTES`. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly size: number;
}

/** A block of the flat buffer belongs to one tensor: as many bytes as every device can offset a binding by. */
export const BLOCK_BYTES = 256;
export const BLOCK_VALUES = BLOCK_BYTES / 4;

function layOut(entries: readonly FlatEntry[]): FlatLayout {
  const offsets = new Map<string, number>();
  let size = 0;
  for (const { name, shape } of entries) {
    offsets.set(name, size);
    const bytes = 4 * shape.reduce((product, dim) => product * dim, 1);
    size += Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return { offsets, size: Math.max(size, BLOCK_BYTES) };
}

/** Owns the buffer and the tensors that are its parts. */
export class FlatTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** All of it, as one float tensor of rank 1. */
  readonly all: Tensor;
  readonly layout: FlatLayout;
  private readonly buffer: GPUBuffer;

  /** Zeros at first. */
  constructor(label: string, entries: readonly (FlatEntry & { readonly dtype?: DType })[]) {
    const backend = webgpuBackend();
    this.layout = layOut(entries);
    this.buffer = backend.device.createBuffer({ label, size: this.layout.size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    this.tensors = new Map(entries.map(({ name, shape, dtype = "float32" }) => [name, tf.keep(viewTensor(backend, this.buffer, this.layout.offsets.get(name) ?? 0, shape, dtype))]));
    this.all = tf.keep(viewTensor(backend, this.buffer, 0, [this.layout.size / 4], "float32"));
  }

  /** @throws Error for a name that is not among them. */
  get(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`There is no "${name}" among the flat tensors.`);
    return tensor;
  }

  /** Writes host values; everything encoded before has to be submitted. */
  write(name: string, values: Float32Array | Int32Array | Uint32Array): void {
    const offset = this.layout.offsets.get(name);
    if (offset === undefined) throw new Error(`There is no "${name}" among the flat tensors.`);
    webgpuBackend().queue.writeBuffer(this.buffer, offset, values.buffer, values.byteOffset, values.byteLength);
  }

  /** All values as they are now, in one transfer. Only for floats. */
  async read(): Promise<ReadonlyMap<string, Float32Array>> {
    const backend = webgpuBackend();
    const bytes = await orDeviceError(backend.device, readRange(backend, this.buffer, { offset: 0, size: this.layout.size }));
    return new Map([...this.tensors].map(([name, { size }]) => [name, new Float32Array(bytes, this.layout.offsets.get(name), size)]));
  }

  dispose(): void {
    for (const tensor of [...this.tensors.values(), this.all]) tensor.dispose();
    this.buffer.destroy();
  }
}
