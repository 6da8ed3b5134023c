/**
 * Writes down what a synchronous function asks of the GPU: its dispatches and copies, and which of the buffers it took
 * from the backend held which value when. The function runs as ever meanwhile. What is done with the list is in capture.ts.
 */
import { flush, type WebgpuBackend } from "./internals.ts";
import { accessesOf, type Access } from "./pipeline-access.ts";

/** A buffer's content from the moment the backend hands it out until it takes it back. */
export interface RecordedValue {
  readonly id: number;
  /** Bytes of the buffer. */
  readonly size: number;
  /** What the host wrote into it; null if only the device writes it. */
  content: Uint8Array | null;
  /** The backend has it back: nobody reads it after the function. */
  released: boolean;
}

/** A range of a recorded value, or of a buffer that was there before. */
export interface RecordedRange {
  readonly of: RecordedValue | GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

export interface RecordedBinding extends RecordedRange {
  readonly binding: number;
  readonly access: Access;
}

export type Command =
  | { readonly kind: "dispatch"; readonly pipeline: GPUComputePipeline; readonly bindings: readonly RecordedBinding[]; readonly workgroups: readonly [number, number, number] }
  | { readonly kind: "copy"; readonly from: RecordedRange; readonly to: RecordedRange };

export interface Recording {
  readonly commands: readonly Command[];
  readonly values: readonly RecordedValue[];
}

/** A method of an object, replaced for a while. */
function replaceMethod<Target extends object, Name extends keyof Target>(target: Target, name: Name, wrap: (original: Target[Name]) => Target[Name]): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = target[name];
  const bound = (typeof original === "function" ? (original.bind(target) as unknown) : original) as Target[Name];
  Object.defineProperty(target, name, { value: wrap(bound), configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}

/**
 * Runs `step` once, for real, and returns what it asked of the device; or a sentence's part that fits behind "because",
 * where it did something that a replay could not repeat.
 */
export function record(backend: WebgpuBackend, step: () => void): Recording | string {
  const { device, queue, bufferManager } = backend;
  flush(backend);
  const commands: Command[] = [];
  const values: RecordedValue[] = [];
  const current = new Map<GPUBuffer, RecordedValue>();
  const groups = new WeakMap<GPUBindGroup, readonly { readonly binding: number; readonly range: RecordedRange }[]>();
  const rangeOf = ({ buffer, offset = 0, size = buffer.size - offset }: GPUBufferBinding): RecordedRange => ({ of: current.get(buffer) ?? buffer, offset, size });
  const written = (buffer: GPUBuffer, bytes: Uint8Array): void => {
    const value = current.get(buffer);
    if (value === undefined) problems.add("it writes to a buffer that it did not make");
    else value.content = bytes;
  };
  /** The step itself goes on: only its recording is of no use. */
  const problems = new Set<string>();
  let uploading = false;

  const encodePass = (pass: GPUComputePassEncoder): GPUComputePassEncoder => {
    let pipeline: GPUComputePipeline | null = null;
    let group: GPUBindGroup | null = null;
    replaceMethod(pass, "setPipeline", (original) => (next) => original((pipeline = next)));
    replaceMethod(pass, "setBindGroup", (original) => (index: number, next: GPUBindGroup | null | undefined) => original(index, (group = next ?? null)));
    replaceMethod(pass, "dispatchWorkgroups", (original) => (x, y = 1, z = 1) => {
      const accesses = pipeline && accessesOf(pipeline);
      const entries = group && groups.get(group);
      if (pipeline && accesses && entries) {
        const bindings = entries.map(({ binding, range }) => ({ ...range, binding, access: accesses.get(binding) ?? ("uniform" as const) }));
        commands.push({ kind: "dispatch", pipeline, bindings, workgroups: [x, y, z] });
      } else problems.add(`it runs "${pipeline?.label ?? "a pipeline"}", which was set up before it began`);
      return original(x, y, z);
    });
    return pass;
  };

  const restore = [
    replaceMethod(bufferManager, "acquireBuffer", (original) => (size, usage, mappedAtCreation, reuse) => {
      const buffer = original(size, usage, mappedAtCreation, reuse);
      const value: RecordedValue = { id: values.length, size, content: null, released: false };
      if (!(usage & GPUBufferUsage.MAP_WRITE)) values.push(value);
      current.set(buffer, value);
      return buffer;
    }),
    replaceMethod(bufferManager, "releaseBuffer", (original) => (buffer, reuse) => {
      const value = current.get(buffer);
      if (value === undefined) problems.add("it disposes a tensor that it did not make");
      else value.released = true;
      current.delete(buffer);
      original(buffer, reuse);
    }),
    replaceMethod(backend, "uploadToGPU", (original) => (id) => {
      const data = backend.tensorMap.get(id);
      const host = data.resource ? null : (data.values as Float32Array | Int32Array | Uint8Array | null);
      const bytes = host && bytesOf(host, data.dtype);
      uploading = true;
      original(id);
      uploading = false;
      const { resource } = backend.tensorMap.get(id);
      if (bytes && resource) written(resource, bytes);
    }),
    replaceMethod(queue, "writeBuffer", (original) => (buffer: GPUBuffer, offset: number, source: GPUAllowSharedBufferSource, sourceOffset?: number, size?: number) => {
      if (offset !== 0) problems.add("it writes into the middle of a buffer");
      original(buffer, offset, source, sourceOffset, size);
      const view = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
      written(buffer, view.slice());
    }),
    replaceMethod(device, "createBindGroup", (original) => (descriptor) => {
      const group = original(descriptor);
      const entries = [...descriptor.entries].map(({ binding, resource }) => {
        if (!("buffer" in (resource as object))) problems.add("it binds a texture");
        return { binding, range: rangeOf(resource as GPUBufferBinding) };
      });
      groups.set(group, entries);
      return group;
    }),
    replaceMethod(device, "createCommandEncoder", (original) => (descriptor) => {
      const encoder = original(descriptor);
      replaceMethod(encoder, "beginComputePass", (begin) => (passDescriptor) => encodePass(begin(passDescriptor)));
      replaceMethod(encoder, "copyBufferToBuffer", (copy) => (...call: unknown[]) => {
        const [source, sourceOffset, destination, destinationOffset, size] = call as [GPUBuffer, number, GPUBuffer, number, number];
        // A staging buffer's content was noted where the upload began.
        if (!uploading) commands.push({ kind: "copy", from: rangeOf({ buffer: source, offset: sourceOffset, size }), to: rangeOf({ buffer: destination, offset: destinationOffset, size }) });
        (copy as (...call: unknown[]) => undefined)(...call);
      });
      return encoder;
    }),
  ];
  try {
    step();
    flush(backend);
  } finally {
    for (const undo of restore) undo();
  }
  const [problem] = problems;
  return problem ?? { commands, values };
}

function bytesOf(values: Float32Array | Int32Array | Uint8Array, dtype: string): Uint8Array {
  // As the backend uploads them: four bytes a value, whatever array they came in.
  const wide = dtype === "int32" || dtype === "bool" ? Int32Array.from(values) : Float32Array.from(values);
  return new Uint8Array(wide.buffer);
}

/** Whether a recorded range is on the device before the step, and stays there. */
export function isExternal(range: RecordedRange): range is RecordedRange & { readonly of: GPUBuffer } {
  return !("content" in range.of);
}
