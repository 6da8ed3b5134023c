/**
 * Choosing and starting the place where tensors live. A short measured product says what each backend is worth on this
 * device: a software WebGPU adapter is thirty times slower than wasm, and looks the same from outside.
 */
import { backendNames, type BackendName } from "../core/backends.ts";
import { GraftError } from "../core/errors.ts";
import type { BackendProbe, DeviceReport } from "../protocol/models.ts";
import type { DeviceFailure } from "../protocol/run.ts";
import { asWasmBackend, refuseFailedAllocations } from "./kernels/wasm/heap.ts";
import { registerWasmKernels } from "./kernels/wasm/index.ts";
import { registerWebgpuKernels } from "./kernels/webgpu/index.ts";
import { getThreadsCount, setWasmPaths, tf } from "./tf.ts";
import { DeviceMemoryError, deviceRefusal, isLost, watchErrors } from "./webgpu/device-errors.ts";
import { supportViews, webgpuBackend } from "./webgpu/internals.ts";
import { watchPipelines } from "./webgpu/pipeline-access.ts";

export interface ActiveBackend {
  readonly backend: BackendName;
  /** `NVIDIA ampere`, `SwiftShader (software)`, `4 threads, SIMD` */
  readonly adapter: string;
}

export interface BackendOptions {
  /** Where the wasm backend's binaries are, with a trailing slash. */
  readonly wasmPath: string;
}

/** Starting and measuring change the one current backend, so they take turns. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const result = turn.then(run);
  turn = result.catch(() => undefined);
  return result;
}

/**
 * Makes `backend` the current one, ready to train.
 * @throws GraftError where this device or browser does not have it.
 */
export function useBackend(backend: BackendName, options: BackendOptions): Promise<ActiveBackend> {
  return inTurn(() => start(backend, options));
}

async function start(backend: BackendName, { wasmPath }: BackendOptions): Promise<ActiveBackend> {
  const missing = await whyMissing(backend);
  if (missing !== null) throw new GraftError({ where: `backend "${backend}"`, what: missing, next: 'Choose the backend "auto", or another one' });
  if (backend === "wasm") {
    setWasmPaths(wasmPath);
    registerWasmKernels();
  } else if (backend === "webgpu") registerWebgpuKernels();
  const started = backend === "wasm" ? await withThreads(() => tf.setBackend(backend)) : await tf.setBackend(backend);
  if (!started) {
    const wanted = backend === "wasm" ? `the backend's .wasm files under ${wasmPath}` : undefined;
    throw new GraftError({ where: `backend "${backend}"`, what: "it did not start", wanted, next: 'Choose the backend "auto", or another one' });
  }
  await tf.ready();
  if (backend === "webgpu") prepareWebgpu();
  else if (backend === "wasm") refuseFailedAllocations(asWasmBackend(tf.backend()));
  return { backend, adapter: await describeAdapter(backend) };
}

/** Before the first kernel is compiled: the captured step needs to know every pipeline. */
function prepareWebgpu(): void {
  const { device } = webgpuBackend();
  watchPipelines(device);
  watchErrors(device);
  supportViews();
}

/** The backend's binary starts so many workers beforehand; a thread beyond them would wait for ever. */
const MAX_WASM_THREADS = 8;

/** Logical processors -> threads: the two of one core share its arithmetic, so half of them; but both where there are only two. */
export function wasmThreads(processors: number): number {
  return Math.max(Math.min(2, processors), Math.min(MAX_WASM_THREADS, Math.floor(processors / 2)));
}

/**
 * The backend's binary takes half of navigator.hardwareConcurrency for its threads, and caps a count that it is given at that
 * (tfjs-backend-wasm/src/cc/backend.cc), which leaves one on two processors. So it is told twice what it shall have while it starts.
 */
async function withThreads<T>(start: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: Navigator };
  if (navigator === undefined) return start();
  Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 * wasmThreads(navigator.hardwareConcurrency), configurable: true });
  try {
    return await start();
  } finally {
    // The prototype's own getter shows again.
    Reflect.deleteProperty(navigator, "hardwareConcurrency");
  }
}

/** A sentence's part that says why, or null where the backend can be started. */
async function whyMissing(backend: BackendName): Promise<string | null> {
  switch (backend) {
    case "cpu":
      return null;
    case "wasm":
      return typeof WebAssembly === "undefined" ? "this browser has no WebAssembly" : null;
    case "webgpu":
      if (!tf.findBackendFactory("webgpu")) return "this browser has no WebGPU";
      return (await requestAdapter()) ? null : "this device offers WebGPU no adapter";
  }
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  try {
    return await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch {
    return null;
  }
}

const SOFTWARE_ADAPTER = /swiftshader|llvmpipe|lavapipe|basic render|warp/i;

function isSoftware({ info }: GPUAdapter): boolean {
  return info.isFallbackAdapter || SOFTWARE_ADAPTER.test([info.vendor, info.architecture, info.device, info.description].join(" "));
}

async function describeAdapter(backend: BackendName): Promise<string> {
  if (backend === "cpu") return "plain JavaScript";
  if (backend === "wasm") {
    const threads = getThreadsCount();
    const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? ", SIMD" : "";
    return `${threads} ${threads === 1 ? "thread" : "threads"}${simd}`;
  }
  const adapter = await requestAdapter();
  if (adapter === null) return "unknown adapter";
  const { info } = adapter;
  const name = info.description || [info.vendor, info.architecture].filter(Boolean).join(" ") || "unnamed adapter";
  return isSoftware(adapter) ? `${name} (software)` : name;
}

/** Sizes of the measured products; the measurement ends with the first that takes longer than this. */
const PROBE_SIZES = [128, 256, 512, 1024];
const PROBE_ENOUGH_MS = 10;

/** The best speed over growing products, each timed on its second run, after its kernels are compiled. */
async function measureGflops(): Promise<number> {
  let best = 0;
  for (const size of PROBE_SIZES) {
    const [a, b] = tf.tidy(() => [tf.fill([size, size], 0.5), tf.fill([size, size], 0.25)] as const);
    const time = async (): Promise<number> => {
      const startMs = performance.now();
      // Reading one value back waits for the device.
      const corner = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]));
      await corner.data();
      corner.dispose();
      return performance.now() - startMs;
    };
    await time();
    const elapsedMs = await time();
    a.dispose();
    b.dispose();
    best = Math.max(best, (2 * size ** 3) / (elapsedMs * 1e6));
    if (elapsedMs > PROBE_ENOUGH_MS) break;
  }
  return best;
}

