/**
 * A graph as JSON: what a download carries so that Graft opens it again exactly as it was trained. Reading trusts nothing:
 * every op, name and attribute is checked, and the shapes have to fit.
 */
import { GraftError } from "../../core/errors.ts";
import { inferShapes } from "../../graph/shapes.ts";
import type { Graph, GraphInput, GraphNode, OpAttributes, OpName, Parameter } from "../../graph/types.ts";

type Kind = keyof typeof checks;
type AttributeKinds = { readonly [Op in OpName]: { readonly [Key in keyof OpAttributes[Op]]-?: Kind } };

const conv = { strides: "pair", dilations: "pair", padding: "padding" } as const;
const pool = { poolSize: "pair", strides: "pair", padding: "padding" } as const;
const reduce = { axes: "numbers", keepDims: "boolean" } as const;

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);
const isPair = (value: unknown): boolean => isNumbers(value) && (value as number[]).length === 2;
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isDType = (value: unknown): boolean => value === "float32" || value === "int32";
type Check = (value: unknown) => boolean;
const oneOf = (...values: readonly string[]): Check => (value) => values.some((each) => each === value);
const optional = (check: Check): Check => (value) => value === undefined || check(value);

/** What an attribute may be. */
const checks = {
  number: isNumber,
  optionalNumber: optional(isNumber),
  boolean: isBoolean,
  optionalBoolean: optional(isBoolean),
  numbers: isNumbers,
  ends: (value: unknown) => Array.isArray(value) && value.every((each) => each === null || isNumber(each)),
  pair: isPair,
  pairs: (value: unknown) => Array.isArray(value) && value.every(isPair),
  padding: (value: unknown) => value === "same" || value === "valid" || (Array.isArray(value) && value.length === 2 && value.every(isPair)),
  dtype: isDType,
  // Fused activations are for execution only.
  noActivation: (value: unknown) => value === undefined,
  resizeMethod: oneOf("bilinear", "nearest"),
  optionalPadMode: optional(oneOf("constant", "reflect", "edge")),
  relation: oneOf("equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"),
  extreme: oneOf("max", "min"),
  reduction: oneOf("none", "add", "multiply", "max", "min"),
} satisfies Readonly<Record<string, Check>>;

const attributeKinds: AttributeKinds = {
  constant: { shape: "numbers", values: "numbers", dtype: "dtype" },
  conv2d: { ...conv, groups: "optionalNumber" },
  depthwiseConv2d: conv,
  convTranspose2d: { ...conv, outputPadding: "pair" },
  matMul: { transposeA: "boolean", transposeB: "boolean" },
  embedding: {},
  attention: { heads: "number", scale: "number", causal: "optionalBoolean", keyValueHeads: "optionalNumber" },
  rotaryEmbedding: { heads: "number", frequencies: "numbers" },
  batchNorm: { epsilon: "number", momentum: "number", activation: "noActivation" },
  layerNorm: { epsilon: "number" },
  rmsNorm: { epsilon: "number" },
  l2Normalize: { epsilon: "number" },
  dropout: { rate: "number" },
  add: {},
  subtract: {},
  multiply: {},
  divide: {},
  maximum: {},
  minimum: {},
  power: {},
  modulo: { truncated: "boolean" },
  compare: { relation: "relation" },
  select: {},
  relu: {},
  relu6: {},
  leakyRelu: { alpha: "number" },
  elu: {},
  sigmoid: {},
  hardSigmoid: {},
  tanh: {},
  silu: {},
  gelu: { approximate: "boolean" },
  softmax: {},
  softplus: {},
  exp: {},
  sqrt: {},
  square: {},
  negate: {},
  abs: {},
  sign: {},
  log: {},
  sin: {},
  cos: {},
  tan: {},
  asin: {},
  acos: {},
  atan: {},
  sinh: {},
  cosh: {},
  asinh: {},
  acosh: {},
  atanh: {},
  erf: {},
  floor: {},
  ceil: {},
  round: {},
  fakeQuantize: { scale: "number", zeroPoint: "number", min: "number", max: "number" },
  mean: reduce,
  sum: reduce,
  max: reduce,
  min: reduce,
  product: reduce,
  argMax: { axis: "number", keepDims: "boolean", of: "extreme" },
  topKIndices: { k: "number", largest: "boolean" },
  cumulativeSum: { axis: "number", exclusive: "boolean", reverse: "boolean" },
  maxPool2d: pool,
  averagePool2d: { ...pool, countPadding: "optionalBoolean" },
  reshape: { shape: "numbers" },
  transpose: { permutation: "numbers" },
  concat: { axis: "number" },
  slice: { begin: "numbers", size: "numbers" },
  stridedSlice: { begin: "numbers", end: "ends", strides: "numbers" },
  reverse: { axes: "numbers" },
  tile: { repeats: "numbers" },
  broadcastTo: { shape: "numbers" },
  broadcastLike: { axes: "numbers" },
  pad: { paddings: "pairs", value: "optionalNumber", mode: "optionalPadMode" },
  resize2d: { height: "number", width: "number", method: "resizeMethod", alignCorners: "boolean", halfPixelCenters: "boolean" },
  cast: { dtype: "dtype" },
  gather: { axis: "number" },
  gatherElements: { axis: "number" },
  gatherNd: { batchDims: "number" },
  scatterElements: { axis: "number", reduction: "reduction" },
  scatterNd: { reduction: "reduction" },
  oneHot: { depth: "number", axis: "optionalNumber" },
  paddingMask: { paddingId: "number" },
  positionIds: { offset: "number", paddingId: "optionalNumber" },
  addTimingSignal: { minTimescale: "number", maxTimescale: "number" },
  maskedMean: {},
};

