/**
 * Softmax cross-entropy in two dispatches forward and one back, for a few classes or a language model's whole vocabulary: a
 * workgroup to each row, nothing of the size of the logits but their gradient. The composed form is in ../../losses.ts.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { flatGrid, flatWorkgroup } from "./lanes.ts";

const WORKGROUP = 64;

export interface CrossEntropyTargets {
  /** int32 [rows]; negative where a row does not count. */
  readonly labels: Tensor;
  readonly labelSmoothing: number;
  /** [classes] */
  readonly classWeights: Tensor | undefined;
  /** [rows] */
  readonly rowWeights: Tensor | undefined;
}

type Weights<Value> = Readonly<Record<"classWeights" | "rowWeights", Value>>;

/** Those that are given. The type says both, because a kernel's inputs are a fixed set: each variant has its own. */
function present<Value>({ classWeights, rowWeights }: Weights<Value | undefined>): Weights<Value> {
  return Object.fromEntries(Object.entries({ classWeights, rowWeights }).filter(([, value]) => value !== undefined)) as Weights<Value>;
}

/** WGSL for each of the four combinations of weights; both are arrays only where they are given. */
interface Weighting {
  readonly inputs: Weights<"f32">;
  readonly code: string;
}

const weightings = [false, true].map((ofClasses) =>
  [false, true].map((ofRows): Weighting => ({
    inputs: present({ classWeights: ofClasses ? "f32" : undefined, rowWeights: ofRows ? "f32" : undefined }),
    code: `
fn weightOfClass(class_: u32) -> f32 { return ${ofClasses ? "classWeights[class_]" : "1.0"}; }
fn weightOfRow(row: u32) -> f32 { return ${ofRows ? "rowWeights[row]" : "1.0"}; }`,
  })),
);

/** Row by row: the log of the sum of exponentials, the weighted loss, the weight in the mean, the sum of the row's targets. */
const rowKernels = weightings.map((row) =>
  row.map(({ inputs, code }) =>
    defineKernel({
      name: "crossEntropy/rows",
      inputs: { logits: "f32", labels: "i32", ...inputs },
      outputs: { rows: "vec4f" },
      uniforms: { rowCount: "u32", classes: "u32", smoothing: "f32" },
      workgroupSize: [WORKGROUP, 1, 1],
      code: `
${code}
var<workgroup> peaks: array<f32, ${WORKGROUP}>;
// The sums of exponentials, of weighted logits and of weights.
var<workgroup> sums: array<vec3f, ${WORKGROUP}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let row = ${flatWorkgroup};
  let begin = row * uniforms.classes;
  let end = select(0u, uniforms.classes, row < uniforms.rowCount);
  var peak = -3e38;
  var sum = vec3f(0.0);
  for (var i = local.x; i < end; i += ${WORKGROUP}u) {
    let logit = logits[begin + i];
    if (logit > peak) {
      sum.x *= exp(peak - logit);
      peak = logit;
    }
    let weight = weightOfClass(i);
    sum += vec3f(exp(logit - peak), weight * logit, weight);
  }
  peaks[local.x] = peak;
  sums[local.x] = sum;
  workgroupBarrier();
  if (local.x > 0u || end == 0u) { return; }
  for (var i = 0u; i < ${WORKGROUP}u; i++) { peak = max(peak, peaks[i]); }
  sum = vec3f(0.0);
  for (var i = 0u; i < ${WORKGROUP}u; i++) { sum += vec3f(sums[i].x * exp(peaks[i] - peak), sums[i].yz); }
  let logSum = peak + log(sum.x);
  let label = labels[row];
  let counts = label >= 0;
  let target_ = u32(max(label, 0));
  let weight = weightOfClass(target_);
  let even = uniforms.smoothing / f32(uniforms.classes);
  // Not logSum times the weights minus the logits: those are large, and their difference is not.
  let loss = (1.0 - uniforms.smoothing) * weight * (logSum - logits[begin + target_]) + even * (sum.z * logSum - sum.y);
  let share = select(0.0, weightOfRow(row), counts);
  rows[row] = vec4f(logSum, select(0.0, loss * share, counts), weight * share, (1.0 - uniforms.smoothing) * weight + even * sum.z);
}`,
    }),
  ),
);

