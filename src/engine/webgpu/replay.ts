/**
 * Turns a recording into something that can be run again at the cost of encoding it: values get planned places, uploads that
 * are the same every time are made once, bind groups are made once, and a result that the step only copies to where it
 * belongs is made there in the first place.
 */
import { livenessMinimum, planMemory, type PlannedValue } from "./plan.ts";
import { isExternal, type Command, type RecordedRange, type RecordedValue, type Recording } from "./recording.ts";

export interface Replay {
  /** Encodes and submits the step; its inputs have to be written, and everything else submitted, before. */
  run(): void;
  dispose(): void;
  readonly dispatches: number;
  /** What the replay allocated: constants, and what the workspace did not have yet. */
  readonly allocatedBytes: number;
  /** The least that its values need at once, constants included. */
  readonly leastBytes: number;
}

type Dispatch = Extract<Command, { kind: "dispatch" }>;
type Copy = Extract<Command, { kind: "copy" }>;

interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** Bindings begin at multiples of this; the device's own limit may be lower. */
const ALIGNMENT = 256;

/**
 * The buffers of values that do not outlive a replay. Replays of one step never run at once, so that each shape of a batch
 * works in the same ones.
 */
export class Workspace {
  private readonly device: GPUDevice;
  private readonly buffers: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** Buffers at least as large, each another; `made` are the bytes of those that had to be made. */
  take(sizes: readonly number[]): { readonly buffers: readonly GPUBuffer[]; readonly made: number } {
    const free = this.buffers.toSorted((a, b) => a.size - b.size);
    const taken = new Map<number, GPUBuffer>();
    let made = 0;
    // The largest first, so that it is not left without the only one that is large enough.
    for (const index of [...sizes.keys()].sort((a, b) => (sizes[b] as number) - (sizes[a] as number))) {
      const size = sizes[index] as number;
      const fitting = free.findIndex((buffer) => buffer.size >= size);
      const [known] = fitting < 0 ? [] : free.splice(fitting, 1);
      if (known === undefined) made += size;
      taken.set(index, known ?? this.make(size));
    }
    return { buffers: sizes.map((_, index) => taken.get(index) as GPUBuffer), made };
  }

  dispose(): void {
    for (const buffer of this.buffers.splice(0)) buffer.destroy();
  }

