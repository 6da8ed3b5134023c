/** Functions of one number, element by element. */
import type { OpAttributes } from "../../graph/types.ts";
import * as kernels from "../kernels/webgpu/trigonometry.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

const floats = (x: Tensor): Tensor => (x.dtype === "float32" ? x : tf.cast(x, "float32"));

/** A function whose gradient is dy times its slope, from what was kept of it. */
function sloped(x: Tensor, run: (x: Tensor) => Tensor, keeps: "x" | "y", slope: (kept: Tensor) => Tensor): Tensor {
  return differentiable(
    { x },
    (save) => {
      const y = run(x);
      save([keeps === "x" ? x : y]);
      return y;
    },
    (dy, saved) => ({ x: () => tf.mul(dy, slope(savedAt(saved, 0))) }),
  );
}

/** The slope of |x| at 0 is 0, as in PyTorch; TensorFlow.js has -1. */
export const abs = (x: Tensor): Tensor => sloped(x, tf.abs, "x", tf.sign);

export const log = (x: Tensor): Tensor => tf.log(floats(x));

/** WebGPU's own are good for pictures. */
const sine = (x: Tensor): Tensor => (tf.getBackend() === "webgpu" ? kernels.sine({ x }) : tf.sin(x));
const cosine = (x: Tensor): Tensor => (tf.getBackend() === "webgpu" ? kernels.cosine({ x }) : tf.cos(x));
const tangent = (x: Tensor): Tensor => (tf.getBackend() === "webgpu" ? kernels.tangent({ x }) : tf.tan(x));

export const sin = (x: Tensor): Tensor => sloped(floats(x), sine, "x", cosine);
export const cos = (x: Tensor): Tensor => sloped(floats(x), cosine, "x", (kept) => tf.neg(sine(kept)));
export const tan = (x: Tensor): Tensor => sloped(floats(x), tangent, "y", (kept) => tf.add(tf.square(kept), 1));
export const asin = (x: Tensor): Tensor => tf.asin(floats(x));
export const acos = (x: Tensor): Tensor => tf.sub(Math.PI / 2, tf.asin(floats(x)));
export const atan = (x: Tensor): Tensor => tf.atan(floats(x));
export const sinh = (x: Tensor): Tensor => tf.sinh(floats(x));
export const cosh = (x: Tensor): Tensor => tf.cosh(floats(x));
export const asinh = (x: Tensor): Tensor => tf.asinh(floats(x));
export const acosh = (x: Tensor): Tensor => tf.acosh(floats(x));
export const atanh = (x: Tensor): Tensor => tf.atanh(floats(x));
export const erf = (x: Tensor): Tensor => tf.erf(floats(x));

/** A step's slope is 0 everywhere. Whole numbers are what they are. */
const stepped =
  (step: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) =>
    x.dtype === "int32" ? tf.clone(x) : step(x);
export const floor = stepped((x) => tf.floor(x));
export const ceil = stepped((x) => tf.ceil(x));
export const round = stepped((x) => tf.round(x));
export const sign = (x: Tensor): Tensor => tf.cast(tf.sign(floats(x)), x.dtype);

/** Per tensor; PyTorch's fake_quantize_per_tensor_affine. */
export function fakeQuantize(x: Tensor, { scale, zeroPoint, min, max }: OpAttributes["fakeQuantize"]): Tensor {
  const quantized = (input: Tensor): Tensor => tf.add(tf.round(tf.div(input, scale)), zeroPoint);
  return differentiable(
    { x },
    (save) => {
      save([x]);
      return tf.mul(tf.sub(tf.clipByValue(quantized(x), min, max), zeroPoint), scale);
    },
    (dy, saved) => ({
      x: () => {
        const whole = quantized(savedAt(saved, 0));
        return tf.mul(dy, tf.cast(tf.logicalAnd(tf.greaterEqual(whole, min), tf.lessEqual(whole, max)), "float32"));
      },
    }),
  );
}