export function graphToJson(graph: Graph): unknown {
  return graph;
}

/** @throws GraftError naming what does not fit, with `where` as the file. */
export function graphFromJson(value: unknown, where: string): Graph {
  const root = record(value, where, "a graph");
  const inputs = list(root["inputs"], where, "inputs").map((entry) => input(entry, where));
  const parameters = list(root["parameters"], where, "parameters").map((entry) => parameter(entry, where));
  const known = new Set<string>();
  const claim = (name: string): void => {
    if (known.has(name)) throw refused(where, `two things are named "${name}"`);
    known.add(name);
  };
  for (const { name } of [...inputs, ...parameters]) claim(name);
  const nodes = list(root["nodes"], where, "nodes").map((entry) => {
    const parsed = node(entry, where);
    for (const name of parsed.inputs) if (!known.has(name)) throw refused(where, `node "${parsed.name}" reads "${name}", which is not known there`);
    claim(parsed.name);
    return parsed;
  });
  const outputs = strings(root["outputs"], where, "outputs");
  for (const name of outputs) if (!known.has(name)) throw refused(where, `the output "${name}" is not known`);
  const graph: Graph = { inputs, parameters, nodes, outputs };
  inferShapes(graph);
  return graph;
}

function input(entry: unknown, where: string): GraphInput {
  const { name, shape, dtype } = record(entry, where, "an input");
  const dims = Array.isArray(shape) && shape.every((dim) => dim === null || (Number.isInteger(dim) && (dim as number) > 0));
  if (typeof name !== "string" || !dims || !isDType(dtype)) throw refused(where, "an input without a name, shape or type");
  return { name, shape: shape as GraphInput["shape"], dtype: dtype as GraphInput["dtype"] };
}

function parameter(entry: unknown, where: string): Parameter {
  const { name, shape, dtype, role } = record(entry, where, "a parameter");
  const dims = Array.isArray(shape) && shape.every((dim) => Number.isInteger(dim) && (dim as number) >= 0);
  if (typeof name !== "string" || !dims || !isDType(dtype) || (role !== "weight" && role !== "statistic")) throw refused(where, "a parameter without a name, shape, type or role");
  return { name, shape: shape as number[], dtype: dtype as Parameter["dtype"], role };
}

function node(entry: unknown, where: string): GraphNode {
  const { name, op, inputs, attributes } = record(entry, where, "a node");
  if (typeof name !== "string" || typeof op !== "string") throw refused(where, "a node without a name or op");
  if (!Object.hasOwn(attributeKinds, op)) throw refused(where, `node "${name}" has the unknown op "${op}"`);
  const given = record(attributes, where, `the attributes of "${name}"`);
  const kinds = Object.entries<Kind>(attributeKinds[op as OpName]);
  for (const [key, kind] of kinds) if (!checks[kind](given[key])) throw refused(where, `node "${name}" (${op}) has no valid attribute "${key}"`);
  return { name, op, inputs: strings(inputs, where, `the inputs of "${name}"`), attributes: Object.fromEntries(kinds.filter(([key]) => given[key] !== undefined).map(([key]) => [key, given[key]])) } as unknown as GraphNode;
}

function record(value: unknown, where: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(where, `${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, where: string, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(where, `its ${what} are not a list`);
  return value;
}

function strings(value: unknown, where: string, what: string): string[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) throw refused(where, `${what} are not a list of names`);
  return value;
}

function refused(where: string, what: string): GraftError {
  return new GraftError({ where, what, wanted: "a graph as Graft writes it", next: "Download the model from Graft again" });
}
