/**
 * Counts what a program asks of WebGPU, at the interface itself: every method that costs something is wrapped before anything
 * else runs, so that no library can do work unseen. It also logs which dispatch reads and writes which bytes, for
 * liveness.ts. It knows no engine.
 */
import type { BufferEvent } from "./liveness.ts";

export interface Counts {
  dispatches: number;
  bindGroups: number;
  pipelines: number;
  buffersCreated: number;
  /** By writeBuffer and through buffers that are mapped when created. */
  uploadBytes: number;
  passes: number;
  submits: number;
}

export interface StepRecord {
  readonly counts: Counts;
  /** Dispatches within each `phase`. */
  readonly phases: ReadonlyMap<string, number>;
  /** Dispatches by the label of their pipeline. */
  readonly labels: ReadonlyMap<string, number>;
  /** The most that all buffers, whoever holds them and whatever for, took up at once. */
  readonly allocatedBytes: number;
  readonly events: readonly BufferEvent[];
}

/** How a shader uses each of its bindings, by group and binding. */
type Access = "read" | "write" | "update";
type Bindings = ReadonlyMap<string, Access>;

const modules = new WeakMap<GPUShaderModule, Bindings>();
const pipelines = new WeakMap<GPUComputePipeline, { readonly label: string; readonly bindings: Bindings }>();
interface BoundRange {
  readonly binding: number;
  readonly buffer: number;
  readonly begin: number;
  readonly end: number;
}
const bindGroups = new WeakMap<GPUBindGroup, readonly BoundRange[]>();
const passes = new WeakMap<GPUComputePassEncoder, { pipeline: GPUComputePipeline | null; readonly groups: Map<number, { readonly group: GPUBindGroup; readonly offsets: readonly number[] }> }>();
const buffers = new WeakMap<GPUBuffer, { readonly id: number; readonly bytes: number; alive: boolean }>();

let nextBuffer = 0;
let liveBytes = 0;
let phase = "";
let skipsWork = false;

interface Recording {
  readonly counts: Counts;
  readonly phases: Map<string, number>;
  readonly labels: Map<string, number>;
  readonly events: BufferEvent[];
  allocatedBytes: number;
  moment: number;
}
let recording: Recording | null = null;

function zeroCounts(): Counts {
  return { dispatches: 0, bindGroups: 0, pipelines: 0, buffersCreated: 0, uploadBytes: 0, passes: 0, submits: 0 };
}

/** Everything until `stopRecording` belongs to one step. */
export function startRecording(): void {
  recording = { counts: zeroCounts(), phases: new Map(), labels: new Map(), events: [], allocatedBytes: liveBytes, moment: 0 };
}

export function stopRecording(): StepRecord {
  if (recording === null) throw new Error("Nothing is being recorded.");
  const record = recording;
  recording = null;
  return record;
}

/** Names the part of the step that runs from here on. */
export function markPhase(name: string): void {
  phase = name;
}

/** Bytes of all buffers that are not destroyed. */
export function allocatedNow(): number {
  return liveBytes;
}

/**
 * From here on the GPU has nothing to do: shaders are replaced by empty ones with the same bindings, and dispatches are issued with
 * no workgroups. What is counted does not depend on values, and a software adapter takes minutes to compile and compute.
 */
export function skipWork(): void {
  skipsWork = true;
}

interface Binding {
  readonly group: string;
  readonly binding: string;
  readonly space: "uniform" | "storage";
  readonly writable: boolean;
  readonly name: string;
}

function declarations(code: string): Binding[] {
  const pattern = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:\s*,\s*(\w+))?>\s*(\w+)/g;
  return [...code.matchAll(pattern)].map(([, group, binding, space, mode, name]) => ({ group, binding, space, writable: mode === "read_write", name }) as Binding);
}

