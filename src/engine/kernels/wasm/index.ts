/** The kernels that make the wasm backend fit for training: the one list of them. */
import { tf } from "../../tf.ts";
import { fusedBatchNorm } from "./batch-norm.ts";
import { conv2dFilterGradient, conv2dInputGradient, depthwiseFilterGradient, depthwiseInputGradient } from "./conv-gradients.ts";
import { cast, identity, oneHot, tile, unsortedSegmentSum } from "./data-movement.ts";
import { einsum } from "./einsum.ts";
import { batchMatMul } from "./matmul.ts";
import { maxPoolGradient } from "./max-pool-gradient.ts";

const wasmKernels: readonly tf.KernelConfig[] = [
  batchMatMul,
  cast,
  conv2dFilterGradient,
  conv2dInputGradient,
  depthwiseFilterGradient,
  depthwiseInputGradient,
  einsum,
  fusedBatchNorm,
  identity,
  maxPoolGradient,
  oneHot,
  tile,
  unsortedSegmentSum,
];

let registered = false;

/** Adds them, in place of the backend's own where it has one. Once; later calls do nothing. */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of wasmKernels) {
    if (tf.getKernel(kernel.kernelName, "wasm")) tf.unregisterKernel(kernel.kernelName, "wasm");
    tf.registerKernel(kernel);
  }
}
