/** The length of all gradients taken as one vector, and shortening them to a given one. */
import { exclusiveFloats, readableFloats } from "../kernels/wasm/heap.ts";
import { tf, type Tensor } from "../tf.ts";

/** As torch.nn.utils.clip_grad_norm_: keeps the division finite where every gradient is 0. */
const EPSILON = 1e-6;

function normOnHeap(gradients: ReadonlyMap<string, Tensor>): number {
  let total = 0;
  for (const gradient of gradients.values()) {
    const values = readableFloats(gradient);
    for (let i = 0; i < values.length; i++) total += values[i]! * values[i]!;
  }
  return Math.sqrt(total);
}

/** A scalar; the caller disposes it. */
export function globalNorm(gradients: ReadonlyMap<string, Tensor>): tf.Scalar {
  if (tf.getBackend() === "wasm") return tf.scalar(normOnHeap(gradients));
  return tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    // Not addN: on WebGPU it binds every tensor at once, and more than a device allows leave a silent zero.
    return (squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.sum(tf.stack(squares))));
  });
}

/**
 * Replaces the gradients in the map by ones that together are at most `maxNorm` long, and disposes the old ones.
 * @returns the norm before clipping; the caller disposes it.
 */
export function clipByGlobalNorm(gradients: Map<string, Tensor>, maxNorm: number): tf.Scalar {
  if (tf.getBackend() === "wasm") {
    const norm = normOnHeap(gradients);
    const scale = maxNorm / (norm + EPSILON);
    // Not `scale < 1`: a norm that is not a number has to reach the gradients.
    if (!(scale >= 1)) for (const [name, gradient] of gradients) scaleOnHeap(gradients, name, gradient, scale);
    return tf.scalar(norm);
  }
  const norm = globalNorm(gradients);
  const scale = tf.tidy(() => tf.minimum(tf.div(maxNorm, tf.add(norm, EPSILON)), 1));
  for (const [name, gradient] of gradients) {
    gradients.set(name, tf.mul(gradient, scale));
    gradient.dispose();
  }
  scale.dispose();
  return norm;
}

function scaleOnHeap(gradients: Map<string, Tensor>, name: string, gradient: Tensor, scale: number): void {
  const values = exclusiveFloats(gradient);
  if (values) {
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * scale;
    return;
  }
  gradients.set(name, tf.mul(gradient, scale));
  gradient.dispose();
}
