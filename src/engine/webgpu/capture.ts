/**
 * The captured step, as CUDA graphs do it: a function whose work on the GPU is the same every time is recorded until two
 * recordings in a row agree, and replayed from then on. Where they never agree, or do what no replay can, it stays eager
 * and says why. What changes from call to call has to be in buffers that exist before the call.
 */
import { destroyFreeBuffers, flush, type WebgpuBackend } from "./internals.ts";
import { record, type Command, type RecordedRange, type RecordedValue, type Recording } from "./recording.ts";
import { prepareReplay, type Replay, type Workspace } from "./replay.ts";

export type CaptureState =
  | { readonly kind: "recording"; readonly recordings: number }
  | { readonly kind: "replaying"; readonly dispatches: number; readonly allocatedBytes: number; readonly leastBytes: number }
  | { readonly kind: "eager"; readonly because: string };

/** The first call uploads what is uploaded once; the second and third should agree. */
const RECORDINGS = 5;

export class CapturedFunction {
  private readonly backend: WebgpuBackend;
  private readonly step: () => void;
  private readonly workspace: Workspace;
  private last: Recording | null = null;
  private replay: Replay | null = null;
  private current: CaptureState = { kind: "recording", recordings: 0 };

  /**
   * @param step synchronous; what it makes it disposes, its results it copies into tensors that were there before.
   * @param workspace the caller's; functions that share one must not run at once, and are disposed before it.
   */
  constructor(backend: WebgpuBackend, step: () => void, workspace: Workspace, { enabled = true }: { readonly enabled?: boolean } = {}) {
    this.backend = backend;
    this.step = step;
    this.workspace = workspace;
    if (!enabled) this.stayEager("capturing is switched off");
  }

  get state(): CaptureState {
    return this.current;
  }

  call(): void {
    if (this.replay !== null) {
      flush(this.backend);
      this.replay.run();
    } else if (this.current.kind === "recording") this.recordOnce(this.current.recordings);
    else this.step();
  }

  dispose(): void {
    this.replay?.dispose();
    this.replay = null;
    this.last = null;
    this.current = { kind: "eager", because: "it was disposed" };
  }

  private recordOnce(before: number): void {
    const recording = record(this.backend, this.step);
    if (typeof recording === "string") {
      this.stayEager(recording);
      return;
    }
    const difference = this.last === null ? "there is nothing to compare it with" : differenceOf(this.last, recording);
    this.last = recording;
    this.current = { kind: "recording", recordings: before + 1 };
    if (difference === null) this.build(recording);
    else if (before + 1 >= RECORDINGS) this.stayEager(difference);
  }

  private build(recording: Recording): void {
    // Before the replay allocates: the eager steps' buffers make room for it.
    destroyFreeBuffers(this.backend);
    const replay = prepareReplay(this.backend.device, recording, this.workspace);
    if (typeof replay === "string") {
      this.stayEager(replay);
      return;
    }
    this.last = null;
    this.replay = replay;
    const { dispatches, allocatedBytes, leastBytes } = replay;
    this.current = { kind: "replaying", dispatches, allocatedBytes, leastBytes };
  }

  private stayEager(because: string): void {
    this.last = null;
    this.current = { kind: "eager", because };
  }
}

/** What two recordings of one step do differently, or null. Values are compared by the order of their first use. */
function differenceOf(a: Recording, b: Recording): string | null {
  if (a.commands.length !== b.commands.length) return `one call issued ${a.commands.length} commands and the next ${b.commands.length}`;
  const partner = new Map<RecordedValue | GPUBuffer, RecordedValue | GPUBuffer>();
  const used = new Set<RecordedValue | GPUBuffer>();
  const sameRange = (left: RecordedRange, right: RecordedRange): boolean => {
    if (left.offset !== right.offset || left.size !== right.size) return false;
    if (left.of instanceof GPUBuffer || right.of instanceof GPUBuffer) return left.of === right.of;
    if (!sameContent(left.of.content, right.of.content)) return false;
    const known = partner.get(left.of);
    if (known !== undefined) return known === right.of;
    if (used.has(right.of)) return false;
    partner.set(left.of, right.of);
    used.add(right.of);
    return true;
  };
  for (const [position, left] of a.commands.entries()) {
    const right = b.commands[position] as Command;
    const place = `command ${position + 1} of ${a.commands.length} (${nameOf(left)})`;
    if (left.kind === "copy" && right.kind === "copy") {
      if (!sameRange(left.from, right.from) || !sameRange(left.to, right.to)) return `${place} copied something else the next time`;
      continue;
    }
    if (left.kind === "copy" || right.kind === "copy") return `${place} was another one the next time`;
    if (left.pipeline !== right.pipeline || left.workgroups.some((count, axis) => count !== right.workgroups[axis])) return `${place} was another one the next time`;
    const sameBindings = left.bindings.length === right.bindings.length && left.bindings.every((binding, i) => sameRange(binding, right.bindings[i] as RecordedRange));
    if (!sameBindings) return `${place} read or wrote something else the next time`;
  }
  return null;
}

function nameOf(command: Command): string {
  return command.kind === "copy" ? "a copy" : command.pipeline.label || "a dispatch";
}

function sameContent(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
