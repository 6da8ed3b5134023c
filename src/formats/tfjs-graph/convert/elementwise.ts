/** Arithmetic, comparisons and activations. What has no op of its own is composed as TensorFlow.js's executor computes it. */
import type { DType } from "../../../core/shape.ts";
import type { OpAttributes, Relation } from "../../../graph/types.ts";
import { type Reading, refuse } from "../reading.ts";
import { dtypeOf, type TfNode } from "../tf-nodes.ts";
import { axisOf, type Convert, numberAt, type PlainOp } from "./convert.ts";

const unary =
  (op: PlainOp): Convert =>
  (node, reading) =>
    void reading.add(node, op, [reading.operand(node, 0)], {});

/** Of a function that no integer stays an integer under. */
const floating =
  (op: PlainOp): Convert =>
  (node, reading) =>
    void reading.add(node, op, [asFloat(node, reading, reading.operand(node, 0))], {});

function asFloat(node: TfNode, reading: Reading, x: string): string {
  return reading.dtypeOf(x) === "float32" ? x : reading.add(node, "cast", [x], { dtype: "float32" }, "cast");
}

/** A vector added to what a kernel made is the layer's bias. */
function operands(node: TfNode, reading: Reading, isSum: boolean): readonly [string, string] {
  const names = [reading.input(node, 0), reading.input(node, 1)] as const;
  const values = new Map<string, string>();
  // Computed operands first: they say which layer a constant beside them belongs to.
  for (const name of names.toSorted((a, b) => Number(reading.isVector(a)) - Number(reading.isVector(b)))) {
    const layer = isSum && reading.isVector(name) ? [...values.values()].map((value) => reading.layerBehind(value)).find((each) => each !== undefined) : undefined;
    values.set(name, reading.value(name, layer));
  }
  return [values.get(names[0]) as string, values.get(names[1]) as string];
}

const binary =
  (op: PlainOp): Convert =>
  (node, reading) =>
    void reading.add(node, op, operands(node, reading, op === "add"), {});

const areIntegers = (reading: Reading, values: readonly string[]): boolean => values.every((value) => reading.dtypeOf(value) === "int32");

/** Two integers divide to one, as in the executor. */
function divide(node: TfNode, reading: Reading): void {
  const values = operands(node, reading, false);
  if (areIntegers(reading, values)) floorDivide(node, reading);
  else reading.add(node, "divide", values, {});
}

function floorDivide(node: TfNode, reading: Reading): void {
  const values = operands(node, reading, false);
  const quotient = reading.add(node, "divide", values.map((value) => asFloat(node, reading, value)), {}, "quotient");
  if (!areIntegers(reading, values)) reading.add(node, "floor", [quotient], {});
  else reading.add(node, "cast", [reading.add(node, "floor", [quotient], {}, "floor")], { dtype: "int32" });
}

/** 0 where the divisor is. */
function divideNoNan(node: TfNode, reading: Reading): void {
  const [a, b] = operands(node, reading, false);
  const divisor = reading.add(node, "select", [b, b, reading.constant(node, [1])], {}, "divisor");
  reading.add(node, "select", [b, reading.add(node, "divide", [a, divisor], {}, "quotient"), reading.constant(node, [0])], {});
}

const compare =
  (relation: Relation): Convert =>
  (node, reading) =>
    void reading.add(node, "compare", operands(node, reading, false), { relation });

/** What may not be a number is the one thing that does not equal itself. */
function isNan(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  reading.add(node, "compare", [x, x], { relation: "notEqual" });
}

function logicalNot(node: TfNode, reading: Reading): void {
  reading.add(node, "compare", [reading.operand(node, 0), reading.constant(node, [0], "int32")], { relation: "equal" });
}

function addN(node: TfNode, reading: Reading): void {
  const values = node.inputs.map((_, i) => reading.operand(node, i));
  const [first] = values;
  if (first === undefined) throw refuse(node, "it adds nothing", "one input or more");
  if (values.length === 1) return reading.bind(node, first);
  values.slice(1).reduce((sum, value, i) => reading.add(node, "add", [sum, value], {}, i < values.length - 2 ? "sum" : undefined), first);
}

/** One op on x and a number, which stands first where `isFirst`. */
type NumberStep = { readonly op: PlainOp; readonly number?: number; readonly isFirst?: boolean };

