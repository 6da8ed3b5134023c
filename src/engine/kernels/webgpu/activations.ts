/**
 * Activations and their gradients, one dispatch each. Each gradient reads what is kept anyway: the result where it tells
 * the slope, else the input. The composed forms are in ../../ops/activations.ts.
 */
import type { Tensor } from "../../tf.ts";
import { defineElementwise } from "./elementwise.ts";

export interface ActivationKernels {
  readonly forward: (inputs: { readonly x: Tensor }) => Tensor;
  /** `kept` is the input or the result, as `keeps` says. */
  readonly backward: (inputs: { readonly dy: Tensor; readonly kept: Tensor }) => Tensor;
  readonly keeps: "x" | "y";
}

interface ActivationDeclaration {
  readonly keeps: "x" | "y";
  readonly functions?: string;
  /** Of `x`. */
  readonly forward: string;
  /** Of `dy` and `kept`. */
  readonly backward: string;
}

function define(name: string, { keeps, functions, forward, backward }: ActivationDeclaration): ActivationKernels {
  return {
    keeps,
    forward: defineElementwise({ name, inputs: ["x"], functions, expression: forward }),
    backward: defineElementwise({ name: `${name}/gradient`, inputs: ["dy", "kept"], functions, expression: backward }),
  };
}

/** Where low < kept < high; PyTorch's and TensorFlow's gradients of clipping are 0 on the bounds themselves. */
const inside = (low: string, high: string): string => `select(Value(0.0), Value(1.0), kept > Value(${low})) * select(Value(0.0), Value(1.0), kept < Value(${high}))`;

/** The exponent is bounded, because WGSL leaves open what an infinity becomes. */
const sigmoid = "fn sigmoid(x: Value) -> Value { return 1.0 / (1.0 + exp(min(-x, Value(80.0)))); }";

/**
 * P(N(0, 1) < x) by formula 7.1.26 of Abramowitz and Stegun for erfc, which is off by at most 1.5e-7 (tf.erf is the same one);
 * from the tail on both sides, so that nothing cancels for negative x. `bell` is exp(-x^2 / 2).
 */
const normal = `
fn bell(x: Value) -> Value { return exp(-0.5 * x * x); }
fn normalBelow(x: Value, bell: Value) -> Value {
  let t = 1.0 / (1.0 + ${0.3275911 * Math.SQRT1_2} * abs(x));
  let tail = 0.5 * bell * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return select(tail, 1.0 - tail, x > Value(0.0));
}
fn gelu(x: Value) -> Value { return x * normalBelow(x, bell(x)); }
fn slope(x: Value) -> Value {
  let height = bell(x);
  return normalBelow(x, height) + ${1 / Math.sqrt(2 * Math.PI)} * x * height;
}`;

/** 0.5 (1 + tanh(u)) is sigmoid(2 u). */
const normalByTanh = `
${sigmoid}
fn share(x: Value) -> Value { return sigmoid(${2 * Math.sqrt(2 / Math.PI)} * x * (1.0 + 0.044715 * x * x)); }
fn slope(x: Value) -> Value {
  let phi = share(x);
  return phi + x * phi * (1.0 - phi) * ${2 * Math.sqrt(2 / Math.PI)} * (1.0 + ${3 * 0.044715} * x * x);
}`;

const siluSlope = `
${sigmoid}
fn slope(x: Value) -> Value {
  let gate = sigmoid(x);
  return gate * (1.0 + x * (1.0 - gate));
}`;

export const activationKernels = {
  relu: define("relu", { keeps: "y", forward: "max(x, Value(0.0))", backward: "select(Value(0.0), dy, kept > Value(0.0))" }),
  relu6: define("relu6", { keeps: "y", forward: "clamp(x, Value(0.0), Value(6.0))", backward: `dy * ${inside("0.0", "6.0")}` }),
  hardSigmoid: define("hardSigmoid", { keeps: "y", forward: "clamp(x + 3.0, Value(0.0), Value(6.0)) / 6.0", backward: `dy / 6.0 * ${inside("0.0", "1.0")}` }),
  sigmoid: define("sigmoid", { keeps: "y", functions: sigmoid, forward: "sigmoid(x)", backward: "dy * kept * (1.0 - kept)" }),
  silu: define("silu", { keeps: "x", functions: siluSlope, forward: "x * sigmoid(x)", backward: "dy * slope(kept)" }),
  gelu: define("gelu", { keeps: "x", functions: normal, forward: "gelu(x)", backward: "dy * slope(kept)" }),
  geluByTanh: define("geluByTanh", { keeps: "x", functions: normalByTanh, forward: "x * share(x)", backward: "dy * slope(kept)" }),
} as const satisfies Record<string, ActivationKernels>;
