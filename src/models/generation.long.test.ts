/** Writing text in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeGeneration } from "./describe-generation.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeGeneration("cpu", wasmPath);
describeGeneration("wasm", wasmPath);
