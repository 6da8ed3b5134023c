/** Starting and measuring backends in a browser whose only WebGPU adapter is software, on the page and in a module worker. */
import { afterEach, describe, expect, it } from "vitest";
import { memory, probeBackends, useBackend, wasmThreads } from "./backend.ts";
import type { WorkerReply } from "./backend.worker-fixture.ts";
import { tf } from "./tf.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

/** 2 x 2 of the current backend. */
async function product(): Promise<number[]> {
  const result = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])));
  const values = [...(await result.data())];
  result.dispose();
  return values;
}

describe("backends in the browser", () => {
  afterEach(() => expect(memory()).toEqual({ tensors: 0, bytes: 0 }));

  it("measures all three, and takes a software adapter for no GPU", async () => {
    const report = await probeBackends({ wasmPath });
    expect(report.crossOriginIsolated).toBe(true);
    expect(report.probes.map(({ backend, available }) => [backend, available])).toEqual([["webgpu", true], ["wasm", true], ["cpu", true]]);
    const [webgpu, wasm, cpu] = report.probes;
    expect(webgpu?.adapter).toMatch(/swiftshader.*\(software\)/i);
    expect(webgpu?.note).toContain("no GPU");
    expect(wasm?.adapter).toBe(`${wasmThreads(navigator.hardwareConcurrency)} threads, SIMD`);
    for (const probe of [webgpu, wasm, cpu]) expect(probe?.gflops).toBeGreaterThan(0);
    expect(report.chosen).toBe("wasm");
  });

  it("starts each of them after the measurement, and keeps the current one through another", async () => {
    for (const backend of ["cpu", "wasm", "webgpu"] as const) {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
      expect(await product()).toEqual([19, 22, 43, 50]);
    }
    await useBackend("wasm", { wasmPath });
    const kept = tf.tensor1d([1, 2, 3]);
    await probeBackends({ wasmPath });
    expect(tf.getBackend()).toBe("wasm");
    expect([...(await kept.data())]).toEqual([1, 2, 3]);
    kept.dispose();
  });

  it("works in a module worker, threads and all", async () => {
    const worker = new Worker(new URL("./backend.worker-fixture.ts", import.meta.url), { type: "module" });
    try {
      const reply = await new Promise<WorkerReply>((resolve, reject) => {
        worker.onmessage = (message: MessageEvent<WorkerReply>) => resolve(message.data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(new URL(wasmPath, location.href).href);
      });
      expect(reply).toEqual({ chosen: "wasm", webgpu: true, product: [19, 22, 43, 50] });
    } finally {
      worker.terminate();
    }
  });

  it("says what is wrong where the binaries are missing", async () => {
    // Its own worker, because TensorFlow.js allows one attempt.
    const worker = new Worker(new URL("./backend.worker-fixture.ts", import.meta.url), { type: "module" });
    try {
      const message = await new Promise<string>((resolve, reject) => {
        worker.onmessage = (event: MessageEvent<WorkerReply>) => resolve(event.data.chosen);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(new URL("/nowhere/", location.href).href);
      });
      expect(message).toBe("cpu");
    } finally {
      worker.terminate();
    }
  });
});
