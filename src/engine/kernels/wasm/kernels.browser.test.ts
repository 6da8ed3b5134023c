/** The wasm kernels in Chromium: threads, and memory that they share. */
import { describeWasmKernels } from "./describe-kernels.ts";

describeWasmKernels("/node_modules/@tensorflow/tfjs-backend-wasm/dist/");
