/** Ops that look values up by their places, or say where values are. */
import { product } from "../known.ts";
import { type Reading, refuse } from "../reading.ts";
import { dtypeOf, type TfNode } from "../tf-nodes.ts";
import { axisOf, type Convert, numberAt } from "./convert.ts";
import { withAxis } from "./reshape.ts";

/** Rows of a matrix are an embedding; places may come as floats, which the executor casts too. */
function gather(node: TfNode, reading: Reading): void {
  const name = reading.input(node, 0);
  const known = reading.known(name);
  const x = known?.shape.length === 2 ? reading.parameter(name, reading.layerOf(name), "embeddings") : reading.value(name);
  const given = reading.operand(node, 1);
  const indices = reading.dtypeOf(given) === "int32" ? given : reading.add(node, "cast", [given], { dtype: "int32" }, "indices");
  const rank = reading.shapeOf(x).length;
  const axis = axisOf(node, node.inputs.length > 2 ? numberAt(node, reading, 2) : 0, rank);
  const batchDims = node.attr.integer("batch_dims", 0);
  if (batchDims === 0) {
    if (axis === 0 && rank === 2 && reading.dtypeOf(x) === "float32") reading.add(node, "embedding", [x, indices], {});
    else reading.add(node, "gather", [x, indices], { axis });
    return;
  }
  if (batchDims !== axis || batchDims < 0) throw refuse(node, `it gathers from axis ${axis} for each of ${batchDims} axes`, "the axis that follows them");
  reading.add(node, "gatherNd", [x, withAxis(node, reading, indices, reading.shapeOf(indices).length, "places")], { batchDims });
}

/** Outputs: values, and where they are. */
function topK(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const { length } = reading.shapeOf(x);
  const places = reading.add(node, "topKIndices", [x], { k: numberAt(node, reading, 1), largest: true }, "places");
  reading.bind(node, places, 1);
  reading.add(node, "gatherElements", [x, places], { axis: length - 1 });
}

const argMax =
  (of: "max" | "min"): Convert =>
  (node, reading) => {
    const x = reading.operand(node, 0);
    reading.add(node, "argMax", [x], { axis: axisOf(node, numberAt(node, reading, 1), reading.shapeOf(x).length), keepDims: false, of });
  };

function cumulativeSum(node: TfNode, reading: Reading): void {
  const x = reading.operand(node, 0);
  const axis = axisOf(node, numberAt(node, reading, 1), reading.shapeOf(x).length);
  reading.add(node, "cumulativeSum", [x], { axis, exclusive: node.attr.boolean("exclusive", false), reverse: node.attr.boolean("reverse", false) });
}

function oneHot(node: TfNode, reading: Reading): void {
  const [depth, on, off] = [1, 2, 3].map((i) => numberAt(node, reading, i)) as [number, number, number];
  const dtype = dtypeOf(node, "T");
  const isPlain = on === 1 && off === 0;
  const hot = reading.add(node, "oneHot", [reading.operand(node, 0)], { depth }, isPlain && dtype === "float32" ? undefined : "hot");
  if (isPlain && dtype === "float32") return;
  const scaled = isPlain ? hot : reading.add(node, "multiply", [hot, reading.constant(node, [on - off])], {}, "scaled");
  const moved = isPlain ? hot : reading.add(node, "add", [scaled, reading.constant(node, [off])], {}, dtype === "float32" ? undefined : "moved");
  if (dtype === "int32") reading.add(node, "cast", [moved], { dtype });
}

/** Zeros with the updates added where the indices say. */
function scatterNd(node: TfNode, reading: Reading): void {
  const [indices, updates] = [reading.operand(node, 0), reading.operand(node, 1)];
  const shape = reading.numbers(node, 2);
  if (shape.some((dim) => dim < 0) || product(shape) > 2 ** 28) throw refuse(node, `it makes [${shape.join(", ")}]`, "at most 268 million numbers");
  const zero = reading.constant(node, [0], reading.dtypeOf(updates), shape.map(() => 1));
  const zeros = reading.add(node, "broadcastTo", [zero], { shape }, "zeros");
  reading.add(node, "scatterNd", [zeros, indices, updates], { reduction: "add" });
}

export const lookups: Readonly<Record<string, Convert>> = {
  Gather: gather,
  GatherV2: gather,
  GatherNd: (node, reading) => void reading.add(node, "gatherNd", [reading.operand(node, 0), reading.operand(node, 1)], { batchDims: 0 }),
  TopKV2: topK,
  ArgMax: argMax("max"),
  ArgMin: argMax("min"),
  Cumsum: cumulativeSum,
  OneHot: oneHot,
  ScatterNd: scatterNd,
  TensorScatterUpdate: (node, reading) => void reading.add(node, "scatterNd", [0, 1, 2].map((i) => reading.operand(node, i)), { reduction: "none" }),
};
