/**
 * Convolutions, with gradients for every padding and dilation (TensorFlow.js has none for dilated ones). On WebGPU all of it
 * is engine/kernels/webgpu. Elsewhere the gradients run the device's own kernels where it has them; engine/kernels adds those
 * that it lacks. A dilated convolution's gradients are composed here, from convolutions and one product per filter tap.
 */
import type { OpAttributes, Padding } from "../../graph/types.ts";
import { transposedSize } from "../../graph/window-shapes.ts";
import { convolution, type Convolution } from "../kernels/webgpu/conv.ts";
import { depthwiseConvolution } from "../kernels/webgpu/depthwise-conv.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];
type ConvInfo = tf.backend_util.Conv2DInfo;

/** Padding as TensorFlow.js takes it: an explicit one has a pair for each of the four axes. */
export function toTfPadding(padding: Padding): "same" | "valid" | ExplicitPadding {
  if (typeof padding === "string") return padding;
  const [[top, bottom], [left, right]] = padding;
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

export function describeConvolution(x: { readonly shape: readonly number[] }, kernel: Tensor, { strides, dilations, padding }: OpAttributes["conv2d"], depthwise: boolean): ConvInfo {
  return tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    kernel.shape as [number, number, number, number],
    [...strides] as [number, number],
    [...dilations] as [number, number],
    toTfPadding(padding),
    undefined,
    depthwise,
  );
}

/** A filter of one tap that reads each pixel once: a matrix product. */
function isPointwise({ filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, outHeight, outWidth }: ConvInfo): boolean {
  return filterHeight * filterWidth * strideHeight * strideWidth === 1 && inHeight === outHeight && inWidth === outWidth;
}

/** The part of x that one tap of the filter meets, for every tap in row-major order: [batch, h', w', in] each. */
function taps(x: Tensor, info: ConvInfo): Tensor[] {
  const { padInfo, filterHeight, filterWidth, dilationHeight, dilationWidth, strideHeight, strideWidth, outHeight, outWidth, batchSize, inChannels } = info;
  const padded = tf.pad(x, [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]]);
  const result: Tensor[] = [];
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) {
      const begin = [0, i * dilationHeight, j * dilationWidth, 0];
      const end = [
        batchSize,
        i * dilationHeight + (outHeight - 1) * strideHeight + 1,
        j * dilationWidth + (outWidth - 1) * strideWidth + 1,
        inChannels,
      ];
      result.push(tf.stridedSlice(padded, begin, end, [1, strideHeight, strideWidth, 1]));
    }
  }
  return result;
}

/** Padding that turns a convolution's output gradient back into its input's size, for stride 1. */
function transposedPadding({ padInfo, effectiveFilterHeight, effectiveFilterWidth, inHeight, inWidth, outHeight, outWidth }: ConvInfo): ExplicitPadding {
  const top = effectiveFilterHeight - 1 - padInfo.top;
  const left = effectiveFilterWidth - 1 - padInfo.left;
  return [[0, 0], [top, inHeight - outHeight + effectiveFilterHeight - 1 - top], [left, inWidth - outWidth + effectiveFilterWidth - 1 - left], [0, 0]];
}

function flip(kernel: Tensor): Tensor {
  return tf.reverse(kernel, [0, 1]);
}

function kernelAttributes(info: ConvInfo, attributes: OpAttributes["conv2d"]): tf.NamedAttrMap {
  return {
    strides: [info.strideHeight, info.strideWidth],
    pad: toTfPadding(attributes.padding),
    dataFormat: "NHWC",
    inputShape: info.inShape,
    filterShape: info.filterShape,
  };
}

