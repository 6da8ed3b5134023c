/**
 * The WGSL of batch norm and its activation: seven kernels over rows of channels, each in a variant by lane type and activation.
 * Who runs which, and over how many workgroups, is in batch-norm.ts.
 */
import type { FusedActivation } from "../../../graph/types.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { laneCode, WORKGROUP, type Lane } from "./column-blocks.ts";

export type Activation = FusedActivation | "none";

/** z -> its activation, and the activation's slope at z, for lanes of the type T. NaN stays NaN. */
const activations: Readonly<Record<Activation, { readonly value: string; readonly slope: string }>> = {
  none: { value: "z", slope: "T(1)" },
  relu: { value: "select(z, T(0), z < T(0))", slope: "select(T(0), T(1), z > T(0))" },
  relu6: { value: "select(select(z, T(6), z > T(6)), T(0), z < T(0))", slope: "select(T(0), T(1), (z > T(0)) & (z < T(6)))" },
  hardSwish: {
    value: "z * (clamp(z + T(3), T(0), T(6)) / T(6))",
    slope: "select(select((T(2) * z + T(3)) / T(6), T(1), z >= T(3)), T(0), z <= T(-3))",
  },
};

const sizes = { rows: "u32", lanes: "u32", blockLanes: "u32", blockRows: "u32" } as const;
export type Sizes = Readonly<Record<keyof typeof sizes, number>>;

function prelude(lane: Lane, activation: Activation): string {
  return `${laneCode}
alias T = ${lane};
fn activate(z: T) -> T { return ${activations[activation].value}; }
fn slopeAt(z: T) -> T { return ${activations[activation].slope}; }`;
}

/**
 * WGSL: Chan, Golub and LeVeque's formula (1979) over `parts` means and sums of squared deviations, given as WGSL for those and
 * for the size of part i. Unlike E[x^2] - E[x]^2 it does not cancel.
 */
function combination({ mean, squares, count }: { readonly mean: string; readonly squares: string; readonly count: string }): string {
  return `
struct Moments { mean: T, squares: T }
fn combined(place: Place, parts: u32, total: u32) -> Moments {
  var i = 0u;
  let origin = ${mean};
  var drift = T(0);
  for (i = 1u; i < parts; i++) { drift += (${mean} - origin) * f32(${count}); }
  drift /= f32(total);
  var sum = T(0);
  for (i = 0u; i < parts; i++) {
    let off = ${mean} - origin - drift;
    sum += ${squares} + off * off * f32(${count});
  }
  return Moments(origin + drift, sum);
}`;
}

/** WGSL: the first and the second partial of row block i, in [row blocks, 2, channels]. */
const partial = ["partials[i * 2u * uniforms.lanes + place.column]", "partials[(i * 2u + 1u) * uniforms.lanes + place.column]"] as const;

/** One definition for each combination of what is compiled in. */
function variants<Choice extends readonly unknown[], Made>(make: (...choice: Choice) => Made): (...choice: Choice) => Made {
  const made = new Map<string, Made>();
  return (...choice) => {
    const key = choice.join(" ");
    const kernel = made.get(key) ?? make(...choice);
    made.set(key, kernel);
    return kernel;
  };
}

