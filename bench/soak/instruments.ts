/**
 * What the soak looks at inside the worker: tensors, heaps, listeners, and what checkpoints cost. In place before the product's code is
 * loaded; asked over a channel of its own, so that the product's boundary stays as it is.
 */
import { ListenerCount } from "../../src/core/testing/listeners.ts";
import { memory } from "../../src/engine/backend.ts";
import { asWasmBackend } from "../../src/engine/kernels/wasm/heap.ts";
import { tf } from "../../src/engine/tf.ts";
import { CheckpointPace } from "../../src/train/checkpoint-pace.ts";
import { allocatedNow, installCounters } from "../counters.ts";
import { channelName, type WorkerFigures } from "./channel.ts";

// One thread: where the machine does other work as well, several wait for each other at every kernel, and the soak is not about speed.
Object.defineProperty(Object.getPrototypeOf(navigator), "hardwareConcurrency", { get: () => 1, configurable: true });

const listeners = new ListenerCount();
installCounters();

const checkpointsMs: number[] = [];
let startedMs = 0;
const due = Reflect.get(CheckpointPace.prototype, "due");
const saved = Reflect.get(CheckpointPace.prototype, "saved");
CheckpointPace.prototype.due = function (...asked) {
  const isDue = due.apply(this, asked);
  if (isDue) startedMs = performance.now();
  return isDue;
};
CheckpointPace.prototype.saved = function () {
  checkpointsMs.push(performance.now() - startedMs);
  saved.call(this);
};

function figures(): WorkerFigures {
  // Asked for its memory, TensorFlow.js would start a backend.
  if (!tf.engine().backendName) return { tensors: 0, backendBytes: 0, wasmHeapBytes: null, deviceBytes: allocatedNow(), listeners: listeners.live(), checkpointsMs };
  const heap = tf.getBackend() === "wasm" ? asWasmBackend(tf.backend()).wasm : null;
  const { tensors, bytes } = memory();
  return { tensors, backendBytes: bytes, wasmHeapBytes: (heap?.wasmMemory ?? heap?.asm.memory)?.buffer.byteLength ?? null, deviceBytes: allocatedNow(), listeners: listeners.live(), checkpointsMs };
}

const channel = new BroadcastChannel(channelName);
channel.onmessage = ({ data }: MessageEvent<unknown>) => {
  if (data === "figures") channel.postMessage(figures());
};
