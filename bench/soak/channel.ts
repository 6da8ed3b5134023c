/** What the soak's page asks of the instruments in the worker, and where. */
export interface WorkerFigures {
  readonly tensors: number;
  /** Of the tensors. */
  readonly backendBytes: number;
  /** What the wasm backend has of the machine; null on another one. */
  readonly wasmHeapBytes: number | null;
  /** Of all buffers on the device that are not destroyed. */
  readonly deviceBytes: number;
  /** Still attached, by the kind of their target. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Of each checkpoint since the worker began: from asking the device for its numbers to the seal on the disk. */
  readonly checkpointsMs: readonly number[];
}

export const channelName = "graft-soak";
