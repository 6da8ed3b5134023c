/** What training needs, in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeTraining } from "./describe-training.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeTraining("cpu", wasmPath);
describeTraining("wasm", wasmPath);
