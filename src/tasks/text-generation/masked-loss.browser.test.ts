/** What packed windows teach, in the browser: on wasm, with threads, and on WebGPU, whose later steps are replayed. */
import { describeMaskedLoss } from "./describe-masked-loss.ts";

const wasmPath = "/node_modules/@tensorflow/tfjs-backend-wasm/dist/";

describeMaskedLoss("wasm", wasmPath, { steps: 4 });
describeMaskedLoss("webgpu", wasmPath, { steps: 8 });
