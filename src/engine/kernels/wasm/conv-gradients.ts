/**
 * Gradients of convolutions for the wasm backend, which lacks three of the four and has one that is slow. Gradients of
 * inputs become convolutions (which XNNPACK is fast at) of the spread-out output gradient with the flipped filter;
 * the gradient of a filter is one matrix product per tap; of a depthwise filter, a loop over the pixels.
 */
import { tf, type Tensor } from "../../tf.ts";
import { composed, onHeap, required } from "./define.ts";
import { addressOf, allocate, asWasmBackend, floats, type WasmBackend } from "./heap.ts";
import { simdKernels } from "./simd.ts";

type Info = tf.backend_util.Conv2DInfo;
type Four = [number, number, number, number];

/** As TensorFlow.js passes them; which shape is given depends on the kernel. */
interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly inputShape?: Four;
  readonly filterShape?: Four;
}

function describe(inputShape: readonly number[], filterShape: readonly number[], { strides, pad, dimRoundingMode }: Attributes, depthwise: boolean): Info {
  return tf.backend_util.computeConv2DInfo(inputShape as Four, filterShape as Four, strides, 1, pad, dimRoundingMode, depthwise);
}

/** Runs a heap loop within a composed kernel; the new tensor belongs to the current tidy. */
function fromHeap(run: (backend: WasmBackend) => tf.TensorInfo): Tensor {
  const { dataId, shape, dtype } = run(asWasmBackend(tf.backend()));
  return tf.engine().makeTensorFromDataId(dataId, shape, dtype);
}

/** dy [batch, h', w', channels] with strides - 1 zeros between its pixels. */
function spreadOut(dy: Tensor, { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth }: Info): Tensor {
  if (strideHeight * strideWidth === 1) return dy;
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  return fromHeap((backend) => {
    const result = allocate(backend, [batchSize, height, width, outChannels]);
    const from = floats(backend, dy);
    const to = floats(backend, result).fill(0);
    for (let row = 0; row < batchSize * outHeight; row++) {
      const image = Math.floor(row / outHeight);
      const y = (row % outHeight) * strideHeight;
      for (let column = 0; column < outWidth; column++) {
        const begin = (row * outWidth + column) * outChannels;
        to.set(from.subarray(begin, begin + outChannels), ((image * height + y) * width + column * strideWidth) * outChannels);
      }
    }
    return result;
  });
}

/** The taps of a filter in reverse order: turned by 180 degrees. */
function turned(filter: Tensor): Tensor {
  const [height, width] = filter.shape as [number, number];
  if (height * width === 1) return filter;
  return fromHeap((backend) => {
    const result = allocate(backend, filter.shape);
    const from = floats(backend, filter);
    const to = floats(backend, result);
    const tapSize = from.length / (height * width);
    for (let begin = 0; begin < from.length; begin += tapSize) to.set(from.subarray(begin, begin + tapSize), from.length - begin - tapSize);
    return result;
  });
}