/** A few ops in a row. */
const steps =
  (...ops: readonly NumberStep[]): Convert =>
  (node, reading) => {
    const x = asFloat(node, reading, reading.operand(node, 0));
    ops.reduce((value, { op, number, isFirst = false }, i) => {
      const others = number === undefined ? [] : [reading.constant(node, [number])];
      return reading.add(node, op, isFirst ? [...others, value] : [value, ...others], {}, i === ops.length - 1 ? undefined : op);
    }, x);
  };

function clip(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const dtype = reading.dtypeOf(x);
  const raised = reading.add(node, "maximum", [x, reading.constant(node, [numberAt(node, reading, 1)], dtype)], {}, "raised");
  reading.add(node, "minimum", [raised, reading.constant(node, [numberAt(node, reading, 2)], dtype)], {});
}

/** Adds `node`: x where it is positive, and alpha x where not. */
export function prelu(node: TfNode, reading: Reading, x: string, alpha: string): void {
  const positive = reading.add(node, "relu", [x], {}, "positive");
  const negative = reading.add(node, "minimum", [x, reading.constant(node, [0])], {}, "negative");
  reading.add(node, "add", [positive, reading.add(node, "multiply", [alpha, negative], {}, "scaled")], {});
}

/** Klambauer et al. 2017 */
function selu(node: TfNode, reading: Reading): void {
  const [alpha, scale] = [1.6732632423543772, 1.0507009873554805];
  const x = reading.operand(node, 0);
  const times = (value: string, factor: number, step?: string): string => reading.add(node, "multiply", [value, reading.constant(node, [factor])], {}, step);
  const positive = reading.add(node, "relu", [x], {}, "positive");
  const negative = reading.add(node, "elu", [reading.add(node, "minimum", [x, reading.constant(node, [0])], {}, "negative")], {}, "elu");
  times(reading.add(node, "add", [positive, times(negative, alpha, "scaled")], {}, "sum"), scale);
}

/** Less its maximum, so that no exponential overflows. */
function logSoftmax(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const last = { axes: [reading.shapeOf(x).length - 1], keepDims: true };
  const shifted = reading.add(node, "subtract", [x, reading.add(node, "max", [x], last, "max")], {}, "shifted");
  const sum = reading.add(node, "sum", [reading.add(node, "exp", [shifted], {}, "exp")], last, "sum");
  reading.add(node, "subtract", [shifted, reading.add(node, "log", [sum], {}, "log")], {});
}

/** Local response normalisation across channels: x / (bias + alpha * sum of the squares around)^beta. */
function localResponseNorm(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const radius = node.attr.integer("depth_radius", 5);
  const shape = reading.shapeOf(x);
  const channels = shape.at(-1) ?? null;
  if (channels === null || radius < 0 || radius > 64) throw refuse(node, `its radius is ${radius}`, "0 to 64, and a known number of channels");
  const others = shape.slice(1).map(() => 0);
  const padded = reading.add(node, "pad", [reading.add(node, "square", [x], {}, "squares")], { paddings: shape.map((_, axis) => (axis === shape.length - 1 ? [radius, radius] : [0, 0])) }, "padded");
  const window = (i: number): string => reading.add(node, "slice", [padded], { begin: [...others, i], size: [...others.map(() => -1), channels] }, "window");
  const sum = Array.from({ length: 2 * radius }, (_, i) => i + 1).reduce((total, i) => reading.add(node, "add", [total, window(i)], {}, "sum"), window(0));
  const number = (name: string, fallback: number): string => reading.constant(node, [node.attr.number(name, fallback)]);
  const base = reading.add(node, "add", [reading.add(node, "multiply", [sum, number("alpha", 1)], {}, "scaled"), number("bias", 1)], {}, "base");
  reading.add(node, "divide", [x, reading.add(node, "power", [base, number("beta", 0.5)], {}, "scale")], {});
}

function cast(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const dtype: DType = dtypeOf(node, "DstT");
  if (node.attr.type("DstT") === "DT_BOOL") return void reading.add(node, "compare", [x, reading.constant(node, [0], reading.dtypeOf(x))], { relation: "notEqual" });
  if (reading.dtypeOf(x) === dtype) reading.bind(node, x);
  else reading.add(node, "cast", [x], { dtype });
}

