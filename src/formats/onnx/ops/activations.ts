/** Activations. Where our op fixes what ONNX leaves open (a slope, a limit), others are composed from simpler ones. */
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { unary } from "./elementwise.ts";
import type { Convert, Converters } from "./types.ts";
import { axisOf, axesUpTo, onLastAxis, requireKnown, reshapeTo, scalar } from "./types.ts";

/** gamma * (max(0, x) + alpha * (exp(min(0, x) / beta) - 1)) */
function exponential(r: Reading, x: string, alpha: number, beta: number, gamma: number): string {
  const below = scalar(r, "subtract", r.add("exp", [scalar(r, "divide", scalar(r, "minimum", x, 0), beta)], {}), 1);
  const sum = r.add("add", [r.add("relu", [x], {}), scalar(r, "multiply", below, alpha)], {});
  return gamma === 1 ? sum : scalar(r, "multiply", sum, gamma);
}

function elu(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const alpha = node.float("alpha", 1);
  return alpha === 1 ? r.add("elu", [x], {}) : exponential(r, x, alpha, 1, 1);
}

function hardSigmoid(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const [alpha, beta] = [node.float("alpha", 0.2), node.float("beta", 0.5)];
  if (Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5) return r.add("hardSigmoid", [x], {});
  return scalar(r, "minimum", scalar(r, "maximum", scalar(r, "add", scalar(r, "multiply", x, alpha), beta), 0), 1);
}

/** Limits are attributes before opset 11, inputs since; a computed one is taken as it is. */
function clip(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const limit = (name: string, index: number): number | string | undefined => {
    if (node.has(name)) return node.float(name, 0);
    if (!node.hasInput(index)) return undefined;
    return r.host(node, index)?.values.length === 1 ? r.numbers(node, index)[0] : r.operand(node, index);
  };
  const [low, high] = [limit("min", 1), limit("max", 2)];
  const isFloat = r.dtypeOf(x) === "float32";
  const isOpen = (value: number | string | undefined): boolean => value === undefined || (typeof value === "number" && Math.abs(value) > 1e38);
  if (isFloat && low === 0 && high === 6) return r.add("relu6", [x], {});
  if (isFloat && low === 0 && isOpen(high)) return r.add("relu", [x], {});
  const bounded = (op: "maximum" | "minimum", value: string, bound: number | string): string => (typeof bound === "string" ? r.add(op, [value, bound], {}) : scalar(r, op, value, bound));
  const above = low === undefined || isOpen(low) ? x : bounded("maximum", x, low);
  return high === undefined || isOpen(high) ? above : bounded("minimum", above, high);
}

/** A slope that was kept as [channels, 1, 1] is broadcast as it is; before opset 7 it was [channels]. */
function pRelu(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  let slope = r.operand(node, 1);
  const [rank, channels] = [r.rankOf(x), r.shapeOf(x)[1]];
  if (r.opset < 7 && rank > 2 && r.rankOf(slope) === 1 && r.shapeOf(slope)[0] === channels) slope = reshapeTo(node, r, slope, [...r.shapeOf(slope), ...axesUpTo(rank - 2).map(() => 1)]);
  return r.add("add", [r.add("relu", [x], {}), r.add("multiply", [scalar(r, "minimum", x, 0), slope], {})], {});
}

function shrink(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const [lambda, bias] = [node.float("lambd", 0.5), node.float("bias", 0)];
  const inner = r.add("select", [r.add("compare", [x, r.constant(lambda)], { relation: "greater" }), scalar(r, "subtract", x, bias), r.constant(0)], {});
  return r.add("select", [r.add("compare", [x, r.constant(-lambda)], { relation: "less" }), scalar(r, "add", x, bias), inner], {});
}

/** x - log(sum(exp(x))), with the largest subtracted first. */
export function logSoftmax(r: Reading, x: string, axes: readonly number[]): string {
  const shifted = r.add("subtract", [x, r.add("max", [x], { axes, keepDims: true })], {});
  return r.add("subtract", [shifted, r.add("log", [r.add("sum", [r.add("exp", [shifted], {})], { axes, keepDims: true })], {})], {});
}

/** Before opset 13 all axes from `axis` on are one. */
const softmaxes =
  (compute: (r: Reading, x: string, node: OnnxNode) => string): Convert =>
  (node, r) => {
    const x = r.operand(node, 0);
    const shape = r.shapeOf(x);
    const axis = axisOf(node, "axis", r.opset < 13 ? 1 : -1, shape.length);
    if (r.opset >= 13 || axis === shape.length - 1) return onLastAxis(r, x, axis, (last) => compute(r, last, node));
    const joined = shape.slice(axis).reduce<number | null>((product, dim) => (product === null || dim === null ? null : product * dim), 1);
    if (joined === null) throw node.refuse("it normalises over sizes that are not known", "fixed sizes");
    const wide = r.add("reshape", [x], { shape: [-1, joined] });
    return reshapeTo(node, r, compute(r, wide, node), shape);
  };

/** 1 where the largest is, the first of equal ones. */
function hardmax(node: OnnxNode, r: Reading, x: string): string {
  const depth = requireKnown(node, r.shapeOf(x).at(-1), "the size that it looks along");
  return r.add("oneHot", [r.add("argMax", [x], { axis: r.rankOf(x) - 1, keepDims: false, of: "max" })], { depth });
}

export const activations: Converters = {
  Relu: unary("relu"),
  Sigmoid: unary("sigmoid"),
  Tanh: unary("tanh"),
  Softplus: unary("softplus"),
  Softsign: (node, r) => {
    const x = r.operand(node, 0);
    return r.add("divide", [x, scalar(r, "add", r.add("abs", [x], {}), 1)], {});
  },
  LeakyRelu: (node, r) => r.add("leakyRelu", [r.operand(node, 0)], { alpha: node.float("alpha", 0.01) }),
  Elu: elu,
  Celu: (node, r) => {
    const alpha = node.float("alpha", 1);
    return exponential(r, r.operand(node, 0), alpha, alpha, 1);
  },
  Selu: (node, r) => exponential(r, r.operand(node, 0), node.float("alpha", 1.6732632423543772), 1, node.float("gamma", 1.0507009873554805)),
  PRelu: pRelu,
  ThresholdedRelu: (node, r) => {
    const x = r.operand(node, 0);
    return r.add("select", [r.add("compare", [x, r.constant(node.float("alpha", 1))], { relation: "greater" }), x, r.constant(0)], {});
  },
  HardSigmoid: hardSigmoid,
  HardSwish: (node, r) => {
    const x = r.operand(node, 0);
    return r.add("multiply", [x, r.add("hardSigmoid", [x], {})], {});
  },
  Mish: (node, r) => {
    const x = r.operand(node, 0);
    return r.add("multiply", [x, r.add("tanh", [r.add("softplus", [x], {})], {})], {});
  },
  Swish: (node, r) => {
    const x = r.operand(node, 0);
    const alpha = node.float("alpha", 1);
    return alpha === 1 ? r.add("silu", [x], {}) : r.add("multiply", [x, r.add("sigmoid", [scalar(r, "multiply", x, alpha)], {})], {});
  },
  Gelu: (node, r) => r.add("gelu", [r.operand(node, 0)], { approximate: node.string("approximate", "none") === "tanh" }),
  Shrink: shrink,
  Clip: clip,
  Softmax: softmaxes((r, x) => r.add("softmax", [x], {})),
  LogSoftmax: softmaxes((r, x) => logSoftmax(r, x, [r.rankOf(x) - 1])),
  Hardmax: softmaxes((r, x, node) => hardmax(node, r, x)),
};
