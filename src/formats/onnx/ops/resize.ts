/**
 * Resize and Upsample. What our resize2d does as ONNX wants it, it does; every other mode is a product with a small matrix for
 * each axis, made here. Antialiasing and aspect ratio policies are refused.
 */
import { normalizeAxis } from "../host-tensor.ts";
import type { OnnxNode } from "../node.ts";
import { requireOpenSize } from "../open-sizes.ts";
import type { Reading } from "../reading.ts";
import type { Converters } from "./types.ts";
import { axesUpTo, onLastAxis, requireKnown, toChannelsFirst, toChannelsLast } from "./types.ts";

interface AxisResize {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  /** The part of the axis that tf_crop_and_resize takes. */
  readonly roi: readonly [number, number];
}

function resize(node: OnnxNode, r: Reading): string {
  const x = r.operand(node, 0);
  if (node.integer("antialias", 0) === 1) throw node.refuse("it smooths before it makes smaller (antialias)", "no antialiasing");
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") throw node.refuse("it keeps the aspect ratio", "sizes that are given");
  const changed = axisResizes(node, r, x);
  if (changed.length === 0) return x;
  const rank = r.rankOf(x);
  const [mode, coordinates, rounding] = settingsOf(node, r);
  const method = resize2dMethod(mode, coordinates, rounding, changed);
  if (rank === 4 && method !== null && changed.every(({ axis }) => axis >= 2)) {
    const [, , height, width] = r.shapeOf(x);
    const size = (axis: number, dim: number | null | undefined): number => changed.find((each) => each.axis === axis)?.to ?? requireKnown(node, dim, "the image's size");
    return toChannelsFirst(r, r.add("resize2d", [toChannelsLast(r, x)], {
      height: size(2, height),
      width: size(3, width),
      method,
      alignCorners: coordinates === "align_corners",
      halfPixelCenters: coordinates.endsWith("half_pixel"),
    }));
  }
  return changed.reduce((value, each) => {
    r.claim(each.from * each.to * 8);
    const matrix = r.constant(resizeMatrix(node, each, mode, coordinates, rounding), { shape: [each.from, each.to] });
    return onLastAxis(r, value, each.axis, (last) => r.add("matMul", [last, matrix], { transposeA: false, transposeB: false }));
  }, x);
}

function settingsOf(node: OnnxNode, r: Reading): readonly [mode: string, coordinates: string, rounding: string] {
  const mode = node.string("mode", "nearest").replace("bilinear", "linear");
  // Until opset 10 there was one way, TensorFlow's of that time.
  if (node.opType === "Upsample" || r.opset < 11) return [mode, "asymmetric", "floor"];
  return [mode, node.string("coordinate_transformation_mode", "half_pixel"), node.string("nearest_mode", "round_prefer_floor")];
}

function axisResizes(node: OnnxNode, r: Reading, x: string): readonly AxisResize[] {
  const shape = r.shapeOf(x);
  const isOld = node.opType === "Upsample" || r.opset < 11;
  const [scalesAt, sizesAt] = isOld ? [1, 9] : [2, 3];
  const given = (index: number): readonly number[] => (node.hasInput(index) ? r.numbers(node, index) : []);
  const scales = node.floats("scales") ?? given(scalesAt);
  const sizes = node.hasInput(sizesAt) ? r.sizes(node, sizesAt) : [];
  const roi = isOld ? [] : given(1);
  const axes = node.integers("axes")?.map((axis) => normalizeAxis(axis, shape.length)) ?? axesUpTo(shape.length);
  return axes.flatMap((axis, i) => {
    const [size, scale] = [sizes[i], scales[i]];
    if (scale === 1 || (size !== undefined && size === shape[axis])) return [];
    if (size !== undefined && Number.isNaN(size)) {
      const open = requireOpenSize(node, r, sizesAt, i);
      // The batch, or the image's own size.
      if (open.axis === axis && (axis === 0 || open.value === x)) return [];
      throw node.refuse(`it resizes axis ${axis} to a size that is known only when the model runs`, "a fixed size", "Export the model with fixed sizes, or give the sizes.");
    }
    if (size === undefined && scale === undefined) throw node.refuse("it has neither sizes nor scales");
    const from = requireKnown(node, shape[axis], `the size of axis ${axis}`);
    const to = size ?? Math.floor(from * (scale as number) + 1e-6);
    if (!(to >= 1)) throw node.refuse(`the size of axis ${axis} becomes ${to}`, "at least 1");
    return [{ axis, from, to, scale: size === undefined ? (scale as number) : to / from, roi: [roi[i] ?? 0, roi[i + axes.length] ?? 1] as const }];
  });
}