/** What makes a stride-1 convolution of the spread-out gradient as large as the input. */
function fullPadding({ padInfo, filterHeight, filterWidth, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth }: Info): tf.backend_util.ExplicitPadding {
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = inHeight - ((outHeight - 1) * strideHeight + 1) + filterHeight - 1 - top;
  const right = inWidth - ((outWidth - 1) * strideWidth + 1) + filterWidth - 1 - left;
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

export const conv2dInputGradient = composed<Attributes>(tf.Conv2DBackpropInput, (inputs, attributes) => {
  const filter = required(inputs, "filter");
  const info = describe(attributes.inputShape as Four, filter.shape, attributes, false);
  const transposed = tf.transpose(turned(filter), [0, 1, 3, 2]) as tf.Tensor4D;
  return tf.conv2d(spreadOut(required(inputs, "dy"), info) as tf.Tensor4D, transposed, 1, fullPadding(info));
});

export const depthwiseInputGradient = composed<Attributes>(tf.DepthwiseConv2dNativeBackpropInput, (inputs, attributes) => {
  const filter = required(inputs, "filter");
  const info = describe(attributes.inputShape as Four, filter.shape, attributes, true);
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const perOutput = tf.reshape<tf.Rank.R4>(turned(filter), [filterHeight, filterWidth, outChannels, 1]);
  const dx = tf.depthwiseConv2d(spreadOut(required(inputs, "dy"), info) as tf.Tensor4D, perOutput, 1, fullPadding(info));
  return outChannels === inChannels ? dx : tf.reshape(tf.sum(tf.reshape(dx, [-1, outChannels / inChannels]), 1), info.inShape);
});

/** The pixels of x that tap (i, j) of the filter meets, zero where it looks into the padding: [batch * h' * w', in]. */
function pixelsOfTap(x: Tensor, i: number, j: number, { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo }: Info): Tensor {
  return fromHeap((backend) => {
    const result = allocate(backend, [batchSize * outHeight * outWidth, inChannels]);
    const from = floats(backend, x);
    const to = floats(backend, result);
    let target = 0;
    for (let row = 0; row < batchSize * outHeight; row++) {
      const image = Math.floor(row / outHeight);
      const y = (row % outHeight) * strideHeight + i - padInfo.top;
      const isInside = y >= 0 && y < inHeight;
      for (let column = 0; column < outWidth; column++, target += inChannels) {
        const x0 = column * strideWidth + j - padInfo.left;
        if (isInside && x0 >= 0 && x0 < inWidth) {
          const begin = ((image * inHeight + y) * inWidth + x0) * inChannels;
          to.set(from.subarray(begin, begin + inChannels), target);
        } else to.fill(0, target, target + inChannels);
      }
    }
    return result;
  });
}

export const conv2dFilterGradient = composed<Attributes>(tf.Conv2DBackpropFilter, (inputs, attributes) => {
  const x = required(inputs, "x");
  const info = describe(x.shape, attributes.filterShape as Four, attributes, false);
  const { filterHeight, filterWidth, outChannels } = info;
  const dyRows = tf.reshape(required(inputs, "dy"), [-1, outChannels]);
  const taps: Tensor[] = [];
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) taps.push(tf.tidy(() => tf.matMul(pixelsOfTap(x, i, j, info), dyRows, true, false)));
  }
  return tf.reshape(tf.stack(taps), info.filterShape);
});

/** Runs `tap` for every row of output pixels and every tap of the filter that meets pixels of x there. */
function forTaps(info: Info, tap: (xPixel: number, dyPixel: number, pixels: number, tapIndex: number) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  for (let row = 0; row < batchSize * outHeight; row++) {
    const image = Math.floor(row / outHeight);
    const top = (row % outHeight) * strideHeight - padInfo.top;
    for (let i = Math.max(0, -top); i < Math.min(filterHeight, inHeight - top); i++) {
      for (let j = 0; j < filterWidth; j++) {
        // The first and last column where this tap does not look into the padding.
        const first = Math.max(0, Math.ceil((padInfo.left - j) / strideWidth));
        const last = Math.min(outWidth - 1, Math.floor((inWidth - 1 + padInfo.left - j) / strideWidth));
        if (last < first) continue;
        const xPixel = (image * inHeight + top + i) * inWidth + first * strideWidth + j - padInfo.left;
        tap(xPixel, row * outWidth + first, last - first + 1, i * filterWidth + j);
      }
    }
  }
}

export const depthwiseFilterGradient = onHeap<Attributes>(tf.DepthwiseConv2dNativeBackpropFilter, (backend, inputs, attributes) => {
  const x = required(inputs, "x");
  const dy = required(inputs, "dy");
  const info = describe(x.shape, attributes.filterShape as Four, attributes, true);
  const { inChannels, outChannels, strideWidth } = info;
  const multiplier = outChannels / inChannels;
  const result = allocate(backend, info.filterShape);
  const kernels = multiplier === 1 ? simdKernels(backend) : null;
  if (kernels) {
    const channelBytes = inChannels * Float32Array.BYTES_PER_ELEMENT;
    const [xAt, dyAt, sumsAt] = [x, dy, result].map((tensor) => addressOf(backend, tensor)) as [number, number, number];
    floats(backend, result).fill(0);
    forTaps(info, (xPixel, dyPixel, pixels, tap) =>
      kernels.depthwiseTap(xAt + xPixel * channelBytes, dyAt + dyPixel * channelBytes, pixels, channelBytes, strideWidth * channelBytes, sumsAt + tap * channelBytes),
    );
    return result;
  }
  const xValues = floats(backend, x);
  const dyValues = floats(backend, dy);
  const sums = new Float64Array(tf.util.sizeFromShape(info.filterShape));
  forTaps(info, (xPixel, dyPixel, pixels, tap) => {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const xBegin = (xPixel + pixel * strideWidth) * inChannels;
      const dyBegin = (dyPixel + pixel) * outChannels;
      for (let c = 0; c < outChannels; c++) sums[tap * outChannels + c]! += xValues[xBegin + Math.floor(c / multiplier)]! * dyValues[dyBegin + c]!;
    }
  });
  floats(backend, result).set(sums);
  return result;
});
