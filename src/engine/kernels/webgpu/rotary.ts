/** Rotary positions in one dispatch, forward and back. The composed form is in ../../ops/sequence.ts. */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { flatGrid, flatWorkgroup } from "./lanes.ts";
import { sineAndCosine } from "./trigonometry.ts";

const WORKGROUP = 64;

/** One thread turns one pair, an entry of a head's first half and that of its second. */
const kernel = defineKernel({
  name: "rotaryEmbedding",
  inputs: { x: "f32", positions: "i32", frequencies: "f32" },
  outputs: { y: "f32" },
  uniforms: { pairs: "u32", half: "u32", heads: "u32", direction: "f32" },
  workgroupSize: [WORKGROUP, 1, 1],
  code: `
alias Value = f32;
${sineAndCosine}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let pair = ${flatWorkgroup} * ${WORKGROUP}u + local.x;
  if (pair >= uniforms.pairs) { return; }
  let place = pair % uniforms.half;
  let head = pair / uniforms.half;
  let angle = f32(positions[head / uniforms.heads]) * frequencies[place];
  let c = cosine(angle);
  let s = sine(angle) * uniforms.direction;
  let first = head * 2u * uniforms.half + place;
  let second = first + uniforms.half;
  let a = x[first];
  let b = x[second];
  y[first] = a * c - b * s;
  y[second] = b * c + a * s;
}`,
});

/** x [batch, tokens, heads * 2 * half], positions int32 [batch, tokens], frequencies [half]; -1 turns back. */
export function rotate(x: Tensor, positions: Tensor, frequencies: Tensor, heads: number, direction: 1 | -1): Tensor {
  const pairs = x.size / 2;
  return kernel.run({
    inputs: { x, positions, frequencies },
    outputs: { y: x.shape },
    uniforms: { pairs, half: frequencies.size, heads, direction },
    workgroups: flatGrid(Math.ceil(pairs / WORKGROUP)),
  }).y;
}
