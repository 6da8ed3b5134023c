/** Steps parameters by a rule and keeps the rule's slots: one class for every optimizer. */
import { exclusiveFloats, markWritten, readableFloats } from "../kernels/wasm/heap.ts";
import type { Weights } from "../../graph/types.ts";
import { tf, type Tensor } from "../tf.ts";
import type { StepOptions, UpdateRule } from "./rule.ts";

/** Everything that the next step depends on beside the parameters, on the host: any optimizer of the kind goes on from it, on any device. */
export interface OptimizerState {
  /** Taken so far. */
  readonly steps: number;
  /** By `parameter:slot`. */
  readonly slots: Weights;
}

export function slotKey(parameter: string, slot: string): string {
  return `${parameter}:${slot}`;
}

export interface Optimizer {
  /**
   * Steps every parameter that has a gradient. The caller keeps both maps.
   * @param learningRate of a parameter, by its name.
   */
  step(parameters: ReadonlyMap<string, tf.Variable>, gradients: ReadonlyMap<string, Tensor>, learningRate: (name: string) => number): void;
  snapshot(): Promise<OptimizerState>;
  /** Continues from such a state. */
  restore(state: OptimizerState): void;
  dispose(): void;
}

/** Biases and the scales and shifts of norms do not decay: pulling them to zero does not simplify the function. */
export function decayOf({ shape }: { readonly shape: readonly number[] }, weightDecay: number): number {
  return shape.length < 2 ? 0 : weightDecay;
}

export class RuleOptimizer implements Optimizer {
  private readonly rule: UpdateRule;
  private readonly weightDecay: number;
  private readonly slots = new Map<string, tf.Variable>();
  /** Values that slots start from when they are first needed. */
  private restored: Weights = new Map();
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
    const key = slotKey(parameter, slot);
    const known = this.slots.get(key);
    if (known) return known;
    const values = this.restored.get(key);
    const fresh = tf.tidy(() => tf.variable(values ? tf.tensor(values, shape, "float32") : tf.fill(shape, 0), false));
    this.slots.set(key, fresh);
    return fresh;
  }

  async snapshot(): Promise<OptimizerState> {
    const values = await Promise.all([...this.slots].map(async ([key, variable]) => [key, ((await variable.data()) as Float32Array).slice()] as const));
    return { steps: this.steps, slots: new Map([...this.restored, ...values]) };
  }

  restore({ steps, slots }: OptimizerState): void {
    this.dispose();
    this.steps = steps;
    this.restored = slots;
  }

  dispose(): void {
    for (const variable of this.slots.values()) variable.dispose();
    this.slots.clear();
    this.restored = new Map();
    this.steps = 0;
  }
}
