/** Steps parameters by a rule and keeps the rule's slots: one class for every optimizer. */
import { exclusiveFloats, markWritten, readableFloats } from "../kernels/wasm/heap.ts";
import { tf, type Tensor } from "../tf.ts";
import type { StepOptions, UpdateRule } from "./rule.ts";

export interface Optimizer {
  /**
   * Steps every parameter that has a gradient. The caller keeps both maps.
   * @param learningRate of a parameter, by its name.
   */
  step(parameters: ReadonlyMap<string, tf.Variable>, gradients: ReadonlyMap<string, Tensor>, learningRate: (name: string) => number): void;
  /** Copies of everything that the next step depends on, by `parameter:slot`, and the count of steps. The caller disposes them. */
  state(): ReadonlyMap<string, Tensor>;
  /** Continues from such a state, which stays the caller's. */
  restore(state: ReadonlyMap<string, Tensor>): void;
  dispose(): void;
}

const STEP_COUNT = "step";

/** Biases and the scales and shifts of norms do not decay: pulling them to zero does not simplify the function. */
export function decayOf({ shape }: { readonly shape: readonly number[] }, weightDecay: number): number {
  return shape.length < 2 ? 0 : weightDecay;
}

export class RuleOptimizer implements Optimizer {
  private readonly rule: UpdateRule;
  private readonly weightDecay: number;
  private readonly slots = new Map<string, tf.Variable>();
  private steps = 0;

  constructor(rule: UpdateRule, { weightDecay }: { readonly weightDecay: number }) {
    this.rule = rule;
    this.weightDecay = weightDecay;
  }

  step(parameters: ReadonlyMap<string, tf.Variable>, gradients: ReadonlyMap<string, Tensor>, learningRate: (name: string) => number): void {
    this.steps++;
    const scalars = new Map<number, Tensor>();
    // Kept across the parameters' own tidies: all of them use the same few.
    const scalar = (value: number): Tensor => {
      const tensor = scalars.get(value) ?? tf.keep(tf.scalar(value));
      scalars.set(value, tensor);
      return tensor;
    };
    for (const [name, gradient] of gradients) {
      const parameter = parameters.get(name);
      if (parameter === undefined) throw new Error(`There is a gradient for "${name}", which is not among the parameters.`);
      const slots = this.rule.slots.map((slot) => this.slotOf(name, slot, parameter));
      const weightDecay = decayOf(parameter, this.weightDecay);
      this.stepOne(parameter, gradient, slots, { step: this.steps, learningRate: learningRate(name), weightDecay }, scalar);
    }
    for (const tensor of scalars.values()) tensor.dispose();
  }

  private stepOne(parameter: tf.Variable, gradient: Tensor, slots: readonly tf.Variable[], options: StepOptions, scalar: (value: number) => Tensor): void {
    const inPlace = [parameter, ...slots].map(exclusiveFloats);
    if (inPlace.every((values) => values !== null)) {
      const [values, ...slotValues] = inPlace as [Float32Array, ...Float32Array[]];
      this.rule.update(values, readableFloats(gradient), slotValues, options);
      markWritten(parameter);
      return;
    }
    tf.tidy(() => {
      const next = this.rule.compose(parameter, gradient, slots, options, scalar);
      [parameter, ...slots].forEach((variable, index) => variable.assign(next[index] as Tensor));
    });
  }

  private slotOf(parameter: string, slot: string, { shape }: tf.Variable): tf.Variable {
    const key = `${parameter}:${slot}`;
    const known = this.slots.get(key);
    if (known) return known;
    const fresh = tf.tidy(() => tf.variable(tf.fill(shape, 0), false));
    this.slots.set(key, fresh);
    return fresh;
  }

  state(): ReadonlyMap<string, Tensor> {
    const slots = [...this.slots].map(([key, variable]) => [key, tf.clone(variable)] as const);
    return new Map<string, Tensor>([...slots, [STEP_COUNT, tf.scalar(this.steps, "int32")]]);
  }

  restore(state: ReadonlyMap<string, Tensor>): void {
    this.dispose();
    for (const [key, tensor] of state) {
      if (key === STEP_COUNT) this.steps = tensor.dataSync()[0] as number;
      else this.slots.set(key, tf.variable(tensor, false));
    }
  }

  dispose(): void {
    for (const variable of this.slots.values()) variable.dispose();
    this.slots.clear();
    this.steps = 0;
  }
}
