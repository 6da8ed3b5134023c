/** Normalisations, each with its closed-form gradient. */
import { assertNever } from "../../core/errors.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { layerNormBackward, layerNormForward } from "../kernels/webgpu/layer-norm.ts";
import { normaliseByBatch, normaliseByBatchGradients } from "../kernels/wasm/batch-norm.ts";
import { currentSimdKernels, type SimdKernels } from "../kernels/wasm/simd.ts";
import * as kernels from "../kernels/webgpu/batch-norm.ts";
import { rmsNormBackward, rmsNormForward } from "../kernels/webgpu/rms-norm.ts";
import { tf, type Tensor } from "../tf.ts";
import { hardSigmoid, relu, relu6 } from "./activations.ts";
import { sumToChannels } from "./broadcast.ts";
import { differentiable, savedAt } from "./differentiable.ts";
import { multiply } from "./elementwise.ts";
import type { OpContext } from "./types.ts";

/**
 * x [..., channels]. Frozen, it is the affine map of the running statistics. Trained, it normalises by the batch's
 * mean and biased variance, and updates both to running * momentum + batch * (1 - momentum), as Keras does (PyTorch
 * keeps the unbiased variance, and its momentum is one minus this one). On WebGPU a trained one writes them in place.
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, attributes: OpAttributes["batchNorm"], context: OpContext): Tensor {
  if (tf.getBackend() !== "webgpu") return batchNormComposed(x, gamma, beta, mean, variance, attributes, context);
  const { epsilon, momentum, activation } = attributes;
  const { training: isTrained, statistics } = context;
  const inputs = { x, gamma, beta, mean, variance };
  return differentiable(
    { x, gamma, beta },
    (save) => {
      const { y, scales } = isTrained ? kernels.batchNormByBatch(inputs, { epsilon, momentum, activation, updates: statistics === "update" }) : kernels.batchNormByRunning(inputs, { epsilon, activation });
      save([x, scales]);
      return y;
    },
    (dy, saved) => kernels.batchNormGradients({ x: savedAt(saved, 0), dy, scales: savedAt(saved, 1) }, { activation, isTrained }),
  );
}

/** Batch norm of TensorFlow.js's own kernels: what the other backends run, and what the fused kernels are tested against. */
export function batchNormComposed(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, { epsilon, momentum, activation }: OpAttributes["batchNorm"], context: OpContext): Tensor {
  const y = context.training ? batchNormByBatch(x, gamma, beta, mean, variance, epsilon, momentum, context) : batchNormByRunning(x, gamma, beta, mean, variance, epsilon);
  switch (activation) {
    case undefined:
      return y;
    case "relu":
      return relu(y);
    case "relu6":
      return relu6(y);
    case "hardSwish":
      return multiply(y, hardSigmoid(y));
    default:
      return assertNever(activation);
  }
}

function batchNormByRunning(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: number): Tensor {
  return differentiable(
    { x, gamma, beta },
    (save) => {
      save([x, gamma, mean, variance]);
      return tf.batchNorm(x, mean, variance, beta, gamma, epsilon);
    },
    (dy, saved) => {
      const inverseDeviation = (): Tensor => tf.rsqrt(tf.add(savedAt(saved, 3), epsilon));
      return {
        x: () => tf.mul(dy, tf.mul(savedAt(saved, 1), inverseDeviation())),
        gamma: () => tf.mul(sumToChannels(tf.mul(dy, tf.sub(savedAt(saved, 0), savedAt(saved, 2)))), inverseDeviation()),
        beta: () => sumToChannels(dy),
      };
    },
  );
}

function batchNormByBatch(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: number, momentum: number, { statistics, updateStatistics }: OpContext): Tensor {
  const onWasm = currentSimdKernels();
  if (onWasm) return batchNormByBatchOnWasm(onWasm, x, gamma, beta, mean, variance, epsilon, momentum, statistics === "update" ? updateStatistics : undefined);
  const channels = x.shape[x.rank - 1] as number;
  const count = x.size / channels;
  return differentiable(
    { x, gamma, beta },
    (save) => {
      const rows = tf.reshape(x, [-1, channels]);
      const batchMean = tf.mean(rows, 0);
      const centred = tf.sub(rows, batchMean);
      const batchVariance = tf.mean(tf.square(centred), 0);
      const inverseDeviation = tf.rsqrt(tf.add(batchVariance, epsilon));
      const normalised = tf.mul(centred, inverseDeviation);
      save([normalised, inverseDeviation, gamma]);
      if (statistics === "update") updateStatistics(blend(mean, batchMean, momentum), blend(variance, batchVariance, momentum));
      return tf.reshape(tf.add(tf.mul(normalised, gamma), beta), x.shape);
    },
    (dy, saved) => {
      const dyRows = tf.reshape(dy, [-1, channels]);
      const normalised = savedAt(saved, 0);
      const dBeta = tf.sum(dyRows, 0);
      const dGamma = tf.sum(tf.mul(dyRows, normalised), 0);
      return {
        x: () => {
          const drift = tf.div(tf.add(dBeta, tf.mul(normalised, dGamma)), count);
          const scale = tf.mul(savedAt(saved, 2), savedAt(saved, 1));
          return tf.reshape(tf.mul(tf.sub(dyRows, drift), scale), x.shape);
        },
        gamma: () => dGamma.clone(),
        beta: () => dBeta.clone(),
      };
    },
  );
}