/** How resize2d does the same, if it does. */
function resize2dMethod(mode: string, coordinates: string, rounding: string, changed: readonly AxisResize[]): "bilinear" | "nearest" | null {
  // Coordinates go by the given scale, those of resize2d by the sizes.
  if (changed.some(({ from, to, scale }) => Math.abs(to - from * scale) > 1e-4)) return null;
  if (mode === "linear") return ["half_pixel", "align_corners", "asymmetric"].includes(coordinates) || (coordinates === "pytorch_half_pixel" && changed.every(({ to }) => to > 1)) ? "bilinear" : null;
  if (mode !== "nearest") return null;
  if (coordinates === "asymmetric") return rounding === "floor" ? "nearest" : null;
  // Half pixels that fall between two are rounded otherwise; at whole multiples none does.
  return coordinates === "half_pixel" && rounding.startsWith("round") && changed.every(({ from, to }) => to % from === 0) ? "nearest" : null;
}

/** [from, to] row-major: how much of each old element a new one has. */
function resizeMatrix(node: OnnxNode, { from, to, scale, roi }: AxisResize, mode: string, coordinates: string, rounding: string): readonly number[] {
  const matrix = new Array<number>(from * to).fill(0);
  for (let i = 0; i < to; i++) {
    const at = sourceOf(i, { from, to, scale, roi }, coordinates, node);
    if (coordinates === "tf_crop_and_resize" && (at < 0 || at > from - 1)) {
      if (node.float("extrapolation_value", 0) !== 0) throw node.refuse("it fills what lies outside with a number", "zeros");
      continue;
    }
    const weights = weightsAt(node, at, mode, rounding, from);
    for (const [index, weight] of weights) {
      const inside = Math.min(Math.max(index, 0), from - 1);
      matrix[inside * to + i] = (matrix[inside * to + i] as number) + weight;
    }
  }
  return matrix;
}

function sourceOf(i: number, { from, to, scale, roi: [start, end] }: Omit<AxisResize, "axis">, coordinates: string, node: OnnxNode): number {
  switch (coordinates) {
    case "half_pixel":
      return (i + 0.5) / scale - 0.5;
    case "pytorch_half_pixel":
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "align_corners":
      return to > 1 ? (i * (from - 1)) / (from * scale > 1 ? Math.max(1, from * scale - 1) : 1) : 0;
    case "asymmetric":
      return i / scale;
    case "tf_crop_and_resize":
      return to > 1 ? start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1) : 0.5 * (start + end) * (from - 1);
    default:
      throw node.refuse(`it has the coordinates "${coordinates}"`, "half_pixel, pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn or tf_crop_and_resize");
  }
}

function weightsAt(node: OnnxNode, at: number, mode: string, rounding: string, from: number): readonly (readonly [index: number, weight: number])[] {
  const below = Math.floor(at);
  const rest = at - below;
  if (mode === "nearest") {
    const rounded = { floor: below, ceil: Math.ceil(at), round_prefer_floor: Math.ceil(at - 0.5), round_prefer_ceil: Math.floor(at + 0.5) }[rounding];
    if (rounded === undefined) throw node.refuse(`it rounds by "${rounding}"`);
    return [[rounded, 1]];
  }
  if (mode === "linear") return [[below, 1 - rest], [below + 1, rest]];
  if (mode !== "cubic") throw node.refuse(`its mode is "${mode}"`, "nearest, linear or cubic");
  const a = node.float("cubic_coeff_a", -0.75);
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const four = [[below - 1, far(1 + rest)], [below, near(rest)], [below + 1, near(1 - rest)], [below + 2, far(2 - rest)]] as const;
  if (node.integer("exclude_outside", 0) === 0) return four;
  const inside = four.filter(([index]) => index >= 0 && index < from);
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([index, weight]) => [index, weight / sum]);
}

export const resizing: Converters = { Resize: resize, Upsample: resize };
