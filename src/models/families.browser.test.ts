/** The families without published weights, in the browser: on wasm, with threads, and on WebGPU. */
import { describeFamilies } from "./describe-families.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

describeFamilies("wasm", wasmPath);
describeFamilies("webgpu", wasmPath);
