/**
 * Dropout whose mask depends on the step's seed, the node and the element's index alone: the same on every backend, and not
 * kept, but drawn again for the gradient.
 */
import { pcg4d } from "../../core/counter-random.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { dropoutByKernel, type Draw } from "../kernels/webgpu/dropout.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";
import type { OpContext, StepSeed } from "./types.ts";

export function dropout(x: Tensor, { rate }: OpAttributes["dropout"], context: OpContext): Tensor {
  if (!context.training || rate === 0) return tf.clone(x);
  // Read only here: outside of training there is no seed.
  const { seed, salt } = context;
  const draw = { salt, threshold: Math.floor(rate * 2 ** 32), scale: 1 / (1 - rate) };
  return tf.getBackend() === "webgpu" ? dropByKernel(x, seed, draw) : dropByMask(x, seed, draw);
}

function dropByKernel(x: Tensor, { tensor }: StepSeed, draw: Draw): Tensor {
  if (tensor === null) throw new Error("On WebGPU dropout reads the step's seed from a tensor, and none was given.");
  return differentiable(
    { x },
    (save) => {
      save([tensor]);
      return dropoutByKernel(x, tensor, draw);
    },
    (dy, saved) => ({ x: () => dropoutByKernel(dy, savedAt(saved, 0), draw) }),
  );
}

function dropByMask(x: Tensor, { value }: StepSeed, draw: Draw): Tensor {
  const masked = (input: Tensor): Tensor => tf.mul(input, tf.tensor(mask(input.size, value, draw), input.shape));
  return differentiable({ x }, () => masked(x), (dy) => ({ x: () => masked(dy) }));
}

/** 0 for the elements that are dropped, else `scale`: element i is decided by word i % 4 of the hash of i / 4, seed and salt. */
function mask(size: number, seed: number, { salt, threshold, scale }: Draw): Float32Array {
  const result = new Float32Array(size);
  const words = new Uint32Array(4);
  for (let i = 0; i < size; i++) {
    if (i % 4 === 0) {
      words.set([i / 4, seed, salt, 0]);
      pcg4d(words);
    }
    result[i] = words[i % 4]! < threshold ? 0 : scale;
  }
  return result;
}
