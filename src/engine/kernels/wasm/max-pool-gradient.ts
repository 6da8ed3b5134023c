/** The wasm backend's own gradient of max pooling never picks a negative maximum. This one gives it to the first largest value of each window. */
import { tf } from "../../tf.ts";
import { onHeap, required } from "./define.ts";
import { allocate, floats } from "./heap.ts";

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export const maxPoolGradient = onHeap<Attributes>(tf.MaxPoolGrad, (backend, inputs, { filterSize, strides, pad, dimRoundingMode }) => {
  const dy = required(inputs, "dy");
  const x = required(inputs, "input");
  const info = tf.backend_util.computePool2DInfo(x.shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const result = allocate(backend, x.shape);
  const values = floats(backend, x);
  const incoming = floats(backend, dy);
  const gradient = floats(backend, result).fill(0);
  let source = 0;
  for (let row = 0; row < batchSize * outHeight; row++) {
    const image = Math.floor(row / outHeight);
    const top = (row % outHeight) * strideHeight - padInfo.top;
    for (let column = 0; column < outWidth; column++) {
      const left = column * strideWidth - padInfo.left;
      for (let channel = 0; channel < inChannels; channel++, source++) {
        let best = -1;
        for (let y = Math.max(0, top); y < Math.min(top + filterHeight, inHeight); y++) {
          for (let x0 = Math.max(0, left); x0 < Math.min(left + filterWidth, inWidth); x0++) {
            const index = ((image * inHeight + y) * inWidth + x0) * inChannels + channel;
            if (best < 0 || values[index]! > values[best]!) best = index;
          }
        }
        if (best >= 0) gradient[best]! += incoming[source]!;
      }
    }
  }
  return result;
});
