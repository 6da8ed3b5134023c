/**
 * What a WebGPU device complains of outside of any call: invalid commands, which leave silent zeros, running out of memory,
 * and its loss. Remembered here, and thrown where results are read.
 */
import { GraftError } from "../../core/errors.ts";
import { nextTask } from "../../core/next-task.ts";
import { destroyFreeBuffers, flush, type WebgpuBackend } from "./internals.ts";

/** The device is gone, with everything on it: another one may be had. */
class DeviceLostError extends GraftError {}

/** It ran out of memory, and what was computed since is wrong. */
export class DeviceMemoryError extends GraftError {}

const firstErrors = new WeakMap<GPUDevice, GPUError>();
const losses = new WeakMap<GPUDevice, GPUDeviceLostInfo>();
const watched = new WeakSet<GPUDevice>();

export function watchErrors(device: GPUDevice): void {
  if (watched.has(device)) return;
  watched.add(device);
  device.addEventListener("uncapturederror", ({ error }) => {
    if (!firstErrors.has(device)) firstErrors.set(device, error);
  });
  void device.lost.then((info) => losses.set(device, info));
}

export async function isLost(device: GPUDevice): Promise<boolean> {
  return Promise.race([device.lost.then(() => true), nextTask().then(() => false)]);
}

/** What the device says to something that may be too large for it, or null where it does it all. */
export async function deviceRefusal(backend: WebgpuBackend, run: () => Promise<void>): Promise<string | null> {
  const { device } = backend;
  device.pushErrorScope("out-of-memory");
  // A buffer larger than any may be is an invalid one.
  device.pushErrorScope("validation");
  const outcome = await run().then(
    () => null,
    (error: unknown) => ({ error }),
  );
  flush(backend);
  await backend.queue.onSubmittedWorkDone();
  const refusals = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const refusal = refusals.find((error) => error !== null);
  if (refusal) {
    // Among the buffers that the backend would use again are those that the device did not make.
    destroyFreeBuffers(backend);
    return refusal.message;
  }
  if (outcome) throw outcome.error;
  return null;
}

/** A result of the device, or the device's own error where there is one: a read of a lost device fails with something vague. */
export async function orDeviceError<Result>(device: GPUDevice, result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } finally {
    await isLost(device);
    throwDeviceErrors(device);
  }
}

/** @throws GraftError if something that was asked of the device since the last call went wrong; DeviceLostError if it is gone. */
function throwDeviceErrors(device: GPUDevice): void {
  const loss = losses.get(device);
  if (loss) throw new DeviceLostError({ where: "the GPU", what: `the device was lost${loss.message ? ` (${loss.message})` : ""}`, next: "Train again, or choose the backend WebAssembly" });
  const error = firstErrors.get(device);
  if (!error) return;
  firstErrors.delete(device);
  if (error instanceof GPUOutOfMemoryError) throw new DeviceMemoryError({ where: "the GPU", what: "it ran out of memory", next: "Choose a smaller batch, smaller images, or fewer layers to learn" });
  throw new GraftError({ where: "the GPU", what: `it refused a command: ${error.message}`, next: "This is a bug in Graft; choose the backend WebAssembly meanwhile" });
}