const meanKernel = defineKernel({
  name: "crossEntropy/mean",
  inputs: { rows: "vec4f" },
  outputs: { loss: "f32", weight: "f32" },
  uniforms: { rowCount: "u32" },
  workgroupSize: [WORKGROUP, 1, 1],
  code: `
var<workgroup> parts: array<vec2f, ${WORKGROUP}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  var sum = vec2f(0.0);
  for (var row = local.x; row < uniforms.rowCount; row += ${WORKGROUP}u) { sum += rows[row].yz; }
  parts[local.x] = sum;
  workgroupBarrier();
  if (local.x > 0u) { return; }
  for (var i = 1u; i < ${WORKGROUP}u; i++) { sum += parts[i]; }
  loss[0] = sum.x / sum.y;
  weight[0] = sum.y;
}`,
});

const gradientKernels = weightings.map((row) =>
  row.map(({ inputs, code }) =>
    defineKernel({
      name: "crossEntropy/gradient",
      inputs: { dy: "f32", logits: "f32", labels: "i32", rows: "vec4f", weight: "f32", ...inputs },
      outputs: { gradient: "f32" },
      uniforms: { size: "u32", classes: "u32", smoothing: "f32" },
      workgroupSize: [WORKGROUP, 1, 1],
      code: `
${code}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let i = ${flatWorkgroup} * ${WORKGROUP}u + local.x;
  if (i >= uniforms.size) { return; }
  let row = i / uniforms.classes;
  let class_ = i % uniforms.classes;
  let label = labels[row];
  let even = uniforms.smoothing / f32(uniforms.classes);
  let wanted = weightOfClass(class_) * select(even, 1.0 - uniforms.smoothing + even, i32(class_) == label);
  let expected = exp(logits[i] - rows[row].x) * rows[row].w;
  let share = select(0.0, weightOfRow(row) / weight[0], label >= 0);
  gradient[i] = dy[0] * share * (expected - wanted);
}`,
    }),
  ),
);

type Variants<Kernel> = readonly (readonly Kernel[])[];

function variant<Kernel>(kernels: Variants<Kernel>, { classWeights, rowWeights }: CrossEntropyTargets): Kernel {
  return kernels[classWeights ? 1 : 0]?.[rowWeights ? 1 : 0] as Kernel;
}

/** logits [rows, classes] -> the scalar loss; `rows` and `weight` are for the gradient. */
export function crossEntropyForward(logits: Tensor, targets: CrossEntropyTargets): { readonly loss: Tensor; readonly rows: Tensor; readonly weight: Tensor } {
  const [rowCount, classes] = logits.shape as [number, number];
  const { rows } = variant(rowKernels, targets).run({
    inputs: { logits, labels: targets.labels, ...present(targets) },
    outputs: { rows: [rowCount, 4] },
    uniforms: { rowCount, classes, smoothing: targets.labelSmoothing },
    workgroups: flatGrid(rowCount),
  });
  const { loss, weight } = meanKernel.run({ inputs: { rows }, outputs: { loss: [], weight: [] }, uniforms: { rowCount }, workgroups: [1, 1, 1] });
  return { loss, rows, weight };
}

export function crossEntropyBackward(dy: Tensor, logits: Tensor, rows: Tensor, weight: Tensor, targets: CrossEntropyTargets): Tensor {
  return variant(gradientKernels, targets).run({
    inputs: { dy, logits, labels: targets.labels, rows, weight, ...present(targets) },
    outputs: { gradient: logits.shape },
    uniforms: { size: logits.size, classes: logits.shape[1] as number, smoothing: targets.labelSmoothing },
    workgroups: flatGrid(Math.ceil(logits.size / WORKGROUP)),
  }).gradient;
}
