/** Starting and measuring backends in Node, which has wasm and cpu. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { memory, probeBackends, useBackend, wasmThreads } from "./backend.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

it("says why there is no WebGPU, and chooses the faster of the others", async () => {
  const report = await probeBackends({ wasmPath });
  expect(report.probes[0]).toEqual({ backend: "webgpu", available: false, gflops: 0, adapter: "", note: "this browser has no WebGPU" });
  expect(report.probes.map(({ gflops }) => gflops > 0)).toEqual([false, true, true]);
  expect(report).toMatchObject({ chosen: "wasm", crossOriginIsolated: false });
  await expect(useBackend("webgpu", { wasmPath })).rejects.toThrow('backend "webgpu": this browser has no WebGPU. Choose the backend "auto", or another one.');
  expect(await useBackend("wasm", { wasmPath })).toEqual({ backend: "wasm", adapter: "1 thread, SIMD" });
  expect(memory()).toEqual({ tensors: 0, bytes: 0 });
});

it("gives wasm half of the logical processors, but both where there are two, and no more than its binaries can start", () => {
  expect([1, 2, 3, 4, 8, 12, 16, 64].map(wasmThreads)).toEqual([1, 2, 2, 2, 4, 6, 8, 8]);
});
