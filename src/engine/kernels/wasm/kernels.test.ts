/** The wasm kernels in Node: one thread. */
import { fileURLToPath } from "node:url";
import { describeWasmKernels } from "./describe-kernels.ts";

describeWasmKernels(fileURLToPath(new URL("../../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)));
