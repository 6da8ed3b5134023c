/** Finds where a smooth convex function is least, by limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5). */
import type { Pace } from "../../../data/pace.ts";

export interface MinimiseOptions {
  /** What to multiply each element of the gradient by: about the inverse of the second derivative, so that all directions are alike. */
  readonly scales: Float64Array;
  /** Ends when no element of the gradient is larger. */
  readonly tolerance: number;
  readonly maximumIterations: number;
  /** Steps that are remembered: two vectors each. */
  readonly memory: number;
  readonly onIteration?: (done: number) => void;
}

/** Sets `gradient`, as long as `x`, to that at `x`, and gives the value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => Promise<number>;

interface Step {
  readonly move: Float64Array;
  readonly change: Float64Array;
  /** Of the two. */
  readonly product: number;
}

const sufficientDecrease = 1e-4;
const maximumHalvings = 40;

/** Consumes `x`; the result is where the function is least, as far as the iterations got. */
export async function minimise(objective: Objective, x: Float64Array, { scales, tolerance, maximumIterations, memory, onIteration }: MinimiseOptions, pace: Pace): Promise<Float64Array> {
  let gradient: Float64Array = new Float64Array(x.length);
  let value = await objective(x, gradient);
  const steps: Step[] = [];
  for (let iteration = 0; iteration < maximumIterations && largest(gradient) > tolerance; iteration++) {
    const direction = await descent(gradient, steps, scales, pace);
    const slope = dot(direction, gradient);
    let nextX: Float64Array = x;
    let nextGradient: Float64Array = gradient;
    let nextValue = value;
    let stepSize = 1;
    let halvings = 0;
    for (; halvings < maximumHalvings; halvings++, stepSize /= 2) {
      nextX = x.slice();
      addScaled(nextX, direction, stepSize);
      nextGradient = new Float64Array(x.length);
      nextValue = await objective(nextX, nextGradient);
      if (nextValue <= value + sufficientDecrease * stepSize * slope) break;
    }
    // As low as rounding lets it be.
    if (halvings === maximumHalvings) break;
    const move = difference(nextX, x);
    const change = difference(nextGradient, gradient);
    const product = dot(move, change);
    if (product > 1e-12 * dot(change, change)) {
      steps.push({ move, change, product });
      if (steps.length > memory) steps.shift();
    }
    [x, gradient, value] = [nextX, nextGradient, nextValue];
    onIteration?.(iteration + 1);
    await pace.breathe();
  }
  return x;
}

/** The gradient's opposite, bent by what the last steps told about the curvature. */
async function descent(gradient: Float64Array, steps: readonly Step[], scales: Float64Array, pace: Pace): Promise<Float64Array> {
  const direction = new Float64Array(gradient.length);
  addScaled(direction, gradient, -1);
  const shares: number[] = [];
  for (const { move, change, product } of steps.toReversed()) {
    const share = dot(move, direction) / product;
    addScaled(direction, change, -share);
    shares.push(share);
    await pace.breathe();
  }
  for (let i = 0; i < direction.length; i++) direction[i]! *= scales[i] as number;
  for (const { move, change, product } of steps) {
    addScaled(direction, move, (shares.pop() as number) - dot(change, direction) / product);
    await pace.breathe();
  }
  return direction;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const result = a.slice();
  addScaled(result, b, -1);
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** target += scale * values, in place. */
function addScaled(target: Float64Array, values: Float64Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += scale * (values[i] as number);
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
}
