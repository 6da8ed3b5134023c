/**
 * Whether a model fits on this device, before a byte of it is here. Deliberately rough: activations depend on the data and are
 * estimated when the layers are known (src/train/memory-estimate.ts). Weights are float32 in memory, whatever they are on disk.
 *
 * - new head alone: the weights, and a quarter on top for what passes through them
 * - every layer: weights, gradients, two moments of Adam; and as much on top
 * - a tab: half of what the device has, and 4 GB where the browser does not say or says more than the 8 GB at which it stops
 */
import type { DeviceFit } from "../protocol/hub.ts";

const bytesPerValue = 4;
const activations = 1.25;
const tabBytes = 4e9;

interface Device {
  readonly freeStorageBytes: number | null;
  /** As `navigator.deviceMemory` says it, in GiB; undefined outside Chromium. */
  readonly memoryGigabytes?: number;
}

export function fitOf(parameters: number, storageBytes: number, { freeStorageBytes, memoryGigabytes }: Device): DeviceFit {
  const headMemoryBytes = parameters * bytesPerValue * activations;
  const allMemoryBytes = 4 * headMemoryBytes;
  const deviceMemoryBytes = memoryGigabytes === undefined ? tabBytes : Math.min(tabBytes, (memoryGigabytes * 2 ** 30) / 2);
  const verdict =
    freeStorageBytes !== null && storageBytes > freeStorageBytes ? "no-storage" : headMemoryBytes > deviceMemoryBytes ? "no-memory" : allMemoryBytes > deviceMemoryBytes ? "head-only" : "fits";
  return { verdict, storageBytes, freeStorageBytes, headMemoryBytes, allMemoryBytes, deviceMemoryBytes };
}
