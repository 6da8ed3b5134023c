/** A module worker that measures and uses the backends, for backend.browser.test.ts. It is sent the path of the wasm binaries. */
import { probeBackends, useBackend } from "./backend.ts";
import { tf } from "./tf.ts";

export interface WorkerReply {
  readonly chosen: string;
  readonly webgpu: boolean;
  readonly product: readonly number[];
}

globalThis.onmessage = async ({ data: wasmPath }: MessageEvent<string>) => {
  const { chosen, probes } = await probeBackends({ wasmPath });
  await useBackend(chosen, { wasmPath });
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])));
  const reply: WorkerReply = { chosen, webgpu: probes.some(({ backend, available }) => backend === "webgpu" && available), product: [...(await product.data())] };
  globalThis.postMessage(reply);
};
