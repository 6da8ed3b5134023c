/** Quantised values on their way through a graph. A value that is quantised and dequantised at once is fakeQuantize, which can be trained through; constant weights are dequantised in fold.ts. */
import { dataTypes } from "../messages.ts";
import { normalizeAxis } from "../host-tensor.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, reshapeTo, scalar } from "./types.ts";

const ranges = new Map<number, readonly [min: number, max: number]>([
  [dataTypes.uint8, [0, 255]],
  [dataTypes.int8, [-128, 127]],
  [dataTypes.uint16, [0, 65_535]],
  [dataTypes.int16, [-32_768, 32_767]],
  [dataTypes.uint4, [0, 15]],
  [dataTypes.int4, [-8, 7]],
]);

function rangeOf(node: OnnxNode, r: Reading): readonly [number, number] {
  const type = r.host(node, 2)?.elementType ?? node.integer("output_dtype", dataTypes.uint8);
  const range = ranges.get(type);
  if (range === undefined) throw node.refuse("its numbers are of a kind that Graft does not know", "integers of 4, 8 or 16 bits");
  return range;
}

/** Scale or zero point, beside x: a vector belongs to one axis. */
function alongAxis(node: OnnxNode, r: Reading, x: string, index: number): string {
  const value = r.operand(node, index, "scale");
  if (r.rankOf(value) !== 1 || r.shapeOf(value)[0] === 1) return value;
  const rank = r.rankOf(x);
  const axis = normalizeAxis(node.integer("axis", 1), rank);
  return reshapeTo(node, r, value, axesUpTo(rank).map((each) => (each === axis ? (r.shapeOf(value)[0] ?? null) : 1)));
}

const toFloat = (r: Reading, x: string): string => (r.dtypeOf(x) === "float32" ? x : r.add("cast", [x], { dtype: "float32" }));

function quantize(node: OnnxNode, r: Reading): string {
  const x = toFloat(r, r.operand(node, 0));
  const [min, max] = rangeOf(node, r);
  const rounded = r.add("round", [r.add("divide", [x, alongAxis(node, r, x, 1)], {})], {});
  const shifted = node.hasInput(2) ? r.add("add", [rounded, toFloat(r, alongAxis(node, r, x, 2))], {}) : rounded;
  return r.add("cast", [scalar(r, "minimum", scalar(r, "maximum", shifted, min), max)], { dtype: "int32" });
}

/** The lone scale and zero point of a node, if they are constants. */
function settingsOf(node: OnnxNode, r: Reading): { readonly scale: number; readonly zeroPoint: number } | undefined {
  const scale = r.host(node, 1);
  const zero = node.hasInput(2) ? r.host(node, 2) : undefined;
  if (scale?.values.length !== 1 || (node.hasInput(2) && zero?.values.length !== 1)) return undefined;
  return { scale: scale.values[0] as number, zeroPoint: zero?.values[0] ?? 0 };
}

function dequantize(node: OnnxNode, r: Reading): string {
  const source = r.producerOf(node.inputs[0] ?? "");
  const settings = settingsOf(node, r);
  if (source?.opType === "QuantizeLinear" && settings !== undefined) {
    const before = settingsOf(source, r);
    const [min, max] = rangeOf(source, r);
    if (before?.scale === settings.scale && before.zeroPoint === settings.zeroPoint) return r.add("fakeQuantize", [r.operand(source, 0)], { ...settings, min, max });
  }
  const x = r.operand(node, 0);
  const scale = alongAxis(node, r, x, 1);
  const centred = node.hasInput(2) ? r.add("subtract", [toFloat(r, x), toFloat(r, alongAxis(node, r, x, 2))], {}) : toFloat(r, x);
  return r.add("multiply", [centred, scale], {});
}

/** To 0 … 255, by the largest and smallest value, zero among them. */
function quantizeDynamically(node: OnnxNode, r: Reading): void {
  const x = r.operand(node, 0);
  const over = { axes: axesUpTo(r.rankOf(x)), keepDims: false };
  const high = scalar(r, "maximum", r.add("max", [x], over), 0);
  const low = scalar(r, "minimum", r.add("min", [x], over), 0);
  const scale = scalar(r, "divide", r.add("subtract", [high, low], {}), 255);
  const within = (value: string): string => scalar(r, "minimum", scalar(r, "maximum", value, 0), 255);
  const zero = r.add("round", [within(r.add("divide", [r.add("negate", [low], {}), scale], {}))], {});
  const rounded = r.add("round", [r.add("divide", [x, scale], {})], {});
  r.bind(node, 0, r.add("cast", [within(r.add("add", [rounded, zero], {}))], { dtype: "int32" }));
  r.bind(node, 1, scale);
  r.bind(node, 2, r.add("cast", [zero], { dtype: "int32" }));
}

export const quantizations: Converters = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: quantizeDynamically,
};
