/**
 * Walks TensorFlow.js's gradient tape backwards as tf.variableGrads does, but lets go of what is done with: each gradient of an
 * intermediate value, and what was saved for an operation, as soon as its operation has been passed. tf.variableGrads
 * keeps all of them to the end, which is more than half of the memory of a training step. What is recomputed keeps even less,
 * for the price of a second forward pass. No gradients of gradients.
 */
import { differentiable, savedAt } from "./ops/differentiable.ts";
import { tf, type Tensor } from "./tf.ts";

interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  readonly gradient?: (dys: readonly (Tensor | null)[]) => Readonly<Record<string, () => Tensor>>;
}

/** What tfjs-core 4.22 has in its engine (dist/engine.js). */
interface TapedEngine {
  readonly state: { activeTape: readonly TapeNode[] | null; readonly gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

export interface VariableGradients {
  readonly value: tf.Scalar;
  /** By the variable's name. Those that do not lie behind the value have none. */
  readonly grads: Readonly<Record<string, Tensor>>;
}

/** Ids of the tensors that depend on one of `from`. */
function dependents(tape: readonly TapeNode[], from: readonly Tensor[]): Set<number> {
  const found = new Set(from.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => found.has(id))) for (const { id } of outputs) found.add(id);
  }
  return found;
}

/** Gradients by the id of the tensor that they belong to. One tensor may be the gradient of several: the last to go disposes it. */
class Accumulator {
  private readonly byId = new Map<number, Tensor>();
  private readonly holders = new Map<Tensor, number>();

  add(id: number, gradient: Tensor): void {
    const known = this.byId.get(id);
    const total = known ? tf.add(known, gradient) : gradient;
    this.holders.set(total, (this.holders.get(total) ?? 0) + 1);
    this.byId.set(id, total);
    if (!known) return;
    this.release(known);
    // Not held yet, unless it is another's too.
    if (!this.holders.has(gradient)) gradient.dispose();
  }

  take(id: number): Tensor | null {
    const gradient = this.byId.get(id) ?? null;
    this.byId.delete(id);
    return gradient;
  }

  release(gradient: Tensor): void {
    const others = (this.holders.get(gradient) ?? 1) - 1;
    if (others > 0) this.holders.set(gradient, others);
    else {
      this.holders.delete(gradient);
      gradient.dispose();
    }
  }
}

function forget(node: TapeNode): void {
  for (const tensor of node.saved) tensor.dispose();
}

/** The gradients of `leaves`, in their order; null for one that `value` does not depend on. Consumes `dValue`, the gradient of `value`. */
function backwards(tape: readonly TapeNode[], value: Tensor, dValue: Tensor, leaves: readonly Tensor[]): (Tensor | null)[] {
  const wanted = dependents(tape, leaves);
  const gradients = new Accumulator();
  gradients.add(value.id, dValue);
  for (const node of tape.toReversed()) {
    const dys = node.outputs.map(({ id }) => gradients.take(id));
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => wanted.has(id));
    if (inputs.length > 0 && dys.some((dy) => dy !== null)) {
      if (!node.gradient) throw new Error(`${node.kernelName} has no gradient.`);
      const { gradient } = node;
      const dxs = tf.tidy(() => {
        const thunks = gradient(dys);
        return inputs.map(([name]) => (thunks[name] as () => Tensor)());
      });
      inputs.forEach(([name, { id, shape }], index) => {
        const dx = dxs[index] as Tensor;
        if (!tf.util.arraysEqual(dx.shape, shape)) throw new Error(`${node.kernelName}: the gradient of "${name}" is [${dx.shape.join(", ")}], and the input is [${shape.join(", ")}].`);
        gradients.add(id, dx);
      });
    }
    for (const dy of dys) if (dy) gradients.release(dy);
    forget(node);
  }
  return leaves.map(({ id }) => gradients.take(id));
}

/** The value of `run` and its gradients; the caller disposes them. What `run` creates beside is disposed. */
export function variableGradients(run: () => tf.Scalar, variables: readonly tf.Variable[]): VariableGradients {
  const engine = tf.engine() as unknown as TapedEngine;
  if (engine.state.gradientDepth > 0) throw new Error("Gradients within gradients are not supported.");
  engine.startTape();
  try {
    const value = ((): tf.Scalar => {
      try {
        return tf.tidy(run);
      } finally {
        engine.endTape();
      }
    })();
    const tape = engine.state.activeTape ?? [];
    const grads = tf.tidy(() => {
      const found = backwards(tape, value, tf.ones(value.shape), variables);
      return Object.fromEntries(found.flatMap((gradient, i) => (gradient ? [[(variables[i] as tf.Variable).name, gradient]] : [])));
    });
    return { value, grads };
  } finally {
    // Disposing twice does nothing: after an error, what is still saved goes too.
    engine.state.activeTape?.forEach(forget);
    engine.state.activeTape = null;
  }
}

/**
 * Runs `run` off the tape and keeps none of what it computes on the way: the backward pass runs it once more, on a tape of its
 * own, when its gradient is asked for.
 * @param inputs every tensor that `run` reads; it must not read others that have a gradient.
 * @param wanted names of the inputs that may have one.
 * @param run the same values both times; `again` is true in the backward pass.
 */
export function recomputed(inputs: Readonly<Record<string, Tensor>>, wanted: ReadonlySet<string>, run: (inputs: Readonly<Record<string, Tensor>>, again: boolean) => Tensor): Tensor {
  const names = Object.keys(inputs);
  return differentiable(
    inputs,
    (save) => {
      save(names.map((name) => inputs[name] as Tensor));
      return run(inputs, false);
    },
    (dy, saved) => {
      const leaves = names.filter((name) => wanted.has(name));
      const kept = Object.fromEntries(names.map((name, i) => [name, savedAt(saved, i)]));
      const found = gradientsAgain(() => run(kept, true), leaves.map((name) => kept[name] as Tensor), dy);
      return Object.fromEntries(leaves.map((name, i) => [name, () => found[i] as Tensor]));
    },
  );
}

/** Gradients within the backward pass of the outer tape, which waits meanwhile. */
function gradientsAgain(run: () => Tensor, leaves: readonly Tensor[], dy: Tensor): Tensor[] {
  const engine = tf.engine() as unknown as TapedEngine;
  const outer = engine.state.activeTape;
  engine.startTape();
  try {
    const value = ((): Tensor => {
      try {
        return tf.tidy(run);
      } finally {
        engine.endTape();
      }
    })();
    const tape = engine.state.activeTape ?? [];
    // Clone: whoever walks the outer tape still has a use for its gradient.
    const found = tf.tidy(() => backwards(tape, value, tf.clone(dy), leaves).map((gradient, i) => gradient ?? tf.zerosLike(leaves[i] as Tensor)));
    value.dispose();
    return found;
  } finally {
    engine.state.activeTape?.forEach(forget);
    engine.state.activeTape = outer;
  }
}
