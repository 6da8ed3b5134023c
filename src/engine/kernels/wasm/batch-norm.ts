/**
 * Batch norm on wasm. Trained, forward is three passes over x and backward two, in our own vector loops; what is kept between
 * them is x and a few numbers a channel. Frozen, it is one multiplication and one addition by channel.
 */
import { tf, type Tensor } from "../../tf.ts";
import { sumBlocks } from "./column-sum.ts";
import { composed, required } from "./define.ts";
import { addressOf, allocate, asWasmBackend, floats } from "./heap.ts";
import type { SimdKernels } from "./simd-kernels.ts";

export const fusedBatchNorm = composed<{ readonly varianceEpsilon: number }>(tf.FusedBatchNorm, (inputs, { varianceEpsilon }) => {
  const inverseDeviation = tf.rsqrt(tf.add(required(inputs, "variance"), varianceEpsilon));
  const scale = inputs.scale ? tf.mul(inverseDeviation, inputs.scale) : inverseDeviation;
  const minusMean = tf.neg(tf.mul(required(inputs, "mean"), scale));
  const shift = inputs.offset ? tf.add(minusMean, inputs.offset) : minusMean;
  return tf.add(tf.mul(required(inputs, "x"), scale), shift);
});

function toTensor({ dataId, shape, dtype }: tf.TensorInfo): Tensor {
  return tf.engine().makeTensorFromDataId(dataId, shape, dtype);
}

/** x [..., channels] seen as rows of channels. */
function rowsOf(x: Tensor): { readonly channels: number; readonly rows: number; readonly channelBytes: number } {
  const channels = x.shape[x.rank - 1] as number;
  return { channels, rows: x.size / channels, channelBytes: channels * Float32Array.BYTES_PER_ELEMENT };
}

/** @returns y, and the batch's mean and biased variance [channels]. */
export function normaliseByBatch(kernels: SimdKernels, x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { readonly y: Tensor; readonly mean: Tensor; readonly variance: Tensor } {
  const backend = asWasmBackend(tf.backend());
  const { channels, rows, channelBytes } = rowsOf(x);
  const [y, mean, variance, scale] = [allocate(backend, x.shape), allocate(backend, [channels]), allocate(backend, [channels]), allocate(backend, [channels])] as const;
  const [xAt, meanAt, varianceAt, scaleAt] = [x, mean, variance, scale].map((tensor) => addressOf(backend, tensor)) as [number, number, number, number];

  const [sums] = sumBlocks(backend, rows, [mean], (row, count) => kernels.columnSums(xAt + row * channelBytes, count, channelBytes, meanAt)) as [Float64Array];
  floats(backend, mean).set(sums.map((sum) => sum / rows));
  const [squares] = sumBlocks(backend, rows, [variance], (row, count) => kernels.columnSquares(xAt + row * channelBytes, count, channelBytes, meanAt, varianceAt)) as [Float64Array];
  floats(backend, variance).set(squares.map((sum) => sum / rows));
  const gammas = floats(backend, gamma);
  floats(backend, scale).set(squares.map((sum, channel) => gammas[channel]! / Math.sqrt(sum / rows + epsilon)));
  kernels.scaleRows(xAt, rows, channelBytes, meanAt, scaleAt, addressOf(backend, beta), addressOf(backend, y));
  backend.disposeData(scale.dataId);
  return { y: toTensor(y), mean: toTensor(mean), variance: toTensor(variance) };
}

/** The gradients of x [..., channels], gamma and beta [channels]; `mean` and `variance` are the batch's. */
export function normaliseByBatchGradients(
  kernels: SimdKernels,
  dy: Tensor,
  x: Tensor,
  gamma: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
): { readonly dx: () => Tensor; readonly dGamma: Tensor; readonly dBeta: Tensor } {
  const backend = asWasmBackend(tf.backend());
  const { channels, rows, channelBytes } = rowsOf(x);
  const [dGamma, dBeta] = [allocate(backend, [channels]), allocate(backend, [channels])] as const;
  const [dyAt, xAt, meanAt, dGammaAt, dBetaAt] = [dy, x, mean, dGamma, dBeta].map((tensor) => addressOf(backend, tensor)) as [number, number, number, number, number];
  const [sums, products] = sumBlocks(backend, rows, [dBeta, dGamma], (row, count) =>
    kernels.columnProducts(dyAt + row * channelBytes, xAt + row * channelBytes, count, channelBytes, meanAt, dBetaAt, dGammaAt),
  ) as [Float64Array, Float64Array];
  const inverseDeviations = Float64Array.from(floats(backend, variance), (value) => 1 / Math.sqrt(value + epsilon));
  floats(backend, dBeta).set(sums);
  floats(backend, dGamma).set(products.map((product, channel) => product * inverseDeviations[channel]!));

  const dx = (): Tensor => {
    const result = allocate(backend, x.shape);
    const [a, b, shift] = [allocate(backend, [channels]), allocate(backend, [channels]), allocate(backend, [channels])] as const;
    const gammas = floats(backend, gamma);
    const scales = inverseDeviations.map((inverse, channel) => inverse * gammas[channel]!);
    floats(backend, a).set(scales);
    floats(backend, b).set(scales.map((scale, channel) => (-scale * inverseDeviations[channel]! ** 2 * products[channel]!) / rows));
    floats(backend, shift).set(scales.map((scale, channel) => (-scale * sums[channel]!) / rows));
    const [aAt, bAt, shiftAt] = [a, b, shift].map((tensor) => addressOf(backend, tensor)) as [number, number, number];
    kernels.combineRows(dyAt, xAt, rows, channelBytes, meanAt, aAt, bAt, shiftAt, addressOf(backend, result));
    for (const { dataId } of [a, b, shift]) backend.disposeData(dataId);
    return toTensor(result);
  };
  return { dx, dGamma: toTensor(dGamma), dBeta: toTensor(dBeta) };
}