function composedInputGradient(dy: Tensor, kernel: Tensor, info: ConvInfo, attributes: OpAttributes["conv2d"]): Tensor {
  const { inChannels, outChannels, dilationHeight, dilationWidth } = info;
  if (isPointwise(info)) {
    const dx = tf.matMul(tf.reshape(dy, [-1, outChannels]), tf.reshape(kernel, [inChannels, outChannels]), false, true);
    return tf.reshape(dx, info.inShape);
  }
  if (dilationHeight * dilationWidth === 1) return tf.engine().runKernel(tf.Conv2DBackpropInput, { dy, filter: kernel }, kernelAttributes(info, attributes));
  const transposed = tf.transpose(flip(kernel), [0, 1, 3, 2]);
  return tf.conv2d(dy as tf.Tensor4D, transposed as tf.Tensor4D, 1, transposedPadding(info), "NHWC", [dilationHeight, dilationWidth]);
}

function composedKernelGradient(dy: Tensor, x: Tensor, info: ConvInfo, attributes: OpAttributes["conv2d"]): Tensor {
  const { inChannels, outChannels, dilationHeight, dilationWidth } = info;
  const dyRows = tf.reshape(dy, [-1, outChannels]);
  const product = (rows: Tensor): Tensor => tf.matMul(tf.reshape(rows, [-1, inChannels]), dyRows, true, false);
  if (isPointwise(info)) return tf.reshape(product(x), info.filterShape);
  if (dilationHeight * dilationWidth === 1) return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy }, kernelAttributes(info, attributes));
  return tf.reshape(tf.concat(taps(x, info).map(product), 0), info.filterShape);
}

function composedDepthwiseInputGradient(dy: Tensor, kernel: Tensor, info: ConvInfo, attributes: OpAttributes["conv2d"]): Tensor {
  const { inChannels, outChannels, filterHeight, filterWidth, dilationHeight, dilationWidth, inHeight, inWidth, batchSize } = info;
  if (dilationHeight * dilationWidth === 1) {
    const native = { ...kernelAttributes(info, attributes), dilations: [1, 1] };
    return tf.engine().runKernel(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter: kernel }, native);
  }
  const perOutput = tf.reshape<tf.Rank.R4>(flip(kernel), [filterHeight, filterWidth, outChannels, 1]);
  const spread = tf.depthwiseConv2d(dy as tf.Tensor4D, perOutput, 1, transposedPadding(info), "NHWC", [dilationHeight, dilationWidth]);
  if (outChannels === inChannels) return spread;
  return tf.reshape(tf.sum(tf.reshape(spread, [-1, outChannels / inChannels]), 1), [batchSize, inHeight, inWidth, inChannels]);
}

function composedDepthwiseKernelGradient(dy: Tensor, x: Tensor, info: ConvInfo, attributes: OpAttributes["conv2d"]): Tensor {
  const { inChannels, outChannels, dilationHeight, dilationWidth } = info;
  if (dilationHeight * dilationWidth === 1) {
    const native = { ...kernelAttributes(info, attributes), dilations: [1, 1] };
    return tf.engine().runKernel(tf.DepthwiseConv2dNativeBackpropFilter, { x, dy }, native);
  }
  const dyRows = tf.reshape(dy, [-1, inChannels, outChannels / inChannels]);
  const product = (rows: Tensor): Tensor => tf.sum(tf.mul(tf.reshape(rows, [-1, inChannels, 1]), dyRows), 0);
  return tf.reshape(tf.stack(taps(x, info).map(product)), info.filterShape);
}

/** The padding in numbers: told "same", the wasm backend gives zeros where the window is smaller than its stride. */
function explicitPadding({ padInfo: { top, bottom, left, right } }: ConvInfo): ExplicitPadding {
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

/** From TensorFlow.js's ops and kernels: the form on wasm and cpu, and what the tests hold WebGPU's kernels against. */
export function composedConvolution(info: ConvInfo, attributes: OpAttributes["conv2d"]): Convolution {
  const { strides, dilations } = attributes;
  return {
    forward: (x, kernel) => tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, [...strides] as [number, number], explicitPadding(info), "NHWC", [...dilations] as [number, number]),
    inputGradient: (dy, kernel) => composedInputGradient(dy, kernel, info, attributes),
    kernelGradient: (x, dy) => composedKernelGradient(dy, x, info, attributes),
  };
}

