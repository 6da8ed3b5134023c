/** The families without published weights, in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeFamilies } from "./describe-families.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeFamilies("cpu", wasmPath, { steps: 4 });
describeFamilies("wasm", wasmPath);
