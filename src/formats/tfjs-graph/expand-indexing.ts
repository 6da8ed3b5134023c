/** Picking, repeating and scattering values by place, as TensorFlow nodes. Batches keep their unknown size wherever TensorFlow.js allows it. */
import type { Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import type { OpName, ScatterReduction } from "../../graph/types.ts";
import { cannotExport, type Expand, type Expansion, known } from "./expansion.ts";
import { boolAttr, textAttr, typeAttr } from "./node-def.ts";

type AnyExpansion = Pick<Expansion<OpName>, "name" | "emit" | "shapes" | "dtypes" | "inputs">;

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const shapeOf = (node: AnyExpansion, input: number): Shape => node.shapes[input] ?? [];
const count = (amount: number): { N: { i: string } } => ({ N: { i: String(amount) } });

function toBool({ emit, name }: AnyExpansion, x: string): string {
  return emit.step(name, "Cast", [x], { SrcT: typeAttr("int32"), DstT: { type: "DT_BOOL" } });
}

function toInt({ emit, name }: AnyExpansion, condition: string): string {
  return emit.step(name, "Cast", [condition], { SrcT: { type: "DT_BOOL" }, DstT: typeAttr("int32") });
}

const scalar = ({ emit, name }: AnyExpansion, value: number): string => emit.constant(name, [], "int32", [value]);

/** The places that negative indices mean; `sizes` is a constant. */
function fromStart(node: AnyExpansion, indices: string, sizes: string): string {
  const { emit, name } = node;
  const isNegative = toInt(node, emit.step(name, "Less", [indices, scalar(node, 0)]));
  return emit.step(name, "AddV2", [indices, emit.step(name, "Mul", [isNegative, sizes])]);
}

/** 0, 1, 2, … along one axis of `like`, whatever its size: what comes before each place of a tensor of ones. */
function coordinates({ emit, name }: AnyExpansion, like: string, axis: number): string {
  const ones = emit.step(name, "OnesLike", [like], { T: typeAttr("int32") });
  return emit.step(name, "Cumsum", [ones, emit.constant(name, [], "int32", [axis])], { exclusive: boolAttr(true), reverse: boolAttr(false) });
}

export const gather: Expand<"gather"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const axis = axisOf(attributes.axis, shapeOf(node, 0).length);
  const [x, indices] = inputs as [string, string];
  emit.result(name, "GatherV2", [x, fromStart(node, indices, scalar(node, known(node, 0, axis))), scalar(node, axis)], { batch_dims: { i: "0" } });
};

/** Where in x, flat, each of the indices lies: [n] */
function flatElements(node: AnyExpansion, indices: string, axis: number): string {
  const { emit, name } = node;
  const stride = (of: number): number => shapeOf(node, 0).slice(of + 1).reduce<number>((product, _, i) => product * known(node, 0, of + 1 + i), 1);
  const times = (x: string, value: number): string => emit.step(name, "Mul", [x, scalar(node, value)]);
  const places = shapeOf(node, 0).reduce<string>(
    (sum, _, each) => (each === axis ? sum : emit.step(name, "AddV2", [sum, times(coordinates(node, indices, each), stride(each))])),
    times(fromStart(node, indices, scalar(node, known(node, 0, axis))), stride(axis)),
  );
  return emit.step(name, "Reshape", [places, emit.ints(name, [-1])]);
}

export const gatherElements: Expand<"gatherElements"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const [x, indices] = inputs as [string, string];
  const flat = emit.step(name, "Reshape", [x, emit.ints(name, [-1])]);
  const picked = emit.step(name, "GatherV2", [flat, flatElements(node, indices, axisOf(attributes.axis, shapeOf(node, 0).length)), scalar(node, 0)], { batch_dims: { i: "0" } });
  emit.result(name, "Reshape", [picked, emit.step(name, "Shape", [indices])]);
};

/** Rows of places in the axes of x after the shared ones, counted from the start. */
function placesInNd(node: AnyExpansion, indices: string, batchDims: number): string {
  const named = known(node, 1, shapeOf(node, 1).length - 1);
  return fromStart(node, indices, node.emit.ints(node.name, Array.from({ length: named }, (_, i) => known(node, 0, batchDims + i))));
}

