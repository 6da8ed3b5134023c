/** Arithmetic, element by element, with NumPy's broadcasting. */
import type { OpAttributes, Relation } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import { sumTo } from "./broadcast.ts";
import { differentiable, savedAt, withoutGradient } from "./differentiable.ts";

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

/** a^b. Where the exponent is 0, the base has no slope; where the base is not above 0, the exponent has none (PyTorch: NaN below 0). */
export function power(a: Tensor, b: Tensor): Tensor {
  // By way of logarithms on WebGPU, where a whole number would become the one below it.
  if (a.dtype === "int32" && b.dtype === "int32") return tf.cast(tf.round(tf.pow(tf.cast(a, "float32"), tf.cast(b, "float32"))), "int32");
  return differentiable(
    { a, b },
    (save) => {
      const y = tf.pow(a, b);
      save([a, b, y]);
      return y;
    },
    (dy, saved) => {
      const [base, exponent, y] = [savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2)];
      return {
        a: () => {
          const slope = tf.mul(exponent, tf.pow(base, tf.sub(exponent, 1)));
          return sumTo(tf.mul(dy, where(tf.notEqual(exponent, 0), slope, tf.zerosLike(slope))), base.shape);
        },
        b: () => {
          const slope = tf.mul(y, tf.log(base));
          return sumTo(tf.mul(dy, where(tf.greater(base, 0), slope, tf.zerosLike(slope))), exponent.shape);
        },
      };
    },
  );
}

/** The slope by b is minus the quotient's whole part. */
export function modulo(a: Tensor, b: Tensor, { truncated }: OpAttributes["modulo"]): Tensor {
  // What is left of positive numbers is the same either way.
  const rest = (): Tensor => (truncated ? tf.mul(tf.sign(a), tf.mod(tf.abs(a), tf.abs(b))) : tf.mod(a, b));
  return differentiable(
    { a, b },
    (save) => {
      const y = rest();
      save([a, b, y]);
      return y;
    },
    (dy, saved) => ({
      a: () => sumTo(dy, a.shape),
      b: () => sumTo(tf.mul(dy, tf.neg(tf.round(tf.div(tf.sub(savedAt(saved, 0), savedAt(saved, 2)), savedAt(saved, 1))))), b.shape),
    }),
  );
}

const relations: Readonly<Record<Relation, (a: Tensor, b: Tensor) => Tensor>> = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
};

export const compare = (a: Tensor, b: Tensor, { relation }: OpAttributes["compare"]): Tensor => withoutGradient(() => tf.cast(relations[relation](a, b), "int32"));

/** TensorFlow.js's, which broadcasts the condition, with both values broadcast as well. */
function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return tf.where(tf.cast(condition, "bool"), a, b);
}

export function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return differentiable(
    { a, b },
    (save) => {
      save([condition]);
      return where(condition, a, b);
    },
    (dy, saved) => ({
      a: () => sumTo(where(savedAt(saved, 0), dy, tf.zerosLike(dy)), a.shape),
      b: () => sumTo(where(savedAt(saved, 0), tf.zerosLike(dy), dy), b.shape),
    }),
  );
}

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
