/** Writing text in the browser: on wasm, with threads, and on WebGPU. */
import { describeGeneration } from "./describe-generation.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

describeGeneration("wasm", wasmPath, { tokens: 34 });
describeGeneration("webgpu", wasmPath, { tokens: 34 });