/** A shader that does nothing, with the bindings and the entry point of another. */
function emptyShader(code: string): string {
  const bindings = declarations(code);
  const variables = bindings.map(({ group, binding, space, writable }, i) =>
    space === "uniform" ? `@group(${group}) @binding(${binding}) var<uniform> b${i}: u32;` : `@group(${group}) @binding(${binding}) var<storage, ${writable ? "read_write" : "read"}> b${i}: array<u32>;`,
  );
  const [, entryPoint = "main"] = /@compute[^{]*?\bfn\s+(\w+)/.exec(code) ?? [];
  return `${variables.join("\n")}\n@compute @workgroup_size(1) fn ${entryPoint}() { ${bindings.map((_, i) => `_ = &b${i};`).join(" ")} }`;
}

/** WGSL says which bindings a shader may write; whether it also reads what it writes shows in how it uses the name. */
function bindingsOf(code: string): Bindings {
  const found = new Map<string, Access>();
  for (const { group, binding, writable, name } of declarations(code)) {
    const key = `${group}/${binding}`;
    if (!writable) {
      found.set(key, "read");
      continue;
    }
    // `_ = &name;` keeps a binding in the layout and touches no byte of it; in `global.y`, y is no binding.
    const uses = [...code.replaceAll(`_ = &${name};`, "").replaceAll(/\/\/.*/g, "").matchAll(new RegExp(`(?<!\\.)\\b${name}\\b`, "g"))].length - 1;
    const assignments = [...code.matchAll(new RegExp(`\\b${name}\\s*\\[[^;=]*\\](?:\\.\\w+)?\\s*=(?!=)`, "g"))].length;
    found.set(key, uses > assignments ? "update" : "write");
  }
  return found;
}

/** Logs what one dispatch, copy or upload touches. */
function touch(...events: readonly Omit<BufferEvent, "at">[]): void {
  if (recording === null) return;
  const at = recording.moment++;
  for (const event of events) recording.events.push({ ...event, at });
}

function bytesOf(data: GPUAllowSharedBufferSource, dataOffset = 0, size?: number): number {
  const unit = "BYTES_PER_ELEMENT" in data ? (data as Uint8Array).BYTES_PER_ELEMENT : 1;
  return size === undefined ? data.byteLength - dataOffset * unit : size * unit;
}

/** Replaces a method by one that runs `around` with the original bound to its object. */
function wrap<T extends object, K extends keyof T>(prototype: T, name: K, around: (self: T, original: T[K] & ((...args: never[]) => unknown), args: unknown[]) => unknown): void {
  const original = prototype[name] as T[K] & ((...args: never[]) => unknown);
  Object.defineProperty(prototype, name, {
    value: function (this: T, ...args: unknown[]) {
      return around(this, original.bind(this) as typeof original, args);
    },
    configurable: true,
    writable: true,
  });
}

type Call = (...args: unknown[]) => unknown;

function describePipeline(pipeline: GPUComputePipeline, { label, compute }: GPUComputePipelineDescriptor): GPUComputePipeline {
  pipelines.set(pipeline, { label: label ?? "without a label", bindings: modules.get(compute.module) ?? new Map() });
  if (recording) recording.counts.pipelines++;
  return pipeline;
}

function logDispatch(pass: GPUComputePassEncoder): void {
  if (recording === null) return;
  const { pipeline, groups } = passes.get(pass) ?? { pipeline: null, groups: new Map<number, never>() };
  const known = pipeline && pipelines.get(pipeline);
  if (!known) throw new Error("A dispatch without a known pipeline: a way of making pipelines is not wrapped.");
  recording.counts.dispatches++;
  recording.phases.set(phase, (recording.phases.get(phase) ?? 0) + 1);
  recording.labels.set(known.label, (recording.labels.get(known.label) ?? 0) + 1);
  const reads: Omit<BufferEvent, "at">[] = [];
  const writes: Omit<BufferEvent, "at">[] = [];
  for (const [index, { group, offsets }] of groups) {
    for (const [position, { binding, buffer, begin, end }] of (bindGroups.get(group) ?? []).entries()) {
      const access = known.bindings.get(`${index}/${binding}`) ?? "read";
      const shift = offsets[position] ?? 0;
      (access === "read" ? reads : writes).push({ kind: access, buffer, begin: begin + shift, end: end + shift });
    }
  }
  // Reads first: an output in the place of an input would be another value.
  touch(...reads, ...writes);
}

export function installCounters(): void {
  const device = GPUDevice.prototype;
  wrap(device, "createShaderModule", (_, original, [descriptor]) => {
    const { code } = descriptor as GPUShaderModuleDescriptor;
    const made = (original as Call)(skipsWork ? { ...(descriptor as GPUShaderModuleDescriptor), code: emptyShader(code) } : descriptor) as GPUShaderModule;
    modules.set(made, bindingsOf(code));
    return made;
  });
  wrap(device, "createComputePipeline", (_, original, [descriptor]) => describePipeline((original as Call)(descriptor) as GPUComputePipeline, descriptor as GPUComputePipelineDescriptor));
  wrap(device, "createComputePipelineAsync", async (_, original, [descriptor]) =>
    describePipeline((await (original as Call)(descriptor)) as GPUComputePipeline, descriptor as GPUComputePipelineDescriptor),
  );
  wrap(device, "createBuffer", (_, original, [descriptor]) => {
    const { size, mappedAtCreation } = descriptor as GPUBufferDescriptor;
    const made = (original as Call)(descriptor) as GPUBuffer;
    const id = nextBuffer++;
    buffers.set(made, { id, bytes: size, alive: true });
    liveBytes += size;
    if (recording) {
      recording.counts.buffersCreated++;
      if (mappedAtCreation) recording.counts.uploadBytes += size;
      recording.allocatedBytes = Math.max(recording.allocatedBytes, liveBytes);
    }
    if (mappedAtCreation) touch({ kind: "write", buffer: id, begin: 0, end: size });
    return made;
  });
  wrap(GPUBuffer.prototype, "destroy", (self, original) => {
    const known = buffers.get(self);
    if (known?.alive) {
      known.alive = false;
      liveBytes -= known.bytes;
    }
    return (original as Call)();
  });
  wrap(device, "createBindGroup", (_, original, [descriptor]) => {
    const made = (original as Call)(descriptor) as GPUBindGroup;
    if (recording) recording.counts.bindGroups++;
    const ranges: BoundRange[] = [];
    for (const { binding, resource } of (descriptor as GPUBindGroupDescriptor).entries) {
      const bound = resource instanceof GPUBuffer ? { buffer: resource } : (resource as GPUBufferBinding);
      const known = "buffer" in bound ? buffers.get(bound.buffer) : undefined;
      if (!known) continue;
      const begin = bound.offset ?? 0;
      ranges.push({ binding, buffer: known.id, begin, end: bound.size === undefined ? known.bytes : begin + bound.size });
    }
    bindGroups.set(made, ranges);
    return made;
  });

  const queue = GPUQueue.prototype;
  wrap(queue, "submit", (_, original, args) => {
    if (recording) recording.counts.submits++;
    return (original as Call)(...args);
  });
  wrap(queue, "writeBuffer", (_, original, args) => {
    const [buffer, offset, data, dataOffset, size] = args as [GPUBuffer, number, GPUAllowSharedBufferSource, number?, number?];
    const bytes = bytesOf(data, dataOffset, size);
    if (recording) recording.counts.uploadBytes += bytes;
    const known = buffers.get(buffer);
    if (known) touch({ kind: "write", buffer: known.id, begin: offset, end: offset + bytes });
    return (original as Call)(...args);
  });

  const encoder = GPUCommandEncoder.prototype;
  wrap(encoder, "beginComputePass", (_, original, args) => {
    const pass = (original as Call)(...args) as GPUComputePassEncoder;
    if (recording) recording.counts.passes++;
    passes.set(pass, { pipeline: null, groups: new Map() });
    return pass;
  });
  wrap(encoder, "copyBufferToBuffer", (_, original, args) => {
    // The short form, with the two buffers and a size, copies from their beginnings.
    const [from, fromOffset, to, toOffset, size] = (typeof args[1] === "number" ? args : [args[0], 0, args[1], 0, args[2]]) as [GPUBuffer, number, GPUBuffer, number, number?];
    const source = buffers.get(from);
    const target = buffers.get(to);
    if (source && target) {
      const bytes = size ?? source.bytes - fromOffset;
      touch({ kind: "read", buffer: source.id, begin: fromOffset, end: fromOffset + bytes }, { kind: "write", buffer: target.id, begin: toOffset, end: toOffset + bytes });
    }
    return (original as Call)(...args);
  });

  const pass = GPUComputePassEncoder.prototype;
  wrap(pass, "setPipeline", (self, original, [pipeline]) => {
    const state = passes.get(self);
    if (state) state.pipeline = pipeline as GPUComputePipeline;
    return (original as Call)(pipeline);
  });
  wrap(pass, "setBindGroup", (self, original, args) => {
    const [index, group, offsets] = args as [number, GPUBindGroup | null, (readonly number[])?];
    if (group) passes.get(self)?.groups.set(index, { group, offsets: offsets ?? [] });
    else passes.get(self)?.groups.delete(index);
    return (original as Call)(...args);
  });
  wrap(pass, "dispatchWorkgroups", (self, original, args) => {
    logDispatch(self);
    return skipsWork ? (original as Call)(0, 0, 0) : (original as Call)(...args);
  });
  wrap(pass, "dispatchWorkgroupsIndirect", () => {
    throw new Error("Indirect dispatches are not counted.");
  });
}
