/** Every op in Node: on the cpu backend, which is TensorFlow.js's own reference, and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeOps } from "./describe-op.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeOps("cpu", wasmPath);
describeOps("wasm", wasmPath);
