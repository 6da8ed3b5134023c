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

test("what others still read is not written over", () => {
  const [logits, labels, dy] = [tf.tensor2d([[1, 2, 3]]), tf.tensor1d([1], "int32"), tf.scalar(1)];
  const { probabilities, rows } = crossEntropyOnHeap(logits, { labels, labelSmoothing: 0, classWeights: undefined, rowWeights: undefined });
  const gradient = crossEntropyGradientOnHeap(dy, probabilities, rows);
  expect(() => crossEntropyGradientOnHeap(dy, probabilities, rows)).toThrow("it is computed once");
  gradient.dispose();
});
