/** Picking and placing elements by tensors of indices, and what is told apart by them: one-hot codes, the losses of classes. */
import { isFloatType, normalizeAxis } from "../host-tensor.ts";
import type { OpAttributes } from "../../../graph/types.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { logSoftmax } from "./activations.ts";
import { sliceAxis } from "./shapes.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, axisOf, requireKnown, reshapeTo, transpose } from "./types.ts";

function gather(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const dims = r.shapeOf(x);
  const axis = axisOf(node, "axis", 0, dims.length);
  const known = r.host(node, 1);
  const [only] = known?.values ?? [];
  if (known?.values.length === 1 && only !== undefined && (only >= 0 || dims[axis] !== null)) {
    const at = only < 0 ? only + (dims[axis] as number) : only;
    return reshapeTo(node, r, sliceAxis(r, x, axis, at, 1), [...dims.slice(0, axis), ...known.shape, ...dims.slice(axis + 1)]);
  }
  const indices = r.operand(node, 1);
  // Rows of a weight, by ids from outside: the table of an embedding.
  if (axis === 0 && dims.length === 2 && known === undefined && r.knownOf(node.inputs[0] ?? "")?.weight !== undefined) return r.add("embedding", [x, indices], {});
  return r.add("gather", [x, indices], { axis });
}

function reductionOf(node: OnnxNode): OpAttributes["scatterNd"]["reduction"] {
  const name = node.string("reduction", "none");
  const reduction = ({ none: "none", add: "add", mul: "multiply", max: "max", min: "min" } as const)[name];
  if (reduction === undefined) throw node.refuse(`it reduces by "${name}"`, "none, add, mul, max or min");
  return reduction;
}

const scatterElements = (node: OnnxNode, r: Reading): string => r.add("scatterElements", r.operands(node), { axis: axisOf(node, "axis", 0, r.rankOf(r.operand(node, 0))), reduction: reductionOf(node) });

function oneHot(node: OnnxNode, r: Reading): string {
  const indices = r.operand(node, 0);
  const [depth = 0] = r.numbers(node, 1);
  const [off = 0, on = 1] = r.numbers(node, 2);
  if (!Number.isInteger(depth) || depth < 1 || depth > 1 << 20) throw node.refuse(`its depth is ${depth}`, "a whole number");
  const whole = r.dtypeOf(indices) === "int32" ? indices : r.add("cast", [indices], { dtype: "int32" });
  // Negative ones count from the end; what lies outside is off everywhere.
  const isNegative = r.add("compare", [whole, r.constant(0, { dtype: "int32" })], { relation: "less" });
  const shifted = r.add("add", [whole, r.add("multiply", [isNegative, r.constant(depth, { dtype: "int32" })], {})], {});
  const codes = r.add("oneHot", [shifted], { depth });
  const scaled = off === 0 && on === 1 ? codes : r.add("add", [r.add("multiply", [codes, r.constant(on - off)], {}), r.constant(off)], {});
  const rank = r.rankOf(scaled);
  const axis = normalizeAxis(node.integer("axis", -1), rank);
  const placed = transpose(r, scaled, axesUpTo(rank - 1).toSpliced(axis, 0, rank - 1));
  const values = r.host(node, 2);
  return values === undefined || isFloatType(values.elementType) ? placed : r.add("cast", [placed], { dtype: "int32" });
}

/** Keeps what a known condition says. */
function compress(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const condition = r.numbers(node, 1);
  const kept = condition.flatMap((value, i) => (value === 0 ? [] : [i]));
  const indices = r.constant(kept, { dtype: "int32" });
  if (node.has("axis")) return r.add("gather", [x, indices], { axis: axisOf(node, "axis", 0, r.rankOf(x)) });
  return r.add("gather", [r.add("reshape", [x], { shape: [-1] }), indices], { axis: 0 });
}

/** Each sequence's own length is turned around, the rest stays. */
function reverseSequence(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  const dims = r.shapeOf(x);
  const [batchAxis, timeAxis] = [node.integer("batch_axis", 1), node.integer("time_axis", 0)];
  const lengths = r.numbers(node, 1);
  const time = requireKnown(node, dims[timeAxis], "the length of the sequences");
  const rows = lengths.map((length, batch) => {
    const row = sliceAxis(r, x, batchAxis, batch, 1);
    const order = axesUpTo(time).map((i) => (i < length ? length - 1 - i : i));
    return r.add("gather", [row, r.constant(order, { dtype: "int32" })], { axis: timeAxis });
  });
  return rows.length === 1 ? (rows[0] as string) : r.add("concat", rows, { axis: batchAxis });
}

/** -weight[target] * logProbabilities[target], for each element, then reduced. x [batch, classes, …], target [batch, …] */
function negativeLogLikelihood(node: OnnxNode, r: Reading, logProbabilities: string): string {
  const target = r.operand(node, 1);
  const rank = r.rankOf(logProbabilities);
  const classes = requireKnown(node, r.shapeOf(logProbabilities)[1], "the number of classes");
  const ignored = node.has("ignore_index") ? r.add("compare", [target, r.constant(node.integer("ignore_index", -1), { dtype: "int32" })], { relation: "notEqual" }) : undefined;
  const safe = ignored === undefined ? target : r.add("multiply", [target, ignored], {});
  const codes = r.add("oneHot", [safe], { depth: classes });
  const last = transpose(r, logProbabilities, [0, ...axesUpTo(rank).slice(2), 1]);
  const picked = r.add("negate", [r.add("sum", [r.add("multiply", [last, codes], {})], { axes: [rank - 1], keepDims: false })], {});
  let weights = node.hasInput(2) ? r.add("sum", [r.add("multiply", [codes, r.operand(node, 2)], {})], { axes: [rank - 1], keepDims: false }) : undefined;
  if (ignored !== undefined) {
    const counted = r.add("cast", [ignored], { dtype: "float32" });
    weights = weights === undefined ? counted : r.add("multiply", [weights, counted], {});
  }
  const loss = weights === undefined ? picked : r.add("multiply", [picked, weights], {});
  const reduction = node.string("reduction", "mean");
  const over = { axes: axesUpTo(rank - 1), keepDims: false };
  if (reduction === "none") return loss;
  if (reduction === "sum") return r.add("sum", [loss], over);
  return weights === undefined ? r.add("mean", [loss], over) : r.add("divide", [r.add("sum", [loss], over), r.add("sum", [weights], over)], {});
}

export const indexing: Converters = {
  Gather: gather,
  GatherElements: (node, r) => r.add("gatherElements", r.operands(node), { axis: axisOf(node, "axis", 0, r.rankOf(r.operand(node, 0))) }),
  GatherND: (node, r) => r.add("gatherNd", r.operands(node), { batchDims: node.integer("batch_dims", 0) }),
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: (node, r) => r.add("scatterNd", r.operands(node), { reduction: reductionOf(node) }),
  OneHot: oneHot,
  Compress: compress,
  ReverseSequence: reverseSequence,
  NegativeLogLikelihoodLoss: (node, r) => negativeLogLikelihood(node, r, r.operand(node, 0)),
  SoftmaxCrossEntropyLoss: (node, r) => {
    const logits = r.operand(node, 0);
    const probabilities = logSoftmax(r, logits, [1]);
    r.bind(node, 0, negativeLogLikelihood(node, r, probabilities));
    r.bind(node, 1, probabilities);
  },
};