/** A running statistic moved towards the batch's; the caller disposes it. */
function blend(running: Tensor, batch: Tensor, momentum: number): Tensor {
  return tf.keep(tf.add(tf.mul(running, momentum), tf.mul(batch, 1 - momentum)));
}

function batchNormByBatchOnWasm(
  kernels: SimdKernels,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
  momentum: number,
  updateStatistics: OpContext["updateStatistics"] | undefined,
): Tensor {
  return differentiable(
    { x, gamma, beta },
    (save) => {
      const batch = normaliseByBatch(kernels, x, gamma, beta, epsilon);
      save([x, gamma, batch.mean, batch.variance]);
      updateStatistics?.(blend(mean, batch.mean, momentum), blend(variance, batch.variance, momentum));
      return batch.y;
    },
    (dy, saved) => {
      const { dx, dGamma, dBeta } = normaliseByBatchGradients(kernels, dy, savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2), savedAt(saved, 3), epsilon);
      return { x: dx, gamma: () => dGamma.clone(), beta: () => dBeta.clone() };
    },
  );
}

/** x [..., channels], gamma and beta [channels]. Ba, Kiros and Hinton, 2016. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, { epsilon }: OpAttributes["layerNorm"]): Tensor {
  if (tf.getBackend() === "webgpu") return layerNormByKernels(x, gamma, beta, epsilon);
  return differentiable(
    { x, gamma, beta },
    (save) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const inverseDeviation = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
      const normalised = tf.mul(centred, inverseDeviation);
      save([normalised, inverseDeviation, gamma]);
      return tf.add(tf.mul(normalised, gamma), beta);
    },
    (dy, saved) => ({
      x: () => {
        const normalised = savedAt(saved, 0);
        const scaled = tf.mul(dy, savedAt(saved, 2));
        const tilt = tf.mul(normalised, tf.mean(tf.mul(scaled, normalised), -1, true));
        return tf.mul(tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), tilt), savedAt(saved, 1));
      },
      gamma: () => sumToChannels(tf.mul(dy, savedAt(saved, 0))),
      beta: () => sumToChannels(dy),
    }),
  );
}

function layerNormByKernels(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  return differentiable(
    { x, gamma, beta },
    (save) => {
      const { y, mean, inverseDeviation } = layerNormForward(x, gamma, beta, epsilon);
      save([x, gamma, mean, inverseDeviation]);
      return y;
    },
    (dy, saved) => {
      const { dx, dGamma, dBeta } = layerNormBackward(dy, savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2), savedAt(saved, 3));
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  );
}

/** x [..., channels], gamma [channels]. Zhang and Sennrich, 2019. */
export function rmsNorm(x: Tensor, gamma: Tensor, { epsilon }: OpAttributes["rmsNorm"]): Tensor {
  if (tf.getBackend() === "webgpu") return rmsNormByKernels(x, gamma, epsilon);
  return differentiable(
    { x, gamma },
    (save) => {
      const inverseRoot = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
      const normalised = tf.mul(x, inverseRoot);
      save([normalised, inverseRoot, gamma]);
      return tf.mul(normalised, gamma);
    },
    (dy, saved) => ({
      x: () => {
        const normalised = savedAt(saved, 0);
        const scaled = tf.mul(dy, savedAt(saved, 2));
        return tf.mul(tf.sub(scaled, tf.mul(normalised, tf.mean(tf.mul(scaled, normalised), -1, true))), savedAt(saved, 1));
      },
      gamma: () => sumToChannels(tf.mul(dy, savedAt(saved, 0))),
    }),
  );
}

function rmsNormByKernels(x: Tensor, gamma: Tensor, epsilon: number): Tensor {
  return differentiable(
    { x, gamma },
    (save) => {
      const { y, inverseRoot } = rmsNormForward(x, gamma, epsilon);
      save([x, gamma, inverseRoot]);
      return y;
    },
    (dy, saved) => {
      const { dx, dGamma } = rmsNormBackward(dy, savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2));
      return { x: () => dx, gamma: () => dGamma };
    },
  );
}

/** x / sqrt(max(sum(x^2), epsilon)) over the last axis, as tf.nn.l2_normalize. */
export function l2Normalize(x: Tensor, { epsilon }: OpAttributes["l2Normalize"]): Tensor {
  return differentiable(
    { x },
    (save) => {
      const squares = tf.sum(tf.square(x), -1, true);
      const inverseNorm = tf.rsqrt(tf.maximum(squares, epsilon));
      const y = tf.mul(x, inverseNorm);
      save([y, inverseNorm, tf.step(tf.sub(squares, epsilon))]);
      return y;
    },
    (dy, saved) => ({
      x: () => {
        const y = savedAt(saved, 0);
        const along = tf.mul(tf.sum(tf.mul(dy, y), -1, true), savedAt(saved, 2));
        return tf.mul(tf.sub(dy, tf.mul(y, along)), savedAt(saved, 1));
      },
    }),
  );
}
