/**
 * Dropout whose draws depend on the step's seed, the node and the element's index alone: the same on every backend, and not
 * kept, but made again for the gradient.
 */
import { pcg4d } from "../../core/counter-random.ts";
import type { OpAttributes } from "../../graph/types.ts";
import { hostFloats } from "../kernels/wasm/heap.ts";
import { dropoutByKernel, type Draw } from "../kernels/webgpu/dropout.ts";
import { tf, type Tensor } from "../tf.ts";
import { differentiable, savedAt } from "./differentiable.ts";
import type { OpContext, StepSeed } from "./types.ts";

export function dropout(x: Tensor, { rate }: OpAttributes["dropout"], context: OpContext): Tensor {
  if (!context.training || rate === 0) return tf.clone(x);
  // Read only here: outside of training there is no seed.
  const { seed, salt } = context;
  const draw = { salt, threshold: Math.floor(rate * 2 ** 32), scale: 1 / (1 - rate) };
  return tf.getBackend() === "webgpu" ? dropByKernel(x, seed, draw) : dropByIndex(x, seed, draw);
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

function dropByIndex(x: Tensor, { value }: StepSeed, draw: Draw): Tensor {
  const drop = (input: Tensor): Tensor => tf.tensor(dropped(hostFloats(input), value, draw), input.shape);
  return differentiable({ x }, () => drop(x), (dy) => ({ x: () => drop(dy) }));
}

/** 0 for the elements that are dropped, else the value times `scale`: element i is decided by word i % 4 of the hash of i / 4, seed and salt. */
function dropped(values: Float32Array, seed: number, { salt, threshold, scale }: Draw): Float32Array {
  const result = new Float32Array(values.length);
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i += 4) {
    words[0] = i / 4;
    words[1] = seed;
    words[2] = salt;
    words[3] = 0;
    pcg4d(words);
    for (let word = 0; word < 4 && i + word < values.length; word++) result[i + word] = words[word]! < threshold ? 0 : values[i + word]! * scale;
  }
  return result;
}
