/** Adapters against PyTorch, in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeLora } from "./describe-lora.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeLora("cpu", wasmPath, { steps: 2 });
describeLora("wasm", wasmPath);