/** As `composedConvolution`, for a depthwise one. */
export function composedDepthwiseConvolution(info: ConvInfo, attributes: OpAttributes["depthwiseConv2d"]): Convolution {
  const { strides, dilations } = attributes;
  return {
    forward: (x, kernel) => tf.depthwiseConv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, [...strides] as [number, number], explicitPadding(info), "NHWC", [...dilations] as [number, number]),
    inputGradient: (dy, kernel) => composedDepthwiseInputGradient(dy, kernel, info, attributes),
    kernelGradient: (x, dy) => composedDepthwiseKernelGradient(dy, x, info, attributes),
  };
}

function run(x: Tensor, kernel: Tensor, { forward, inputGradient, kernelGradient }: Convolution): Tensor {
  return differentiable(
    { x, kernel },
    (save) => {
      save([x, kernel]);
      return forward(x, kernel);
    },
    (dy, saved) => ({
      x: () => inputGradient(dy, savedAt(saved, 1)),
      kernel: () => kernelGradient(savedAt(saved, 0), dy),
    }),
  );
}

/** x [batch, h, w, in], kernel [h, w, in / groups, out] -> [batch, h', w', out] */
export function conv2d(x: Tensor, kernel: Tensor, { groups = 1, ...attributes }: OpAttributes["conv2d"]): Tensor {
  if (groups > 1) return groupedConv2d(x, kernel, groups, attributes);
  const info = describeConvolution(x, kernel, attributes, false);
  return run(x, kernel, tf.getBackend() === "webgpu" ? convolution(info) : composedConvolution(info, attributes));
}

/** x [batch, h, w, channels], kernel [h, w, channels, multiplier] -> [batch, h', w', channels * multiplier] */
export function depthwiseConv2d(x: Tensor, kernel: Tensor, attributes: OpAttributes["depthwiseConv2d"]): Tensor {
  const info = describeConvolution(x, kernel, attributes, true);
  return run(x, kernel, tf.getBackend() === "webgpu" ? depthwiseConvolution(info) : composedDepthwiseConvolution(info, attributes));
}

/** Where each group is one channel, it is a depthwise convolution; else each group is a convolution of its own. */
function groupedConv2d(x: Tensor, kernel: Tensor, groups: number, attributes: OpAttributes["depthwiseConv2d"]): Tensor {
  const [height, width, inChannels, outChannels] = kernel.shape as [number, number, number, number];
  if (inChannels === 1) return depthwiseConv2d(x, tf.reshape(kernel, [height, width, groups, outChannels / groups]), attributes);
  const kernels = tf.split(kernel, groups, 3);
  return tf.concat(tf.split(x, groups, 3).map((part, group) => conv2d(part, kernels[group] as Tensor, attributes)), 3);
}

/** x [batch, h, w, in], kernel [h, w, out, in] -> [batch, h', w', out]: a convolution backwards, whose gradients are that convolution. */
export function convTranspose2d(x: Tensor, kernel: Tensor, attributes: OpAttributes["convTranspose2d"]): Tensor {
  const spatial = ([0, 1] as const).map((side) => transposedSize(x.shape[side + 1] as number, kernel.shape[side] as number, side, attributes));
  const info = describeConvolution({ shape: [x.shape[0], ...spatial, kernel.shape[2]] as number[] }, kernel, attributes, false);
  const { forward, inputGradient, kernelGradient } = tf.getBackend() === "webgpu" ? convolution(info) : composedConvolution(info, attributes);
  return differentiable(
    { x, kernel },
    (save) => {
      save([x, kernel]);
      return inputGradient(x, kernel);
    },
    (dy, saved) => ({ x: () => forward(dy, savedAt(saved, 1)), kernel: () => kernelGradient(dy, savedAt(saved, 0)) }),
  );
}
