/** The shapes of what slides a window over an image: convolutions, their transpose, and pools. */
import type { Dim, Shape } from "../core/shape.ts";
import { check, checkRank, fits, last } from "./shape-checks.ts";
import type { OpAttributes, Padding } from "./types.ts";

/** One spatial size after a window of `size` has slid over it. */
function slide(dim: Dim, size: Dim, stride: number, dilation: number, padding: Padding, side: 0 | 1): Dim {
  if (dim === null || size === null) return null;
  if (padding === "same") return Math.ceil(dim / stride);
  const padded = padding === "valid" ? dim : dim + padding[side][0] + padding[side][1];
  const result = Math.floor((padded - (size - 1) * dilation - 1) / stride) + 1;
  check(result > 0, `a window of ${size} does not fit into ${padded}`);
  return result;
}

/** `groups` of input channels are read by as many groups of output channels. */
export function convolution(x: Shape, kernel: Shape, channels: Dim, { strides, dilations, padding, groups = 1 }: OpAttributes["conv2d"]): Shape {
  checkRank("the image", x, 4);
  checkRank("the kernel", kernel, 4);
  const ownChannels = kernel[2] ?? null;
  const taken = ownChannels === null ? null : ownChannels * groups;
  check(fits(last(x), taken), `the kernel takes ${taken} channels, the image has ${last(x)}`);
  check((channels ?? groups) % groups === 0, `${groups} groups do not divide ${channels} channels`);
  const spatial = ([0, 1] as const).map((side) => slide(x[side + 1] as Dim, kernel[side] as Dim, strides[side], dilations[side], padding, side));
  return [x[0] as Dim, ...spatial, channels];
}

export function pool({ poolSize, strides, padding }: OpAttributes["maxPool2d"], x: Shape): Shape {
  checkRank("the image", x, 4);
  const spatial = ([0, 1] as const).map((side) => slide(x[side + 1] as Dim, poolSize[side], strides[side], 1, padding, side));
  return [x[0] as Dim, ...spatial, last(x)];
}

/** One spatial size of a transposed convolution's result. */
export function transposedSize(size: number, window: number, side: 0 | 1, { strides, dilations, padding, outputPadding }: OpAttributes["convTranspose2d"]): number {
  if (padding === "same") return size * strides[side];
  const trimmed = padding === "valid" ? 0 : padding[side][0] + padding[side][1];
  return (size - 1) * strides[side] + (window - 1) * dilations[side] + 1 - trimmed + outputPadding[side];
}

export function convTranspose({ strides, dilations, padding, outputPadding }: OpAttributes["convTranspose2d"], x: Shape, kernel: Shape): Shape {
  checkRank("the image", x, 4);
  checkRank("the kernel", kernel, 4);
  check(fits(last(x), kernel[3] as Dim), `the kernel takes ${kernel[3]} channels, the image has ${last(x)}`);
  check(Math.max(...strides) === 1 || Math.max(...dilations) === 1, `strides of ${strides.join(" by ")} and dilations of ${dilations.join(" by ")} do not go together`);
  const spatial = ([0, 1] as const).map((side): Dim => {
    const [dim, window, stride, extra] = [x[side + 1] as Dim, kernel[side] as Dim, strides[side], outputPadding[side]];
    check(extra >= 0 && extra < stride && (padding !== "same" || extra === 0), `an output padding of ${extra} does not fit a stride of ${stride} and the padding ${JSON.stringify(padding)}`);
    if (dim === null || window === null) return null;
    const result = transposedSize(dim, window, side, { strides, dilations, padding, outputPadding });
    check(result > 0, `the padding ${JSON.stringify(padding)} leaves nothing`);
    return result;
  });
  return [x[0] as Dim, ...spatial, kernel[2] as Dim];
}
