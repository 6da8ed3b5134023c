/** A vocabulary's cross-entropy on wasm keeps one tensor of the logits' size, and writes the gradient over it. */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { memory, useBackend } from "../../backend.ts";
import { softmaxCrossEntropy } from "../../losses.ts";
import { variableGradients } from "../../tape.ts";
import { tf } from "../../tf.ts";
import { crossEntropyGradientOnHeap, crossEntropyOnHeap } from "./cross-entropy.ts";
import { asWasmBackend, heapBytes } from "./heap.ts";

beforeAll(() => useBackend("wasm", { wasmPath: fileURLToPath(new URL("../../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) }));

test("forward and backward hold the logits and one more of their size at once", () => {
  const logits = tf.tidy(() => tf.variable(tf.fill([1024, 8192], 0.5)));
  const labels = tf.tensor1d(Array.from({ length: 1024 }, (_, i) => (i % 5 === 0 ? -100 : 8 * i)), "int32");
  const [tensorsBefore, heapBefore] = [memory(), heapBytes(asWasmBackend(tf.backend()))];
  const { value, grads } = variableGradients(() => softmaxCrossEntropy(logits, labels), [logits]);
  const grown = heapBytes(asWasmBackend(tf.backend())) - heapBefore;
  for (const tensor of [value, ...Object.values(grads)]) tensor.dispose();
  expect(memory()).toEqual(tensorsBefore);
  // The heap grows by more than it is asked for, but not by another tensor.
  const logitsBytes = logits.size * Float32Array.BYTES_PER_ELEMENT;
  expect(grown / logitsBytes).toBeGreaterThan(0.5);
  expect(grown / logitsBytes).toBeLessThan(1.5);
  for (const tensor of [logits, labels]) tensor.dispose();
});

test("the gradient is the loss's slope: of labels, of the others, of smoothing and of weights", () => {
  const start = Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
  const [labels, rowWeights] = [tf.tensor1d([2, -100, 0], "int32"), tf.tensor1d([1, 1, 0.5])];
  const options = { labelSmoothing: 0.2, classWeights: [1, 2, 0.5, 3], rowWeights };
  const logits = tf.variable(tf.tensor2d(start, [3, 4]));
  const lossAt = (values: readonly number[]): number => tf.tidy(() => softmaxCrossEntropy(tf.tensor2d([...values], [3, 4]), labels, options).dataSync()[0] as number);
  const { value, grads } = variableGradients(() => softmaxCrossEntropy(logits, labels, options), [logits]);
  const [gradient] = Object.values(grads).map((tensor) => [...tensor.dataSync()]);
  const step = 1e-2;
  start.forEach((_, i) => {
    const moved = (by: number): number[] => start.map((x, j) => (i === j ? x + by : x));
    expect(gradient?.[i], `logit ${i}`).toBeCloseTo((lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step), 3);
  });
  for (const tensor of [value, logits, labels, rowWeights, ...Object.values(grads)]) tensor.dispose();
});

test("what others still read is not written over", () => {
  const [logits, labels, dy] = [tf.tensor2d([[1, 2, 3]]), tf.tensor1d([1], "int32"), tf.scalar(1)];
  const { probabilities, rows } = crossEntropyOnHeap(logits, { labels, labelSmoothing: 0, classWeights: undefined, rowWeights: undefined });
  const gradient = crossEntropyGradientOnHeap(dy, probabilities, rows);
  expect(() => crossEntropyGradientOnHeap(dy, probabilities, rows)).toThrow("it is computed once");
  gradient.dispose();
});
