/**
 * Gives an op a gradient of our own. Unlike tf.customGrad, the gradient of each input is a thunk that TensorFlow.js's
 * tape calls only if something trainable lies behind that input: behind a frozen kernel or the first image, no gradient
 * is computed. Beside ../tape.ts the one place that reaches into the engine's tape.
 */
import { tf, type Tensor } from "../tf.ts";

/** Keeps tensors for the gradient; they are disposed with the tape. Does nothing outside of one. */
export type Save = (tensors: readonly Tensor[]) => void;
/** Input name -> its gradient, computed on demand. Inputs that are left out of `inputs` get none. */
export type Gradients<Name extends string> = Readonly<Record<Name, () => Tensor>>;

interface Invocation {
  readonly forwardFunc: (backend: unknown, save: Save) => Tensor;
  readonly backwardsFunc: (dy: Tensor, saved: readonly Tensor[]) => Gradients<string>;
  readonly inputs: Readonly<Record<string, Tensor>>;
}

/**
 * Runs `forward` off the tape and records it as one node with the gradients that `backward` returns.
 * What `forward` creates is disposed, apart from its result and what it saves.
 */
export function differentiable<Name extends string>(
  inputs: Readonly<Record<Name, Tensor>>,
  forward: (save: Save) => Tensor,
  backward: (dy: Tensor, saved: readonly Tensor[]) => Gradients<Name>,
): Tensor {
  const engine = tf.engine() as unknown as { runKernelFunc(invocation: Invocation): Tensor };
  return engine.runKernelFunc({ forwardFunc: (_backend, save) => forward(save), backwardsFunc: backward, inputs });
}

/** For what has no slope (a comparison, a place): nothing behind it gets a gradient by it. */
export function withoutGradient(run: () => Tensor): Tensor {
  return differentiable({}, run, () => ({}));
}

/** What `save` was given, by position. */
export function savedAt(saved: readonly Tensor[], index: number): Tensor {
  const tensor = saved[index];
  if (tensor === undefined) throw new Error(`The gradient wants saved tensor ${index}, and ${saved.length} were saved.`);
  return tensor;
}
