/** Kernels of our own beside TensorFlow.js's: several outputs, writes in place, order kept, nothing left behind. */
import { beforeAll, describe, expect, it } from "vitest";
import { memory, useBackend } from "../backend.ts";
import { tf, type Tensor } from "../tf.ts";
import { defineKernel } from "./kernel.ts";

const splitAndCount = defineKernel({
  name: "test/splitAndCount",
  inputs: { x: "f32" },
  inPlace: { calls: "i32" },
  outputs: { scaled: "f32", floor: "i32" },
  uniforms: { size: "u32", scale: "f32" },
  workgroupSize: [64, 1, 1],
  code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let i = global.x;
  if (i == 0u) { calls[0] += 1; }
  if (i >= uniforms.size) { return; }
  scaled[i] = x[i] * uniforms.scale;
  floor[i] = i32(x[i]);
}`,
});

describe("a kernel", () => {
  beforeAll(async () => {
    expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
  });

  it("reads what TensorFlow.js computed, writes several outputs and in place, and is read by TensorFlow.js", async () => {
    const before = memory();
    const calls = tf.tidy(() => tf.variable(tf.tensor1d([5], "int32")));
    const x = tf.tensor1d(Float32Array.from({ length: 130 }, (_, i) => i / 8));
    expect([...(await calls.data())]).toEqual([5]);
    for (const scale of [2, -3]) {
      const [sum, floors] = tf.tidy((): [Tensor, Tensor] => {
        const { scaled, floor } = splitAndCount.run({ inputs: { x: tf.mul(x, 2) }, inPlace: { calls }, outputs: { scaled: [130], floor: [2, 65] }, uniforms: { size: 130, scale }, workgroups: [3, 1, 1] });
        return [tf.sum(scaled), floor];
      });
      expect((await sum.data())[0]).toBe(2 * scale * (129 * 130) / 16);
      expect(floors.shape).toEqual([2, 65]);
      expect([...(await floors.data())]).toEqual(Array.from({ length: 130 }, (_, i) => Math.floor(i / 4)));
      sum.dispose();
      floors.dispose();
    }
    expect([...(await calls.data())]).toEqual([7]);
    calls.dispose();
    x.dispose();
    expect(memory().tensors).toBe(before.tensors);
  });

  it("refuses a uniform that is not whole", () => {
    const x = tf.scalar(1);
    const calls = tf.tidy(() => tf.variable(tf.tensor1d([0], "int32")));
    expect(() => tf.tidy(() => splitAndCount.run({ inputs: { x }, inPlace: { calls }, outputs: { scaled: [1], floor: [1] }, uniforms: { size: 1.5, scale: 1 }, workgroups: [1, 1, 1] }))).toThrow(/"size" is 1.5/);
    x.dispose();
    calls.dispose();
  });
});
