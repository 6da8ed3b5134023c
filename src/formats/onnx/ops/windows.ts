/** The geometry that convolutions and pools share: windows over [batch, channels, w] or [batch, channels, h, w] as ours are over [batch, h, w, channels]. */
import type { Shape } from "../../../core/shape.ts";
import type { Padding } from "../../../graph/types.ts";
import type { OnnxNode } from "../node.ts";
import type { Reading } from "../reading.ts";
import { requireKnown, reshapeTo, toChannelsFirst, toChannelsLast, transpose } from "./types.ts";

type Pair = readonly [number, number];

export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
}

/** Runs `compute` on an image [batch, h, w, channels] of x; a sequence becomes an image of height 1. */
export function onImage(node: OnnxNode, r: Reading, x: string, compute: (image: string) => string): string {
  const rank = r.rankOf(x);
  if (rank === 4) return toChannelsFirst(r, compute(toChannelsLast(r, x)));
  if (rank !== 3) throw node.refuse(`its input has ${rank} dimensions`, "an image of 4 dimensions or a sequence of 3");
  const row = transpose(r, x, [0, 2, 1]);
  const insert = (shape: Shape): Shape => [shape[0] ?? null, 1, shape[1] ?? null, shape[2] ?? null];
  const result = compute(reshapeTo(node, r, row, insert(r.shapeOf(row))));
  return transpose(r, reshapeTo(node, r, result, r.shapeOf(result).toSpliced(1, 1)), [0, 2, 1]);
}

/** Numbers for one or two spatial axes as a pair; a sequence has none for its height. */
export function pairOf(node: OnnxNode, values: readonly number[] | undefined, heightOfOne: number, fallback: number): Pair {
  const [first, second] = values ?? [];
  if (values === undefined || first === undefined) return [fallback, fallback];
  if (values.length > 2 || values.some((value) => !Number.isInteger(value) || value < 0)) throw node.refuse(`its window has the numbers ${values.join(", ")}`, "one or two, none negative");
  return second === undefined ? [heightOfOne, first] : [first, second];
}

export function windowOf(node: OnnxNode, size: Pair): Window {
  const window = { size, strides: pairOf(node, node.integers("strides"), 1, 1), dilations: pairOf(node, node.integers("dilations"), 1, 1) };
  if ([...window.size, ...window.strides, ...window.dilations].some((value) => value < 1)) throw node.refuse("its window has a size of 0", "at least 1");
  return window;
}

/** [[top, bottom], [left, right]] of the attribute. */
export function padsOf(node: OnnxNode): readonly [Pair, Pair] {
  const pads = node.integers("pads") ?? [];
  if (![0, 2, 4].includes(pads.length) || pads.some((value) => value < 0)) throw node.refuse(`its pads are ${pads.join(", ")}`, "two numbers or four, none negative");
  const [a = 0, b = 0, c = 0, d = 0] = pads;
  return pads.length === 2 ? [[0, 0], [a, b]] : [[a, c], [b, d]];
}

/**
 * @param image shape [batch, h, w, channels]
 * @param roundsUp the last window may reach beyond the padding, as long as it starts before its end.
 */
export function paddingOf(node: OnnxNode, image: Shape, { size, strides, dilations }: Window, roundsUp = false): Padding {
  const automatic = node.string("auto_pad", "NOTSET");
  if (automatic === "SAME_UPPER") return "same";
  const reach = ([0, 1] as const).map((side) => (size[side] - 1) * dilations[side] + 1);
  const dim = (side: 0 | 1): number => requireKnown(node, image[side + 1], "the image's size");
  if (automatic === "SAME_LOWER") {
    const lower = (side: 0 | 1): Pair => {
      const total = Math.max(0, (Math.ceil(dim(side) / strides[side]) - 1) * strides[side] + (reach[side] as number) - dim(side));
      return [Math.ceil(total / 2), Math.floor(total / 2)];
    };
    return simplified([lower(0), lower(1)]);
  }
  const pads = automatic === "VALID" ? ([[0, 0], [0, 0]] as const) : padsOf(node);
  if (!roundsUp) return simplified(pads);
  const widened = (side: 0 | 1): Pair => {
    const [before, after] = pads[side];
    const [stride, padded] = [strides[side], dim(side) + before + after];
    let count = Math.ceil((padded - (reach[side] as number)) / stride) + 1;
    if ((count - 1) * stride >= dim(side) + before) count--;
    return [before, after + Math.max(0, (count - 1) * stride + (reach[side] as number) - padded)];
  };
  return simplified([widened(0), widened(1)]);
}

/** Padding in numbers, where an op does not know "same". */
export function inNumbers(node: OnnxNode, padding: Padding, image: Shape, { size, strides, dilations }: Window): readonly [Pair, Pair] {
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding !== "same") return padding;
  const side = (at: 0 | 1): Pair => {
    const dim = requireKnown(node, image[at + 1], "the image's size");
    const total = Math.max(0, (Math.ceil(dim / strides[at]) - 1) * strides[at] + (size[at] - 1) * dilations[at] + 1 - dim);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [side(0), side(1)];
}

function simplified(pads: readonly [Pair, Pair]): Padding {
  return pads.flat().every((value) => value === 0) ? "valid" : pads;
}
