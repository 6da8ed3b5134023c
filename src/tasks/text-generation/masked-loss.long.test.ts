/** What packed windows teach, in Node: on the cpu backend and on wasm without threads. */
import { fileURLToPath } from "node:url";
import { describeMaskedLoss } from "./describe-masked-loss.ts";

const wasmPath = fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

describeMaskedLoss("cpu", wasmPath);
describeMaskedLoss("wasm", wasmPath);
