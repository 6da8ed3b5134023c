/** What training needs, in the browser: on wasm, with threads, and on WebGPU. */
import { describeTraining } from "./describe-training.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

describeTraining("wasm", wasmPath);
describeTraining("webgpu", wasmPath);
