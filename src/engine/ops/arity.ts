/** Turns `layerNorm(x, gamma, beta, attributes)` into the engine's calling convention, and checks the number of inputs. */
import type { Tensor } from "../tf.ts";
import type { OpContext } from "./types.ts";

type Adapted<A> = (inputs: readonly Tensor[], attributes: A, context: OpContext) => Tensor;

function expectInputs(inputs: readonly Tensor[], count: number): Tensor[] {
  if (inputs.length !== count) throw new Error(`This op takes ${count} inputs and was given ${inputs.length}.`);
  return [...inputs];
}

export function takes1<A>(run: (x: Tensor, attributes: A, context: OpContext) => Tensor): Adapted<A> {
  return (inputs, attributes, context) => run(...(expectInputs(inputs, 1) as [Tensor]), attributes, context);
}

export function takes2<A>(run: (a: Tensor, b: Tensor, attributes: A, context: OpContext) => Tensor): Adapted<A> {
  return (inputs, attributes, context) => run(...(expectInputs(inputs, 2) as [Tensor, Tensor]), attributes, context);
}

export function takes3<A>(run: (a: Tensor, b: Tensor, c: Tensor, attributes: A, context: OpContext) => Tensor): Adapted<A> {
  return (inputs, attributes, context) => run(...(expectInputs(inputs, 3) as [Tensor, Tensor, Tensor]), attributes, context);
}

export function takes4<A>(run: (a: Tensor, b: Tensor, c: Tensor, d: Tensor, attributes: A, context: OpContext) => Tensor): Adapted<A> {
  return (inputs, attributes, context) => run(...(expectInputs(inputs, 4) as [Tensor, Tensor, Tensor, Tensor]), attributes, context);
}

export function takes5<A>(run: (a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor, attributes: A, context: OpContext) => Tensor): Adapted<A> {
  return (inputs, attributes, context) => run(...(expectInputs(inputs, 5) as [Tensor, Tensor, Tensor, Tensor, Tensor]), attributes, context);
}
