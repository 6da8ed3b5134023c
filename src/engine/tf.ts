/** The only import of TensorFlow.js: everything below the worker takes `tf` from here, so that its version and parts are one decision. */
import * as tf from "@tensorflow/tfjs";
import { getThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
// Registers the backend where the browser has WebGPU; does nothing elsewhere.
import "@tensorflow/tfjs-backend-webgpu";

export { getThreadsCount, setWasmPaths, tf };
export type Tensor = tf.Tensor;