/** TensorFlow.js's has no batch: the shared axes are named too. */
export const gatherNd: Expand<"gatherNd"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const { batchDims } = attributes;
  const [x, indices] = inputs as [string, string];
  const rank = shapeOf(node, 1).length;
  const places = placesInNd(node, indices, batchDims);
  if (batchDims === 0) return emit.result(name, "GatherNd", [x, places]);
  const first = emit.step(name, "Slice", [indices, emit.ints(name, Array(rank).fill(0) as number[]), emit.ints(name, [...(Array(rank - 1).fill(-1) as number[]), 1])]);
  const shared = Array.from({ length: batchDims }, (_, axis) => coordinates(node, first, axis));
  emit.result(name, "GatherNd", [x, emit.step(name, "ConcatV2", [...shared, places, scalar(node, rank - 1)], count(batchDims + 1))]);
};

/** Updates of rows of `x` by places [n, m]. */
function scatter({ emit, name }: AnyExpansion, x: string, places: string, updates: string, reduction: ScatterReduction): string {
  if (reduction === "none") return emit.step(name, "TensorScatterUpdate", [x, places, updates]);
  if (reduction === "add") return emit.step(name, "AddV2", [x, emit.step(name, "ScatterNd", [places, updates, emit.step(name, "Shape", [x])])]);
  throw cannotExport(name, `it scatters by ${reduction}`, "Download the model in another format.");
}

export const scatterElements: Expand<"scatterElements"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const [x, indices, updates] = inputs as [string, string, string];
  const flat = (values: string): string => emit.step(name, "Reshape", [values, emit.ints(name, [-1])]);
  const places = emit.step(name, "Reshape", [flatElements(node, indices, axisOf(attributes.axis, shapeOf(node, 0).length)), emit.ints(name, [-1, 1])]);
  emit.result(name, "Reshape", [scatter(node, flat(x), places, flat(updates), attributes.reduction), emit.step(name, "Shape", [x])]);
};

export const scatterNd: Expand<"scatterNd"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const [x, indices, updates] = inputs as [string, string, string];
  emit.result(name, "Identity", [scatter(node, x, placesInNd(node, indices, 0), updates, attributes.reduction)]);
};

export const oneHot: Expand<"oneHot"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const rank = shapeOf(node, 0).length;
  const place = axisOf(attributes.axis ?? -1, rank + 1);
  const operands = [...inputs, scalar(node, attributes.depth), emit.float(name, 1), emit.float(name, 0)];
  const options = { T: typeAttr("float32"), dtype: typeAttr("float32") };
  if (place === rank) return emit.result(name, "OneHot", operands, options);
  const axes = [...Array(rank).keys()];
  emit.result(name, "Transpose", [emit.step(name, "OneHot", operands, options), emit.ints(name, [...axes.slice(0, place), rank, ...axes.slice(place)])]);
};

export const topKIndices: Expand<"topKIndices"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const values = attributes.largest ? inputs : [emit.step(name, "Neg", inputs)];
  const best = emit.step(name, "TopKV2", [...values, scalar(node, attributes.k)], { sorted: boolAttr(true) });
  emit.result(name, "Identity", [`${best}:1`]);
};

export const argMax: Expand<"argMax"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const axis = axisOf(attributes.axis, shapeOf(node, 0).length);
  const op = attributes.of === "max" ? "ArgMax" : "ArgMin";
  if (!attributes.keepDims) return emit.result(name, op, [...inputs, scalar(node, axis)]);
  emit.result(name, "ExpandDims", [emit.step(name, op, [...inputs, scalar(node, axis)]), scalar(node, axis)]);
};

export const select: Expand<"select"> = (node) => {
  const [condition, a, b] = node.inputs as [string, string, string];
  node.emit.result(node.name, "SelectV2", [toBool(node, condition), a, b]);
};

export const stridedSlice: Expand<"stridedSlice"> = ({ emit, name, inputs, attributes: { begin, end, strides } }) => {
  const endMask = end.reduce<number>((mask, each, axis) => (each === null ? mask | (1 << axis) : mask), 0);
  const mask = (value: number): { i: string } => ({ i: String(value) });
  const masks = { begin_mask: mask(0), end_mask: mask(endMask), ellipsis_mask: mask(0), new_axis_mask: mask(0), shrink_axis_mask: mask(0) };
  emit.result(name, "StridedSlice", [...inputs, emit.ints(name, begin), emit.ints(name, end.map((each) => each ?? 0)), emit.ints(name, strides)], masks);
};