const reduction =
  (op: "mean" | "sum" | "max" | "min" | "product", after?: PlainOp, before?: PlainOp): Convert =>
  (node, reading) => {
    const given = reading.operand(node, 0);
    const x = op === "mean" || before !== undefined ? asFloat(node, reading, given) : given;
    const rank = reading.shapeOf(x).length;
    const attributes: OpAttributes["mean"] = { axes: reading.numbers(node, 1).map((axis) => axisOf(node, axis, rank)), keepDims: node.attr.boolean("keep_dims", false) };
    const prepared = before === undefined ? x : reading.add(node, before, [x], {}, before);
    const result = reading.add(node, op, [prepared], attributes, after && op);
    if (after !== undefined) reading.add(node, after, [result], {});
  };

export const elementwise: Readonly<Record<string, Convert>> = {
  Add: binary("add"),
  AddV2: binary("add"),
  AddN: addN,
  Sub: binary("subtract"),
  Mul: binary("multiply"),
  RealDiv: divide,
  Div: divide,
  FloorDiv: floorDivide,
  DivNoNan: divideNoNan,
  FloorMod: (node, reading) => void reading.add(node, "modulo", operands(node, reading, false), { truncated: false }),
  Mod: (node, reading) => void reading.add(node, "modulo", operands(node, reading, false), { truncated: false }),
  Maximum: binary("maximum"),
  Minimum: binary("minimum"),
  Pow: binary("power"),
  SquaredDifference: (node, reading) => void reading.add(node, "square", [reading.add(node, "subtract", operands(node, reading, false), {}, "difference")], {}),

  Equal: compare("equal"),
  NotEqual: compare("notEqual"),
  Less: compare("less"),
  LessEqual: compare("lessEqual"),
  Greater: compare("greater"),
  GreaterEqual: compare("greaterEqual"),
  LogicalAnd: binary("multiply"),
  LogicalOr: binary("maximum"),
  LogicalNot: logicalNot,
  IsNan: isNan,
  Select: (node, reading) => void reading.add(node, "select", [0, 1, 2].map((i) => reading.operand(node, i)), {}),
  SelectV2: (node, reading) => void reading.add(node, "select", [0, 1, 2].map((i) => reading.operand(node, i)), {}),

  Relu: unary("relu"),
  Relu6: unary("relu6"),
  LeakyRelu: (node, reading) => void reading.add(node, "leakyRelu", [reading.operand(node, 0)], { alpha: node.attr.number("alpha", 0.2) }),
  Prelu: (node, reading) => {
    const x = reading.operand(node, 0);
    const name = reading.input(node, 1);
    prelu(node, reading, x, reading.parameter(name, reading.layerOf(name), "alpha"));
  },
  Elu: floating("elu"),
  Selu: selu,
  Sigmoid: floating("sigmoid"),
  Tanh: floating("tanh"),
  Softmax: floating("softmax"),
  LogSoftmax: logSoftmax,
  Softplus: floating("softplus"),
  LRN: localResponseNorm,

  Abs: unary("abs"),
  Neg: unary("negate"),
  Sign: unary("sign"),
  Square: unary("square"),
  Floor: floating("floor"),
  Ceil: floating("ceil"),
  Round: floating("round"),
  Exp: floating("exp"),
  Log: floating("log"),
  Sqrt: floating("sqrt"),
  Sin: floating("sin"),
  Cos: floating("cos"),
  Tan: floating("tan"),
  Asin: floating("asin"),
  Acos: floating("acos"),
  Atan: floating("atan"),
  Sinh: floating("sinh"),
  Cosh: floating("cosh"),
  Asinh: floating("asinh"),
  Acosh: floating("acosh"),
  Atanh: floating("atanh"),
  Erf: floating("erf"),
  Rsqrt: steps({ op: "sqrt" }, { op: "divide", number: 1, isFirst: true }),
  Reciprocal: steps({ op: "divide", number: 1, isFirst: true }),
  Expm1: steps({ op: "exp" }, { op: "subtract", number: 1 }),
  Log1p: steps({ op: "add", number: 1 }, { op: "log" }),
  ClipByValue: clip,
  Cast: cast,

  Mean: reduction("mean"),
  Sum: reduction("sum"),
  Max: reduction("max"),
  Min: reduction("min"),
  Prod: reduction("product"),
  All: reduction("min"),
  Any: reduction("max"),
  EuclideanNorm: reduction("sum", "sqrt", "square"),
};
