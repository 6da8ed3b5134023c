/**
 * Whole numbers on WebGPU: TensorFlow.js's shaders that move axes or shift values along one are wrong for them there (they do
 * not compile, and the result stays 0), so they take the way through floats, which holds them up to 2^24.
 */
import { tf, type Tensor } from "../tf.ts";

export function throughFloats(x: Tensor, run: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== "int32" || tf.getBackend() !== "webgpu") return run(x);
  return tf.cast(run(tf.cast(x, "float32")), "int32");
}
