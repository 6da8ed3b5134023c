/** Element by element: arithmetic, comparisons and logic on booleans, which are int32 of 0 and 1. Activations are in activations.ts. */
import type { OpAttributes } from "../../../graph/types.ts";
import { isFloatType } from "../host-tensor.ts";
import { dataTypes } from "../messages.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import type { Convert, Converters, PlainOp } from "./types.ts";
import { axesUpTo, reshapeTo, scalar } from "./types.ts";

export const unary =
  (op: PlainOp): Convert =>
  (node, r) =>
    r.add(op, [r.operand(node, 0)], {});

/** Both operands. Before opset 7 the second could be placed by `axis`. A vector that is added is a bias. */
function pair(node: OnnxNode, r: Reading): [string, string] {
  const kind = node.opType === "Add" ? "bias" : "weight";
  const [a, b] = [r.operand(node, 0, kind), r.operand(node, 1, kind)];
  const axis = node.integer("axis", -1);
  if (r.opset >= 7 || axis < 0) return [a, b];
  const missing = r.rankOf(a) - axis - r.rankOf(b);
  return [a, missing > 0 ? reshapeTo(node, r, b, [...r.shapeOf(b), ...axesUpTo(missing).map(() => 1)]) : b];
}

const binary =
  (op: PlainOp): Convert =>
  (node, r) =>
    r.add(op, pair(node, r), {});

const compare =
  (relation: OpAttributes["compare"]["relation"]): Convert =>
  (node, r) =>
    r.add("compare", pair(node, r), { relation });

/** Sum, Mean, Max and Min of any number of tensors. */
const variadic =
  (op: "add" | "maximum" | "minimum", finish?: (r: Reading, x: string, count: number) => string): Convert =>
  (node, r) => {
    const [first, ...others] = r.operands(node);
    if (first === undefined) throw node.refuse("it has no inputs");
    const result = others.reduce((sum, each) => r.add(op, [sum, each], {}), first);
    return finish?.(r, result, others.length + 1) ?? result;
  };

/** Integers are divided as in C: the fraction is dropped. */
function divide(node: OnnxNode, r: Reading): string {
  const [a, b] = pair(node, r);
  if (r.dtypeOf(a) === "float32") return r.add("divide", [a, b], {});
  const quotient = r.add("divide", [r.add("cast", [a], { dtype: "float32" }), r.add("cast", [b], { dtype: "float32" })], {});
  return r.add("cast", [quotient], { dtype: "int32" });
}

function power(node: OnnxNode, r: Reading): string {
  const exponent = r.host(node, 1);
  const base = r.operand(node, 0);
  // What exporters write for these has better gradients than a general power.
  const only = exponent?.values.length === 1 && exponent.shape.length <= r.rankOf(base) ? exponent.values[0] : undefined;
  if (only === 2 && r.dtypeOf(base) === "float32") return r.add("square", [base], {});
  if (only === 0.5) return r.add("sqrt", [base], {});
  const [x, y] = pair(node, r);
  const isInteger = r.dtypeOf(x) === "int32";
  const floats = [x, y].map((each) => (r.dtypeOf(each) === "int32" ? r.add("cast", [each], { dtype: "float32" }) : each));
  const result = r.add("power", floats, {});
  return isInteger ? r.add("cast", [r.add("round", [result], {})], { dtype: "int32" }) : result;
}

/** @param to one of `dataTypes` */
export function castTo(node: OnnxNode, r: Reading, x: string, to: number): string {
  if (to === dataTypes.string) throw node.refuse("it makes texts", "numbers");
  if (to === dataTypes.bool) return r.add("compare", [x, r.constant(0, { dtype: r.dtypeOf(x) })], { relation: "notEqual" });
  const dtype = isFloatType(to) ? "float32" : "int32";
  return r.dtypeOf(x) === dtype ? x : r.add("cast", [x], { dtype });
}

function not(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  return r.add("compare", [x, r.constant(0, { dtype: r.dtypeOf(x) })], { relation: "equal" });
}

function isInf(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const equals = (value: number): string => r.add("compare", [x, r.constant(value)], { relation: "equal" });
  const wanted = [node.integer("detect_positive", 1) === 1 ? Infinity : null, node.integer("detect_negative", 1) === 1 ? -Infinity : null].filter((value) => value !== null);
  const [first, second] = wanted.map(equals);
  if (first === undefined) return r.add("multiply", [equals(Infinity), r.constant(0, { dtype: "int32" })], {});
  return second === undefined ? first : r.add("maximum", [first, second], {});
}

export const elementwise: Converters = {
  Abs: unary("abs"),
  Sign: unary("sign"),
  Log: unary("log"),
  Exp: unary("exp"),
  Sqrt: unary("sqrt"),
  Neg: unary("negate"),
  Sin: unary("sin"),
  Cos: unary("cos"),
  Tan: unary("tan"),
  Asin: unary("asin"),
  Acos: unary("acos"),
  Atan: unary("atan"),
  Sinh: unary("sinh"),
  Cosh: unary("cosh"),
  Asinh: unary("asinh"),
  Acosh: unary("acosh"),
  Atanh: unary("atanh"),
  Erf: unary("erf"),
  Floor: unary("floor"),
  Ceil: unary("ceil"),
  Round: unary("round"),
  Reciprocal: (node, r) => r.add("divide", [r.constant(1), r.operand(node, 0)], {}),
  Identity: (node, r) => r.alias(node.outputs[0] ?? "", node.inputs[0] ?? ""),

  Add: binary("add"),
  Sub: binary("subtract"),
  Mul: binary("multiply"),
  Div: divide,
  Pow: power,
  Mod: (node, r) => r.add("modulo", pair(node, r), { truncated: node.integer("fmod", 0) === 1 }),
  Sum: variadic("add"),
  Mean: variadic("add", (r, x, count) => scalar(r, "divide", x, count)),
  Max: variadic("maximum"),
  Min: variadic("minimum"),

  Equal: compare("equal"),
  Less: compare("less"),
  LessOrEqual: compare("lessEqual"),
  Greater: compare("greater"),
  GreaterOrEqual: compare("greaterEqual"),
  And: binary("minimum"),
  Or: binary("maximum"),
  Xor: compare("notEqual"),
  Not: not,
  Where: (node, r) => r.add("select", r.operands(node), {}),
  IsNaN: (node, r) => {
    const x = r.operand(node, 0);
    return r.add("compare", [x, x], { relation: "notEqual" });
  },
  IsInf: isInf,

  Cast: (node, r) => castTo(node, r, r.operand(node, 0), node.integer("to", dataTypes.float)),
  CastLike: (node, r) => {
    const like = r.operand(node, 1);
    return castTo(node, r, r.operand(node, 0), r.dtypeOf(like) === "float32" ? dataTypes.float : dataTypes.int32);
  },
};
