/** Every op in the browser: on wasm, with threads, and on WebGPU. */
import { describeOps } from "./describe-op.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

describeOps("wasm", wasmPath);
describeOps("webgpu", wasmPath);
