/** Arithmetic, element by element, with NumPy's broadcasting. */
import { tf, type Tensor } from "../tf.ts";
import { sumTo } from "./broadcast.ts";
import { differentiable, savedAt } from "./differentiable.ts";

/** The gradients of sums and products as TensorFlow.js has them, with our sums over what was broadcast. */
export function add(a: Tensor, b: Tensor): Tensor {
  return differentiable({ a, b }, () => tf.add(a, b), (dy) => ({ a: () => sumTo(dy, a.shape), b: () => sumTo(dy, b.shape) }));
}

export function subtract(a: Tensor, b: Tensor): Tensor {
  return differentiable({ a, b }, () => tf.sub(a, b), (dy) => ({ a: () => sumTo(dy, a.shape), b: () => tf.neg(sumTo(dy, b.shape)) }));
}

export function multiply(a: Tensor, b: Tensor): Tensor {
  return differentiable(
    { a, b },
    (save) => {
      save([a, b]);
      return tf.mul(a, b);
    },
    (dy, saved) => ({ a: () => sumTo(tf.mul(dy, savedAt(saved, 1)), a.shape), b: () => sumTo(tf.mul(dy, savedAt(saved, 0)), b.shape) }),
  );
}

export const divide = (a: Tensor, b: Tensor): Tensor => tf.div(a, b);
export const exp = (x: Tensor): Tensor => tf.exp(x);
export const sqrt = (x: Tensor): Tensor => tf.sqrt(x);
export const square = (x: Tensor): Tensor => tf.square(x);
export const negate = (x: Tensor): Tensor => tf.neg(x);

/** TensorFlow.js's gradients of these two do not broadcast. Where a and b are equal, a gets the gradient, as in TensorFlow. */
function choose(a: Tensor, b: Tensor, pick: (a: Tensor, b: Tensor) => Tensor, picksA: (a: Tensor, b: Tensor) => Tensor): Tensor {
  return differentiable(
    { a, b },
    (save) => {
      save([a, b]);
      return pick(a, b);
    },
    (dy, saved) => {
      const share = (): Tensor => tf.cast(picksA(savedAt(saved, 0), savedAt(saved, 1)), "float32");
      return {
        a: () => sumTo(tf.mul(dy, share()), a.shape),
        b: () => sumTo(tf.mul(dy, tf.sub(1, share())), b.shape),
      };
    },
  );
}

export const maximum = (a: Tensor, b: Tensor): Tensor => choose(a, b, tf.maximum, tf.greaterEqual);
export const minimum = (a: Tensor, b: Tensor): Tensor => choose(a, b, tf.minimum, tf.lessEqual);
