/** Adapters against PyTorch, in the browser: on WebGPU, where a step is captured and replayed. */
import { describeLora } from "./describe-lora.ts";

describeLora("webgpu", "/node_modules/@tensorflow/tfjs-backend-wasm/dist/", { steps: 5 });