/** x -> the mean and the sum of squared deviations of each block of rows: [row blocks, 2, channels]. Deviations are from an invocation's first row. */
export const statistics = variants((lane: Lane) =>
  defineKernel({
    name: "batchNorm/statistics",
    inputs: { x: lane },
    outputs: { partials: lane },
    uniforms: sizes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, "none")}

var<workgroup> means: array<T, workgroupSize>;
var<workgroup> squares: array<T, workgroupSize>;
${combination({ mean: "means[i * uniforms.blockLanes + place.lane]", squares: "squares[i * uniforms.blockLanes + place.lane]", count: "(total - i + place.turns - 1u) / place.turns" })}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  let first = place.begin + place.turn;
  if (place.within && first < place.end) {
    let shift = x[first * uniforms.lanes + place.column];
    var count = 1.0;
    var sum = T(0);
    var square = T(0);
    for (var row = first + place.turns; row < place.end; row += place.turns) {
      let off = x[row * uniforms.lanes + place.column] - shift;
      sum += off;
      square += off * off;
      count += 1.0;
    }
    means[local.x] = shift + sum / count;
    squares[local.x] = max(square - sum * (sum / count), T(0));
  }
  workgroupBarrier();
  if (place.turn > 0u || !place.within) { return; }
  let total = place.end - place.begin;
  let moments = combined(place, min(place.turns, total), total);
  partials[workgroup.y * 2u * uniforms.lanes + place.column] = moments.mean;
  partials[(workgroup.y * 2u + 1u) * uniforms.lanes + place.column] = moments.squares;
}`,
  }),
);

/** WGSL: what the backward pass needs, kept as [4, channels]. */
const keepScales = `
    scales[place.column] = mean;
    scales[uniforms.lanes + place.column] = inverse;
    scales[2u * uniforms.lanes + place.column] = gamma[place.column];
    scales[3u * uniforms.lanes + place.column] = beta[place.column];`;

/** WGSL: y over the invocation's rows. The mean is subtracted first: folded into the offset, a large mean would cancel. */
const normalise = `
  let scale = inverse * gamma[place.column];
  let offset = beta[place.column];
  for (var row = place.begin + place.turn; row < place.end; row += place.turns) {
    let at = row * uniforms.lanes + place.column;
    y[at] = activate((x[at] - mean) * scale + offset);
  }`;

export const trained = variants((lane: Lane, activation: Activation, updates: boolean) =>
  defineKernel({
    name: "batchNorm/trained",
    inputs: { x: lane, partials: lane, gamma: lane, beta: lane },
    ...(updates ? { inPlace: { runningMean: lane, runningVariance: lane } } : {}),
    outputs: { y: lane, scales: lane },
    uniforms: { ...sizes, partials: "u32", partialRows: "u32", epsilon: "f32", momentum: "f32", share: "f32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
${combination({ mean: partial[0], squares: partial[1], count: "min(uniforms.partialRows, total - i * uniforms.partialRows)" })}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  if (!place.within) { return; }
  let moments = combined(place, uniforms.partials, uniforms.rows);
  let mean = moments.mean;
  let variance = moments.squares / f32(uniforms.rows);
  let inverse = inverseSqrt(variance + uniforms.epsilon);
  if (workgroup.y == 0u && place.turn == 0u) {${keepScales}${
      updates
        ? `
    runningMean[place.column] = runningMean[place.column] * uniforms.momentum + mean * uniforms.share;
    runningVariance[place.column] = runningVariance[place.column] * uniforms.momentum + variance * uniforms.share;`
        : ""
    }
  }
${normalise}
}`,
  }),
);

