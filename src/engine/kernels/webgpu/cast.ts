/**
 * Casting to float on WebGPU. The backend's own kernel only relabels integers and booleans: the buffer stays integer, and
 * the next op that copies values (a transpose, and with it a sum over an inner axis) is a shader that does not compile,
 * which silently leaves zeros. This one writes floats.
 */
import { tf } from "../../tf.ts";

export function writingCast(): tf.KernelConfig {
  const original = tf.getKernel(tf.Cast, "webgpu");
  return {
    ...original,
    kernelFunc: (params) => {
      const { x } = params.inputs as { readonly x: tf.TensorInfo };
      const relabelled = original.kernelFunc(params) as tf.TensorInfo;
      if (relabelled.dtype !== "float32" || x.dtype === "float32") return relabelled;
      return tf.tidy(() => tf.mul(tf.engine().makeTensorFromDataId(relabelled.dataId, relabelled.shape, relabelled.dtype), tf.scalar(1)));
    },
  };
}
