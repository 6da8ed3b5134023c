/** What slides over an image with its channels first: how far it is padded, where that can be told without running it. */
import type { Dim, Shape } from "../../core/shape.ts";
import type { OpAttributes, Padding } from "../../graph/types.ts";

export type Pair = readonly [number, number];
export type Sides = readonly [Pair, Pair];

/** height and width */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** [[top, bottom], [left, right]], or null where only the image's size will tell. */
export function sidesOf(image: Shape, { size, strides, dilations, padding }: Window): Sides | null {
  if (typeof padding !== "string") return padding;
  if (padding === "valid") return [[0, 0], [0, 0]];
  const side = (axis: 0 | 1): Pair | null => {
    const length: Dim = image[2 + axis] ?? null;
    const reach = (size[axis] - 1) * dilations[axis] + 1;
    // With a stride of 1 the size does not matter.
    if (length === null && strides[axis] !== 1) return null;
    const total = length === null ? reach - 1 : Math.max(0, (Math.ceil(length / strides[axis]) - 1) * strides[axis] + reach - length);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  const [rows, columns] = [side(0), side(1)];
  return rows && columns && [rows, columns];
}

/** The same on both sides, as PyTorch's own layers pad. */
export function symmetric(sides: Sides | null): Pair | null {
  return sides !== null && sides.every(([before, after]) => before === after) ? [sides[0][0], sides[1][0]] : null;
}

/** How many groups of channels a convolution keeps apart; PyTorch's kernel is [out, in / groups, h, w]. */
export function groupsOf(image: Shape, kernel: Shape): number {
  const inner = kernel[1] as number;
  return (image[1] ?? inner) / inner;
}

export function convolutionWindow(kernel: Shape, attributes: OpAttributes["depthwiseConv2d"]): Window {
  const [, , height, width] = kernel as readonly number[];
  return { ...attributes, size: [height as number, width as number] };
}

/** What a transposed convolution leaves out of its whole result at each end, or adds to it where below 0. */
export function trimmed({ strides, dilations, padding, outputPadding }: OpAttributes["convTranspose2d"], kernel: Shape): Sides {
  const side = (axis: 0 | 1): Pair => {
    if (padding === "valid") return [0, -outputPadding[axis]];
    if (padding !== "same") return [padding[axis][0], padding[axis][1] - outputPadding[axis]];
    const total = ((kernel[2 + axis] as number) - 1) * dilations[axis] + 1 - strides[axis];
    const before = Math.floor(Math.max(0, total) / 2);
    return [before, total - before];
  };
  return [side(0), side(1)];
}

export function poolWindow({ poolSize, strides, padding }: OpAttributes["maxPool2d"]): Window {
  return { size: poolSize, strides, padding, dilations: [1, 1] };
}
