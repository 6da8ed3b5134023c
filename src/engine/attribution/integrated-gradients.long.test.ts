/** Integrated gradients in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeAttribution } from "./describe-attribution.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeAttribution("cpu", wasmPath);
describeAttribution("wasm", wasmPath);