export const frozen = variants((lane: Lane, activation: Activation) =>
  defineKernel({
    name: "batchNorm/frozen",
    inputs: { x: lane, gamma: lane, beta: lane, runningMean: lane, runningVariance: lane },
    outputs: { y: lane, scales: lane },
    uniforms: { ...sizes, epsilon: "f32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  if (!place.within) { return; }
  let mean = runningMean[place.column];
  let inverse = inverseSqrt(runningVariance[place.column] + uniforms.epsilon);
  if (workgroup.y == 0u && place.turn == 0u) {${keepScales}
  }
${normalise}
}`,
  }),
);

/** WGSL: the lane's numbers, and at each of its rows the normalised x and dy through the activation. */
const scaled = `
  let mean = scales[place.column];
  let inverse = scales[uniforms.lanes + place.column];
  let gamma = scales[2u * uniforms.lanes + place.column];
  let offset = scales[3u * uniforms.lanes + place.column];
  let scale = inverse * gamma;`;
const through = "dy[at] * slopeAt((x[at] - mean) * scale + offset)";

/** -> the sums of dy and of dy * normalised x over each block of rows: [row blocks, 2, channels]. */
export const reduced = variants((lane: Lane, activation: Activation) =>
  defineKernel({
    name: "batchNorm/reduceGradient",
    inputs: { x: lane, dy: lane, scales: lane },
    outputs: { partials: lane },
    uniforms: sizes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
var<workgroup> sums: array<T, workgroupSize>;
var<workgroup> products: array<T, workgroupSize>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  var sum = T(0);
  var product = T(0);
  if (place.within) {
${scaled}
    for (var row = place.begin + place.turn; row < place.end; row += place.turns) {
      let at = row * uniforms.lanes + place.column;
      let g = ${through};
      sum += g;
      product += g * ((x[at] - mean) * inverse);
    }
  }
  sums[local.x] = sum;
  products[local.x] = product;
  workgroupBarrier();
  if (place.turn > 0u || !place.within) { return; }
  for (var turn = 1u; turn < min(place.turns, place.end - place.begin); turn++) {
    sum += sums[turn * uniforms.blockLanes + place.lane];
    product += products[turn * uniforms.blockLanes + place.lane];
  }
  partials[workgroup.y * 2u * uniforms.lanes + place.column] = sum;
  partials[(workgroup.y * 2u + 1u) * uniforms.lanes + place.column] = product;
}`,
  }),
);

/** -> dx through the batch's statistics, and gamma's and beta's gradients in place. */
export const trainedGradient = variants((lane: Lane, activation: Activation) =>
  defineKernel({
    name: "batchNorm/trainedGradient",
    inputs: { x: lane, dy: lane, scales: lane, partials: lane },
    inPlace: { dGamma: lane, dBeta: lane },
    outputs: { dx: lane },
    uniforms: { ...sizes, partials: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  if (!place.within) { return; }
  var sum = T(0);
  var product = T(0);
  for (var i = 0u; i < uniforms.partials; i++) {
    sum += ${partial[0]};
    product += ${partial[1]};
  }
  if (workgroup.y == 0u && place.turn == 0u) {
    dBeta[place.column] = sum;
    dGamma[place.column] = product;
  }
  sum /= f32(uniforms.rows);
  product /= f32(uniforms.rows);
${scaled}
  for (var row = place.begin + place.turn; row < place.end; row += place.turns) {
    let at = row * uniforms.lanes + place.column;
    let normalised = (x[at] - mean) * inverse;
    dx[at] = (${through} - (sum + normalised * product)) * scale;
  }
}`,
  }),
);

/** -> dx of the affine map. Without an activation it does not read x. */
export const frozenGradient = variants((lane: Lane, activation: Activation) =>
  defineKernel({
    name: "batchNorm/frozenGradient",
    inputs: { ...(activation === "none" ? {} : { x: lane }), dy: lane, scales: lane } as Readonly<Record<"x" | "dy" | "scales", Lane>>,
    outputs: { dx: lane },
    uniforms: sizes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  if (!place.within) { return; }
${scaled}
  for (var row = place.begin + place.turn; row < place.end; row += place.turns) {
    let at = row * uniforms.lanes + place.column;
    dx[at] = ${activation === "none" ? "dy[at]" : through} * scale;
  }
}`,
  }),
);

/** The last of the sums where no dx is wanted: partials -> gamma's and beta's gradients in place. */
export const parameterGradients = variants((lane: Lane) =>
  defineKernel({
    name: "batchNorm/parameterGradients",
    inputs: { partials: lane },
    inPlace: { dGamma: lane, dBeta: lane },
    outputs: {},
    uniforms: { lanes: "u32", partials: "u32" },
    workgroupSize: [64, 1, 1],
    code: `
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let column = global.x;
  if (column >= uniforms.lanes) { return; }
  var sum = ${lane}(0);
  var product = ${lane}(0);
  for (var i = 0u; i < uniforms.partials; i++) {
    sum += partials[i * 2u * uniforms.lanes + column];
    product += partials[(i * 2u + 1u) * uniforms.lanes + column];
  }
  dBeta[column] = sum;
  dGamma[column] = product;
}`,
  }),
);
