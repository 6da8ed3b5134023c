import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { useBackend } from "../backend.ts";
import { tf } from "../tf.ts";
import { createOptimizer } from "./index.ts";

test("convolutions see a kernel that was stepped in place on wasm", async () => {
  await useBackend("wasm", { wasmPath: fileURLToPath(new URL("../../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)) });
  const x = tf.tensor4d(Float32Array.from({ length: 2 * 5 * 4 * 3 }, (_, i) => Math.sin(i)), [2, 5, 4, 3]);
  for (const convolve of [(kernel: tf.Tensor) => tf.conv2d(x, kernel as tf.Tensor4D, 1, "same"), (kernel: tf.Tensor) => tf.depthwiseConv2d(x, kernel as tf.Tensor4D, 1, "same")]) {
    // The variable owns its memory alone; otherwise the step is not in place.
    const kernel = tf.tidy(() => tf.variable(tf.tensor(Float32Array.from({ length: 3 * 3 * 3 * 2 }, (_, i) => Math.cos(i)), [3, 3, 3, 2])));
    const before = await convolve(kernel).data();
    const optimizer = createOptimizer("sgd", { weightDecay: 0, momentum: 0.9 });
    optimizer.step(new Map([["kernel", kernel]]), new Map([["kernel", tf.onesLike(kernel)]]), () => 0.5);
    const after = await convolve(kernel).data();
    const fresh = await convolve(tf.tensor(await kernel.data(), kernel.shape)).data();
    expect(after).toBeAllClose(fresh, { atol: 1e-6 });
    expect(Math.abs((after[0] ?? 0) - (before[0] ?? 0))).toBeGreaterThan(0.01);
    optimizer.dispose();
  }
});