/** TensorFlow.js wants every size: where one is unknown, zeros of the other sizes are added. */
export const broadcastTo: Expand<"broadcastTo"> = (node) => {
  const { emit, name, inputs, dtypes, attributes } = node;
  const x = shapeOf(node, 0);
  const lead = attributes.shape.length - x.length;
  const target = attributes.shape.map((size, axis) => (size === -1 ? (x[axis - lead] ?? null) : size));
  if (!target.includes(null)) return emit.result(name, "BroadcastTo", [...inputs, emit.ints(name, target as number[])]);
  const shape = target.map((size) => size ?? 1);
  emit.result(name, "AddV2", [...inputs, emit.constant(name, shape, dtypes[0] ?? "float32", Array(shape.reduce((all, size) => all * size, 1)).fill(0) as number[])]);
};

/** Zeros of the size that `like` has are added. */
export const broadcastLike: Expand<"broadcastLike"> = (node) => {
  const { emit, name, inputs, dtypes, attributes } = node;
  const [x, like] = inputs as [string, string];
  const [rank, likeShape] = [shapeOf(node, 0).length, shapeOf(node, 1)];
  const part = emit.step(name, "Slice", [like, emit.ints(name, likeShape.map(() => 0)), emit.ints(name, likeShape.map((_, axis) => (attributes.axes.includes(axis) ? -1 : 1)))]);
  const unknown = attributes.axes.filter((axis) => (likeShape[axis] ?? null) === null);
  if (unknown.length > 1 && likeShape.length !== rank) throw cannotExport(name, `the size of ${formatShape(likeShape)} is not known`, "Export with a fixed input size.");
  const sizes = [...Array(rank).keys()].map((axis) => (attributes.axes.includes(axis) ? (likeShape[axis] ?? -1) : 1));
  const spread = likeShape.length === rank ? part : emit.step(name, "Reshape", [part, emit.ints(name, sizes)]);
  const zeros = emit.step(name, "ZerosLike", [spread]);
  const sameType = dtypes[0] === dtypes[1] ? zeros : emit.step(name, "Cast", [zeros], { SrcT: typeAttr(dtypes[1] ?? "float32"), DstT: typeAttr(dtypes[0] ?? "float32") });
  emit.result(name, "AddV2", [x, sameType]);
};

export const pad: Expand<"pad"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const { paddings, value = 0, mode = "constant" } = attributes;
  const amounts = (): string => emit.constant(name, [paddings.length, 2], "int32", paddings.flat());
  if (mode === "reflect") return emit.result(name, "MirrorPad", [...inputs, amounts()], { mode: textAttr("REFLECT") });
  if (mode === "constant") {
    if (value === 0) return emit.result(name, "Pad", [...inputs, amounts()]);
    return emit.result(name, "PadV2", [...inputs, amounts(), emit.constant(name, [], node.dtypes[0] ?? "float32", [value])]);
  }
  const axes = paddings.map((_, axis) => axis);
  const repeated = (x: string, axis: number, place: 0 | -1, times: number): string => {
    const pick = (first: number, others: number): string => emit.ints(name, axes.map((each) => (each === axis ? first : others)));
    const mask = (all: readonly number[]): { i: string } => ({ i: String(all.reduce((bits, each) => bits | (1 << each), 0)) });
    // One place of the axis, all of the others; the last place ends where the axis does.
    const whole = axes.filter((each) => each !== axis);
    const edge = emit.step(name, "StridedSlice", [x, pick(place, 0), pick(1, 0), pick(1, 1)], { begin_mask: mask(whole), end_mask: mask(place === 0 ? whole : axes) });
    return emit.step(name, "Tile", [edge, pick(times, 1)]);
  };
  const padded = paddings.reduce((x, [before, after], axis) => {
    const parts = [...(before > 0 ? [repeated(x, axis, 0, before)] : []), x, ...(after > 0 ? [repeated(x, axis, -1, after)] : [])];
    return parts.length === 1 ? x : emit.step(name, "ConcatV2", [...parts, scalar(node, axis)], count(parts.length));
  }, inputs[0] as string);
  emit.result(name, "Identity", [padded]);
};

export const cumulativeSum: Expand<"cumulativeSum"> = (node) => {
  const { emit, name, inputs, attributes } = node;
  const axis = axisOf(attributes.axis, shapeOf(node, 0).length);
  emit.result(name, "Cumsum", [...inputs, scalar(node, axis)], { exclusive: boolAttr(attributes.exclusive), reverse: boolAttr(attributes.reverse) });
};
