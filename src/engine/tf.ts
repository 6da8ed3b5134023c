/** The only import of TensorFlow.js: everything below the worker takes `tf` from here, so that its version and parts are one decision. */
import * as tf from "@tensorflow/tfjs";

export { tf };
export type Tensor = tf.Tensor;
