/** Our walk of the tape gives TensorFlow.js's gradients, and holds less of what it passes. */
import { afterEach, beforeAll, expect, it } from "vitest";
import "../core/testing/to-be-all-close.ts";
import { memory } from "./backend.ts";
import { variableGradients } from "./tape.ts";
import { tf, type Tensor } from "./tf.ts";

beforeAll(async () => void (await tf.setBackend("cpu")));
afterEach(() => expect(memory()).toEqual({ tensors: 0, bytes: 0 }));

/** Variables [rows, 3] of sines. */
function variables(...rows: number[]): tf.Variable[] {
  return tf.tidy(() => rows.map((count, index) => tf.variable(tf.sin(tf.reshape(tf.range(index, index + count * 3), [count, 3])))));
}

function dispose(...tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}

const functions: readonly (readonly [string, (a: Tensor, b: Tensor) => tf.Scalar])[] = [
  ["a chain", (a, b) => tf.sum(tf.tanh(tf.matMul(a, b, false, true)))],
  ["one gradient for both sides of a sum", (a) => tf.sum(tf.square(tf.add(a, tf.add(a, a))))],
  ["a value used by three", (a, b) => {
    const product = tf.matMul(b, a, false, true);
    return tf.sum(tf.add(tf.mul(product, tf.sigmoid(product)), tf.square(product)));
  }],
  ["a residual beside a branch that no variable is behind", (a) => tf.sum(tf.add(tf.mul(tf.exp(a), tf.sqrt(tf.fill([2, 3], 4))), a))],
  ["several outputs, of which one is used", (a, b) => tf.sum(tf.mul(tf.unstack(b)[1] as Tensor, a))],
];

it.each(functions)("%s", (_, run) => {
  const [a, b] = variables(2, 4) as [tf.Variable, tf.Variable];
  const want = tf.variableGrads(() => run(a, b), [a, b]);
  const got = variableGradients(() => run(a, b), [a, b]);
  expect(got.value.arraySync()).toBe(want.value.arraySync());
  const reached = Object.entries(want.grads).filter(([, gradient]) => gradient !== null && gradient !== undefined);
  expect(reached.length).toBeGreaterThan(0);
  expect(Object.keys(got.grads)).toEqual(reached.map(([name]) => name));
  for (const [name, gradient] of reached) expect([...(got.grads[name] as Tensor).dataSync()]).toEqual([...gradient.dataSync()]);
  dispose(want.value, got.value, ...reached.map(([, gradient]) => gradient), ...Object.values(got.grads), a, b);
});

it("may be handed one and the same tensor as two gradients, where tf.variableGrads uses it after its end", () => {
  const sharingSum = tf.customGrad((a, b) => ({ value: tf.add(a as Tensor, b as Tensor), gradFunc: (dy: Tensor) => [dy, dy] }));
  const run = (add: (a: Tensor, b: Tensor) => Tensor, a: Tensor): tf.Scalar => {
    const left = tf.square(a);
    return tf.sum(tf.exp(add(left, add(tf.sin(a), left))));
  };
  const [a] = variables(2) as [tf.Variable];
  const want = tf.variableGrads(() => run(tf.add, a), [a]);
  const got = variableGradients(() => run(sharingSum, a), [a]);
  expect([...(got.grads[a.name] as Tensor).dataSync()]).toEqual([...(want.grads[a.name] as Tensor).dataSync()]);
  dispose(want.value, got.value, ...Object.values(want.grads), ...Object.values(got.grads), a);
});

it("leaves nothing behind an error, and works after it", () => {
  const [a] = variables(2) as [tf.Variable];
  const before = memory();
  const fail = (): tf.Scalar => {
    tf.square(a);
    throw new Error("The loss failed.");
  };
  expect(() => variableGradients(fail, [a])).toThrow("The loss failed.");
  expect(memory()).toEqual(before);
  const { value, grads } = variableGradients(() => tf.sum(tf.square(a)), [a]);
  expect(Object.keys(grads)).toEqual([a.name]);
  dispose(value, ...Object.values(grads), a);
});

it("lets go of a long chain's gradients and saved values as it goes", () => {
  const [a] = variables(100) as [tf.Variable];
  let most = 0;
  /** Each step passes its gradient on, and looks at how much there is while it does. */
  const step = tf.customGrad((x, save) => {
    (save as (tensors: Tensor[]) => void)([x as Tensor]);
    const value = tf.mul(x as Tensor, 1);
    return { value, gradFunc: (dy: Tensor) => {
      most = Math.max(most, memory().bytes);
      return tf.mul(dy, 1);
    } };
  });
  const chain = (): tf.Scalar => {
    let x: Tensor = a;
    for (let i = 0; i < 50; i++) x = step(x);
    return tf.sum(x);
  };
  const ours = variableGradients(chain, [a]);
  const mostOfOurs = most;
  most = 0;
  const theirs = tf.variableGrads(chain, [a]);
  // 50 saved values and a gradient, against those and 50 gradients.
  expect(mostOfOurs).toBeLessThan(0.6 * most);
  dispose(ours.value, ...Object.values(ours.grads), theirs.value, ...Object.values(theirs.grads), a);
});
