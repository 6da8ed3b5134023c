/**
 * Dropout whose mask is drawn in the kernel, forward and again back, from a seed that is on the device: so a recorded step can
 * be replayed with another seed. Draws the numbers of core/counter-random.ts; the composed form is in ../../ops/dropout.ts.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { flatGrid, flatWorkgroup } from "./lanes.ts";

const WORKGROUP = 64;

const kernel = defineKernel({
  name: "dropout",
  inputs: { x: "f32", seed: "i32" },
  outputs: { y: "f32" },
  uniforms: { size: "u32", salt: "u32", threshold: "u32", scale: "f32" },
  workgroupSize: [WORKGROUP, 1, 1],
  code: `
fn mix(v: vec4u) -> vec4u {
  let x = v.x + v.y * v.w;
  let y = v.y + v.z * x;
  let z = v.z + x * y;
  return vec4u(x, y, z, v.w + y * z);
}
fn pcg4d(v: vec4u) -> vec4u {
  let mixed = mix(v * 1664525u + 1013904223u);
  return mix(mixed ^ (mixed >> vec4u(16u)));
}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let group = ${flatWorkgroup} * ${WORKGROUP}u + local.x;
  let bits = pcg4d(vec4u(group, u32(seed[0]), uniforms.salt, 0u));
  for (var i = 0u; i < 4u && group * 4u + i < uniforms.size; i++) {
    y[group * 4u + i] = select(x[group * 4u + i] * uniforms.scale, 0.0, bits[i] < uniforms.threshold);
  }
}`,
});

export interface Draw {
  readonly salt: number;
  /** Draws below it drop their element. */
  readonly threshold: number;
  /** Of the elements that are kept. */
  readonly scale: number;
}

/** @param seed int32 [1] */
export function dropoutByKernel(x: Tensor, seed: Tensor, { salt, threshold, scale }: Draw): Tensor {
  return kernel.run({ inputs: { x, seed }, outputs: { y: x.shape }, uniforms: { size: x.size, salt, threshold, scale }, workgroups: flatGrid(Math.ceil(x.size / 4 / WORKGROUP)) }).y;
}
