/**
 * What a training step does to all parameters at once, over the flat buffers that hold them: adding up micro-batches, the
 * gradient's norm, and the update. What changes from step to step comes in buffers, so that the step can be replayed.
 */
import type { UpdateRule } from "../../optimizers/rule.ts";
import type { Tensor } from "../../tf.ts";
import { BLOCK_VALUES } from "../../webgpu/flat.ts";
import { defineKernel } from "../../webgpu/kernel.ts";

/** Values that one workgroup sums: few enough that a small model keeps a device busy. */
const SUMMED_BY_WORKGROUP = 4096;
const THREADS = 256;

/** A grid of workgroups beyond what one axis holds is folded into a second. */
function grid(workgroups: number): [number, number, number] {
  const width = Math.min(workgroups, 32768);
  return [width, Math.ceil(workgroups / width), 1];
}

const accumulateKernel = defineKernel({
  name: "step/accumulate",
  inputs: { gradients: "f32", figures: "f32", micro: "f32" },
  inPlace: { sums: "f32", stepFigures: "f32" },
  outputs: {},
  uniforms: { size: "u32", width: "u32" },
  workgroupSize: [THREADS, 1, 1],
  // micro: [share, 1 for the step's first micro-batch].
  code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let i = (workgroup.y * uniforms.width + workgroup.x) * ${THREADS}u + local.x;
  if (i < 2u) { stepFigures[i] = select(stepFigures[i], 0.0, micro[1] > 0.0) + micro[0] * figures[i]; }
  if (i < uniforms.size) { sums[i] = select(sums[i], 0.0, micro[1] > 0.0) + micro[0] * gradients[i]; }
}`,
});

/** sums and stepFigures [loss, score, …] become or grow by share * gradients and share * figures. */
export function accumulate(gradients: Tensor, figures: Tensor, micro: Tensor, sums: Tensor, stepFigures: Tensor): void {
  const workgroups = grid(Math.ceil(gradients.size / THREADS));
  accumulateKernel.run({ inputs: { gradients, figures, micro }, inPlace: { sums, stepFigures }, outputs: {}, uniforms: { size: gradients.size, width: workgroups[0] }, workgroups });
}

const treeSum = `
var<workgroup> partial: array<f32, ${THREADS}>;
fn sumOfWorkgroup(thread: u32, value: f32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var stride = ${THREADS / 2}u; stride > 0u; stride /= 2u) {
    if (thread < stride) { partial[thread] += partial[thread + stride]; }
    workgroupBarrier();
  }
  return partial[0];
}`;

const squaresKernel = defineKernel({
  name: "step/squares",
  inputs: { gradients: "f32" },
  outputs: { squares: "f32" },
  uniforms: { size: "u32", width: "u32" },
  workgroupSize: [THREADS, 1, 1],
  code: `${treeSum}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let number = workgroup.y * uniforms.width + workgroup.x;
  let begin = number * ${SUMMED_BY_WORKGROUP}u;
  var sum = 0.0;
  for (var i = begin + local.x; i < min(begin + ${SUMMED_BY_WORKGROUP}u, uniforms.size); i += ${THREADS}u) { sum += gradients[i] * gradients[i]; }
  let total = sumOfWorkgroup(local.x, sum);
  if (local.x == 0u && begin < uniforms.size) { squares[number] = total; }
}`,
});

const normKernel = defineKernel({
  name: "step/norm",
  inputs: { squares: "f32" },
  inPlace: { stepFigures: "f32" },
  outputs: { scale: "f32" },
  uniforms: { size: "u32", maxNorm: "f32" },
  workgroupSize: [THREADS, 1, 1],
  // The epsilon is that of torch.nn.utils.clip_grad_norm_. A norm that is not a number has to reach the parameters' figures.
  code: `${treeSum}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  var sum = 0.0;
  for (var i = local.x; i < uniforms.size; i += ${THREADS}u) { sum += squares[i]; }
  let norm = sqrt(sumOfWorkgroup(local.x, sum));
  if (local.x == 0u) {
    stepFigures[2] = norm;
    let limited = uniforms.maxNorm / (norm + 1e-6);
    scale[0] = select(limited, 1.0, uniforms.maxNorm == 0.0 || limited >= 1.0);
  }
}`,
});

/** Writes the norm to stepFigures[2]. @returns [1]: what gradients are multiplied by; 1 where `maxNorm` is 0 or is kept. */
export function normAndScale(gradients: Tensor, stepFigures: Tensor, maxNorm: number): Tensor {
  const count = Math.ceil(gradients.size / SUMMED_BY_WORKGROUP);
  const workgroups = grid(count);
  const { squares } = squaresKernel.run({ inputs: { gradients }, outputs: { squares: [count] }, uniforms: { size: gradients.size, width: workgroups[0] }, workgroups });
  const { scale } = normKernel.run({ inputs: { squares }, inPlace: { stepFigures }, outputs: { scale: [1] }, uniforms: { size: count, maxNorm }, workgroups: [1, 1, 1] });
  return scale;
}

export type UpdateKernel = ReturnType<typeof updateKernel>;

/** The rule of an optimizer, for all parameters in one dispatch: a block of the flat buffers has one rate and one decay. */
export function updateKernel(name: string, { slots, kernel }: Pick<UpdateRule, "slots" | "kernel">) {
  return defineKernel({
    name: `step/${name}`,
    inputs: { gradients: "f32", scale: "f32", groupOfBlock: "i32", rates: "f32", scalars: "f32" },
    inPlace: { parameters: "f32", ...Object.fromEntries(slots.map((slot) => [slot, "f32" as const])) },
    outputs: {},
    uniforms: { size: "u32", width: "u32" },
    workgroupSize: [BLOCK_VALUES, 1, 1],
    code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let block = workgroup.y * uniforms.width + workgroup.x;
  let i = block * ${BLOCK_VALUES}u + local.x;
  if (i >= uniforms.size) { return; }
  let group = u32(groupOfBlock[block]);
  let rate = rates[2u * group];
  let decay = rates[2u * group + 1u];
  let gradient = gradients[i] * scale[0];
  let value = parameters[i];
  ${kernel}
}`,
  });
}

/** One workgroup a block. */
export function blockGrid(values: number): [number, number, number] {
  return grid(Math.ceil(values / BLOCK_VALUES));
}