  private make(size: number): GPUBuffer {
    const buffer = this.device.createBuffer({ label: `captured values ${this.buffers.length + 1}`, size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    this.buffers.push(buffer);
    return buffer;
  }
}

/** @returns a sentence's part that fits behind "because" where the recording cannot be replayed. */
export function prepareReplay(device: GPUDevice, recording: Recording, workspace: Workspace): Replay | string {
  const problem = whyNot(recording);
  if (problem !== null) return problem;
  const elided = elidedCopies(recording.commands);
  const commands = recording.commands.filter((command) => command.kind === "dispatch" || !elided.has(command));
  const homes = new Map([...elided].map(([copy, home]) => [copy.from.of as RecordedValue, home] as const));
  const constants = placeConstants(device, commands);
  const temporaries = placeTemporaries(device, commands, homes, workspace);
  const placeOf = ({ of, offset }: RecordedRange): Place => {
    if (of instanceof GPUBuffer) return { buffer: of, offset };
    const place = homes.get(of) ?? constants.places.get(of) ?? temporaries.places.get(of);
    if (place === undefined) throw new Error("A recorded value has no place.");
    return { buffer: place.buffer, offset: place.offset + offset };
  };
  const encoders = commands.map((command) => (command.kind === "dispatch" ? dispatchEncoder(device, command, placeOf) : copyEncoder(command, placeOf)));

  return {
    run() {
      const encoder = device.createCommandEncoder();
      let pass: GPUComputePassEncoder | null = null;
      for (const command of encoders) {
        if (command.kind === "dispatch") command.encode((pass ??= encoder.beginComputePass()));
        else {
          pass?.end();
          pass = null;
          command.encode(encoder);
        }
      }
      pass?.end();
      device.queue.submit([encoder.finish()]);
    },
    dispose() {
      for (const buffer of constants.buffers) buffer.destroy();
    },
    dispatches: commands.filter(({ kind }) => kind === "dispatch").length,
    allocatedBytes: constants.bytes + temporaries.made,
    leastBytes: constants.bytes + temporaries.leastBytes,
  };
}

/** Every range that a command touches, and whether it writes there. */
export function touches(command: Command): { readonly range: RecordedRange; readonly writes: boolean }[] {
  return command.kind === "dispatch"
    ? command.bindings.map((binding) => ({ range: binding, writes: binding.access === "read_write" }))
    : [
        { range: command.from, writes: false },
        { range: command.to, writes: true },
      ];
}

function whyNot({ commands }: Recording): string | null {
  const written = new Set<RecordedValue>();
  for (const command of commands) {
    for (const { range, writes } of touches(command)) {
      if (isExternal(range)) continue;
      const value = range.of as RecordedValue;
      if (!value.released) return "a tensor that it makes is still in use afterwards";
      if (value.content !== null && writes) return "it writes over values that it uploads";
      if (writes) written.add(value);
      else if (value.content === null && !written.has(value)) return "it reads a buffer that nothing has written";
    }
  }
  return null;
}

/**
 * Copies of a finished value to an outer buffer that can be left out, with where the value is made instead: nothing else may
 * touch the destination while the value is alive, and no dispatch may read and write the destination's buffer at once.
 */
function elidedCopies(commands: readonly Command[]): Map<Copy, Place> {
  const uses = new Map<RecordedValue, number[]>();
  const outerUses = new Map<GPUBuffer, { readonly position: number; readonly range: RecordedRange }[]>();
  commands.forEach((command, position) => {
    for (const { range } of touches(command)) {
      if (isExternal(range)) outerUses.set(range.of, [...(outerUses.get(range.of) ?? []), { position, range }]);
      else {
        const value = range.of as RecordedValue;
        uses.set(value, [...(uses.get(value) ?? []), position]);
      }
    }
  });
  const elided = new Map<Copy, Place>();
  /** Dispatch -> the buffers that values were moved into, and whether it writes there. */
  const moved = new Map<Command, Map<GPUBuffer, boolean>>();
  commands.forEach((copy, position) => {
    if (copy.kind !== "copy" || isExternal(copy.from) || !isExternal(copy.to)) return;
    const value = copy.from.of as RecordedValue;
    const { of: buffer, offset, size } = copy.to;
    const positions = uses.get(value) ?? [];
    const first = positions[0] ?? position;
    const isWhole = value.content === null && copy.from.offset === 0 && size === value.size && offset % ALIGNMENT === 0;
    const isLast = positions.at(-1) === position;
    const isFree = (outerUses.get(buffer) ?? []).every((use) => use.position < first || use.position >= position || disjoint(use.range, copy.to));
    const dispatches = positions.filter((at) => at !== position).map((at) => commands[at] as Command);
    if (!isWhole || !isLast || !isFree || [...elided.keys()].some((other) => other.from.of === value)) return;
    const mixes = dispatches.some((command) => {
      if (command.kind === "copy") return (isExternal(command.to) && command.to.of === buffer) || (isExternal(command.from) && command.from.of === buffer);
      const writes = command.bindings.some((binding) => binding.of === value && binding.access === "read_write");
      const others = command.bindings.filter((binding) => binding.of === buffer).map((binding) => binding.access === "read_write");
      const before = moved.get(command)?.get(buffer);
      return [...others, ...(before === undefined ? [] : [before])].some((other) => other !== writes);
    });
    if (mixes) return;
    for (const command of dispatches) {
      if (command.kind !== "dispatch") continue;
      const writes = command.bindings.some((binding) => binding.of === value && binding.access === "read_write");
      moved.set(command, new Map(moved.get(command)).set(buffer, writes));
    }
    elided.set(copy, { buffer, offset });
  });
  return elided;
}

function disjoint(a: RecordedRange, b: RecordedRange): boolean {
  return a.offset + a.size <= b.offset || b.offset + b.size <= a.offset;
}

interface Placed {
  readonly places: ReadonlyMap<RecordedValue, Place>;
  readonly buffers: readonly GPUBuffer[];
}

/** What the host uploads, each distinct content once, in one buffer. */
function placeConstants(device: GPUDevice, commands: readonly Command[]): Placed & { readonly bytes: number } {
  const offsets = new Map<string, { readonly offset: number; readonly content: Uint8Array }>();
  const ofValue = new Map<RecordedValue, string>();
  let bytes = 0;
  for (const { range } of commands.flatMap(touches)) {
    if (isExternal(range)) continue;
    const value = range.of as RecordedValue;
    if (value.content === null || ofValue.has(value)) continue;
    const key = contentKey(value.content);
    ofValue.set(value, key);
    if (offsets.has(key)) continue;
    offsets.set(key, { offset: bytes, content: value.content });
    bytes += Math.ceil(value.content.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  if (bytes === 0) return { places: new Map(), buffers: [], bytes };
  const buffer = device.createBuffer({ label: "captured constants", size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  for (const { offset, content } of offsets.values()) device.queue.writeBuffer(buffer, offset, content.slice());
  return { places: new Map([...ofValue].map(([value, key]) => [value, { buffer, offset: offsets.get(key)?.offset ?? 0 }])), buffers: [buffer], bytes };
}

function contentKey(content: Uint8Array): string {
  let key = `${content.byteLength}:`;
  for (const byte of content) key += String.fromCharCode(byte);
  return key;
}

function placeTemporaries(device: GPUDevice, commands: readonly Command[], homes: ReadonlyMap<RecordedValue, Place>, workspace: Workspace): Placed & { readonly made: number; readonly leastBytes: number } {
  const spans = new Map<RecordedValue, { first: number; last: number; apartFrom: Set<RecordedValue> }>();
  commands.forEach((command, position) => {
    const touched = touches(command).filter(({ range }) => !isExternal(range) && (range.of as RecordedValue).content === null && !homes.has(range.of as RecordedValue));
    for (const { range } of touched) {
      const value = range.of as RecordedValue;
      const span = spans.get(value) ?? { first: position, last: position, apartFrom: new Set() };
      span.last = position;
      spans.set(value, span);
    }
    for (const written of touched.filter(({ writes }) => writes)) {
      for (const read of touched.filter(({ writes }) => !writes)) {
        const [a, b] = [written.range.of as RecordedValue, read.range.of as RecordedValue];
        spans.get(a)?.apartFrom.add(b);
        spans.get(b)?.apartFrom.add(a);
      }
    }
  });
  const values = [...spans.keys()];
  const indices = new Map(values.map((value, index) => [value, index]));
  const planned: PlannedValue[] = [...spans].map(([{ size }, { first, last, apartFrom }]) => ({ size, first, last, apartFrom: new Set([...apartFrom].map((value) => indices.get(value) as number)) }));
  const { places, bufferSizes } = planMemory(planned, { alignment: ALIGNMENT, maxBufferSize: Math.min(device.limits.maxBufferSize, 2 ** 31) });
  const { buffers, made } = workspace.take(bufferSizes);
  return {
    places: new Map(places.map(({ buffer, offset }, index) => [values[index] as RecordedValue, { buffer: buffers[buffer] as GPUBuffer, offset }])),
    buffers,
    made,
    leastBytes: livenessMinimum(planned),
  };
}

interface DispatchEncoder {
  readonly kind: "dispatch";
  encode(pass: GPUComputePassEncoder): void;
}

interface CopyEncoder {
  readonly kind: "copy";
  encode(encoder: GPUCommandEncoder): void;
}

function dispatchEncoder(device: GPUDevice, { pipeline, bindings, workgroups: [x, y, z] }: Dispatch, placeOf: (range: RecordedRange) => Place): DispatchEncoder {
  const entries = bindings.map((binding) => ({ binding: binding.binding, resource: { ...placeOf(binding), size: binding.size } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return {
    kind: "dispatch",
    encode(pass) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y, z);
    },
  };
}

function copyEncoder({ from, to }: Copy, placeOf: (range: RecordedRange) => Place): CopyEncoder {
  const [source, destination] = [placeOf(from), placeOf(to)];
  return { kind: "copy", encode: (encoder) => encoder.copyBufferToBuffer(source.buffer, source.offset, destination.buffer, destination.offset, to.size) };
}