async function probe(backend: BackendName, options: BackendOptions): Promise<BackendProbe & { readonly software: boolean }> {
  try {
    const { adapter } = await start(backend, options);
    const software = adapter.endsWith("(software)");
    const note = software ? "WebGPU runs in software here: it counts as no GPU" : undefined;
    return { backend, available: true, gflops: await measureGflops(), adapter, note, software };
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    return { backend, available: false, gflops: 0, adapter: "", note: error.sentence.what, software: false };
  }
}

/** Disposes a backend's device or heap; it can be started again. */
function release(backend: BackendName): void {
  const factory = tf.findBackendFactory(backend);
  if (!factory) return;
  tf.removeBackend(backend);
  tf.registerBackend(backend, factory);
}

/**
 * Measures every backend, which takes under a second on most devices, and leaves the current backend as it was. Not
 * while a run is under way: what it computes meanwhile would land on another backend.
 */
export function probeBackends(options: BackendOptions): Promise<DeviceReport> {
  return inTurn(async () => {
    const current = startedBackend();
    const probes: (BackendProbe & { readonly software: boolean })[] = [];
    for (const backend of backendNames) {
      probes.push(await probe(backend, options));
      if (backend !== current) release(backend);
    }
    if (current !== null) await tf.setBackend(current);
    const chosen = chooseBackend(probes);
    return {
      probes: probes.map(({ software: _, ...rest }) => rest),
      chosen,
      crossOriginIsolated: globalThis.crossOriginIsolated ?? false,
    };
  });
}

/**
 * The faster of a real GPU and wasm; plain JavaScript only where there is neither. It is many times slower than wasm, and a
 * busy moment during the measurement must not make it look otherwise.
 */
function chooseBackend(probes: readonly (BackendProbe & { readonly software: boolean })[]): BackendName {
  const real = probes.filter(({ backend, available, software }) => available && !software && backend !== "cpu");
  return real.reduce<BackendProbe | null>((best, next) => (best === null || next.gflops > best.gflops ? next : best), null)?.backend ?? "cpu";
}

/** The current backend, if one of ours was started. */
function startedBackend(): BackendName | null {
  const { backendName } = tf.engine();
  return backendNames.find((name) => name === backendName) ?? null;
}

/** Why the device that the current backend computes on is of no more use after `error`; null where the error has another cause. */
export async function deviceFailure(error: unknown): Promise<DeviceFailure | null> {
  if (startedBackend() !== "webgpu") return null;
  if (await isLost(webgpuBackend().device)) return "lost";
  return error instanceof DeviceMemoryError ? "out-of-memory" : null;
}

/** After a crash the browser starts its process for the GPU anew, and offers no adapter until it runs. */
const ADAPTER_ATTEMPTS = 8;
const ADAPTER_WAIT_MS = 500;

/**
 * After a failure: WebGPU on another device, or wasm where there is none, or where that is wanted. What was on the device that failed
 * has to be disposed before.
 */
export function replaceDevice(wanted: "webgpu" | "wasm", options: BackendOptions): Promise<ActiveBackend> {
  return inTurn(async () => {
    release("webgpu");
    for (let attempt = 1; wanted === "webgpu" && attempt <= ADAPTER_ATTEMPTS; attempt++) {
      try {
        return await start("webgpu", options);
      } catch (error) {
        if (!(error instanceof GraftError)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, ADAPTER_WAIT_MS));
    }
    return start("wasm", options);
  });
}

/**
 * Runs something that may need more memory than the device has; waits until the device is through with it.
 * @returns the device's words if it does, else null. Any other error is thrown.
 */
export async function refusalOf(run: () => Promise<void>): Promise<string | null> {
  if (startedBackend() === "webgpu") return deviceRefusal(webgpuBackend(), run);
  const engine = tf.engine();
  engine.startScope();
  try {
    await run();
    return null;
  } catch (error) {
    if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) return error.message;
    throw error;
  } finally {
    engine.endScope();
  }
}

/** Live tensors, and the bytes that they hold on the backend. */
export function memory(): { readonly tensors: number; readonly bytes: number } {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, bytes: numBytes };
}
