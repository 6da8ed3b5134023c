/** The kernels that make the WebGPU backend right and repeatable: the one list of them. */
import { tf } from "../../tf.ts";
import { writingCast } from "./cast.ts";
import { repeatableMatMul } from "./matmul.ts";

let registered = false;

/** Replaces the backend's own. Once, and only where the backend is registered; later calls do nothing. */
export function registerWebgpuKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of [writingCast(), repeatableMatMul]) {
    tf.unregisterKernel(kernel.kernelName, "webgpu");
    tf.registerKernel(kernel);
  }
}
