/**
 * Whole numbers take the way through floats, which holds them up to 2^24, where TensorFlow.js 4.22 is wrong for them: WebGPU's
 * shaders that move axes or shift values along one do not compile, and the result stays 0; wasm's strided slice forgets the type.
 */
import { tf, type Tensor } from "../tf.ts";

export function throughFloats(x: Tensor, run: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== "int32") return run(x);
  return tf.cast(run(tf.cast(x, "float32")), "int32");
}
