/**
 * Activations, element by element. Those whose TensorFlow.js gradient is right and short are used as they are; on WebGPU
 * those of a training step's many run as one dispatch each.
 */
import type { OpAttributes } from "../../graph/types.ts";
import { gradientWithin } from "../kernels/wasm/activations.ts";
import { currentSimdKernels } from "../kernels/wasm/simd.ts";
import { activationKernels, type ActivationKernels } from "../kernels/webgpu/activations.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

/** One dispatch forward and one back. */
function byKernels(x: Tensor, { forward, backward, keeps }: ActivationKernels): Tensor {
  return differentiable(
    { x },
    (save) => {
      const y = forward({ x });
      save([keeps === "x" ? x : y]);
      return y;
    },
    (dy, saved) => ({ x: () => backward({ dy, kept: savedAt(saved, 0) }) }),
  );
}

const onWebgpu = (): boolean => tf.getBackend() === "webgpu";

/** 1 where low < y < high, else 0; PyTorch's and TensorFlow's gradients of clipping are 0 on the bounds themselves. */
function inside(y: Tensor, low: number, high: number): Tensor {
  return tf.mul(tf.step(low === 0 ? y : tf.sub(y, low)), tf.step(tf.sub(high, y)));
}

/** x within two bounds, of which `clip` is the forward pass. Its result tells the slope, and is kept anyway. */
function clipped(x: Tensor, clip: (x: Tensor) => Tensor, low: number, high: number): Tensor {
  return differentiable(
    { x },
    (save) => {
      const y = clip(x);
      save([y]);
      return y;
    },
    (dy, saved) => ({
      x: () => {
        const y = savedAt(saved, 0);
        const onWasm = currentSimdKernels();
        return onWasm ? gradientWithin(onWasm, dy, y, low, high) : tf.mul(dy, inside(y, low, high));
      },
    }),
  );
}

export function relu(x: Tensor): Tensor {
  if (onWebgpu()) return byKernels(x, activationKernels.relu);
  return currentSimdKernels() ? clipped(x, tf.relu, 0, Infinity) : tf.relu(x);
}
export const leakyRelu = (x: Tensor, { alpha }: OpAttributes["leakyRelu"]): Tensor => tf.leakyRelu(x, alpha);
export const elu = (x: Tensor): Tensor => tf.elu(x);
export const sigmoid = (x: Tensor): Tensor => (onWebgpu() ? byKernels(x, activationKernels.sigmoid) : tf.sigmoid(x));
export const tanh = (x: Tensor): Tensor => tf.tanh(x);
export const softplus = (x: Tensor): Tensor => tf.softplus(x);
/** Over the last axis. */
export const softmax = (x: Tensor): Tensor => tf.softmax(x);

export const relu6 = (x: Tensor): Tensor => (onWebgpu() ? byKernels(x, activationKernels.relu6) : clipped(x, tf.relu6, 0, 6));

/** relu6(x + 3) / 6, as PyTorch, Keras 3 and MobileNetV3 have it; Keras 2's clip(0.2 x + 0.5, 0, 1) is another function. */
export function hardSigmoid(x: Tensor): Tensor {
  if (onWebgpu()) return byKernels(x, activationKernels.hardSigmoid);
  return differentiable(
    { x },
    (save) => {
      const y = tf.div(tf.relu6(tf.add(x, 3)), 6);
      save([y]);
      return y;
    },
    (dy, saved) => ({ x: () => tf.mul(tf.div(dy, 6), inside(savedAt(saved, 0), 0, 1)) }),
  );
}

/** x * sigmoid(x) */
export function silu(x: Tensor): Tensor {
  if (onWebgpu()) return byKernels(x, activationKernels.silu);
  return differentiable(
    { x },
    (save) => {
      const gate = tf.sigmoid(x);
      save([x, gate]);
      return tf.mul(x, gate);
    },
    (dy, saved) => ({
      x: () => {
        const gate = savedAt(saved, 1);
        const slope = tf.add(1, tf.mul(savedAt(saved, 0), tf.sub(1, gate)));
        return tf.mul(dy, tf.mul(gate, slope));
      },
    }),
  );
}

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

/** x * P(N(0, 1) < x), exactly or by the tanh approximation (Hendrycks and Gimpel, 2016). */
export function gelu(x: Tensor, { approximate }: OpAttributes["gelu"]): Tensor {
  if (onWebgpu()) return byKernels(x, approximate ? activationKernels.geluByTanh : activationKernels.gelu);
  // (1 + tanh(u)) / 2 is sigmoid(2 u), which wasm has vectors for.
  const share = approximate
    ? (input: Tensor): Tensor => tf.sigmoid(tf.mul(input, tf.add(2 * TANH_SCALE, tf.mul(2 * TANH_SCALE * TANH_CUBIC, tf.square(input)))))
    : (input: Tensor): Tensor => tf.add(0.5, tf.mul(0.5, tf.erf(tf.mul(input, SQRT_HALF))));
  const density = approximate
    ? (input: Tensor, phi: Tensor): Tensor =>
        tf.mul(tf.mul(phi, tf.sub(1, phi)), tf.add(2 * TANH_SCALE, tf.mul(6 * TANH_SCALE * TANH_CUBIC, tf.square(input))))
    : (input: Tensor): Tensor => tf.mul(INVERSE_SQRT_TWO_PI, tf.exp(tf.mul(-0.5, tf.square(input))));
  return differentiable(
    { x },
    (save) => {
      const phi = share(x);
      save([x, phi]);
      return tf.mul(x, phi);
    },
    (dy, saved) => ({
      x: () => {
        const input = savedAt(saved, 0);
        const phi = savedAt(saved, 1);
        return tf.mul(dy, tf.add(phi, tf.mul(input, density(input, phi))));
      },
    }),
  );
}
