/**
 * What a WebGPU device complains of outside of any call: invalid commands, which leave silent zeros, running out of memory,
 * and its loss. Remembered here, and thrown where results are read.
 */
import { GraftError } from "../../core/errors.ts";

/** The device is gone, with everything on it: another one may be had. */
export class DeviceLostError extends GraftError {}

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

/** @throws GraftError if something that was asked of the device since the last call went wrong; DeviceLostError if it is gone. */
export function throwDeviceErrors(device: GPUDevice): void {
  const loss = losses.get(device);
  if (loss) throw new DeviceLostError({ where: "the GPU", what: `the device was lost${loss.message ? ` (${loss.message})` : ""}`, next: "The best weights so far are kept. Train again, or choose the backend WebAssembly" });
  const error = firstErrors.get(device);
  if (!error) return;
  firstErrors.delete(device);
  if (error instanceof GPUOutOfMemoryError) throw new GraftError({ where: "the GPU", what: "it ran out of memory", next: "Choose a smaller batch, smaller images, or fewer layers to learn" });
  throw new GraftError({ where: "the GPU", what: `it refused a command: ${error.message}`, next: "This is a bug in Graft; choose the backend WebAssembly meanwhile" });
}
