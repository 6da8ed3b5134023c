/**
 * Batch norm with its activation on WebGPU, forward and backward: trained in two dispatches each way, frozen in one. It sees
 * [..., channels] as rows of channels. What it means, and its oracle, is `batchNormComposed` in engine/ops/normalization.ts.
 */
import type { FusedActivation } from "../../../graph/types.ts";
import { tf, type Tensor } from "../../tf.ts";
import { emptyTensor, webgpuBackend } from "../../webgpu/internals.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { laneCode, laneOf, layoutOf, rowBlocksOf, WORKGROUP, type Lane, type Layout } from "./column-blocks.ts";

type Activation = FusedActivation | "none";

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

function prelude(lane: Lane, activation: Activation): string {
  return `${laneCode}
alias T = ${lane};
fn activate(z: T) -> T { return ${activations[activation].value}; }
fn slopeAt(z: T) -> T { return ${activations[activation].slope}; }`;
}

/**
 * WGSL: Chan, Golub and LeVeque's formula (1979) over the `parts` means and sums of squared deviations of a lane that are in
 * workgroup memory; `count` is WGSL for the size of part i. Unlike E[x^2] - E[x]^2 it does not cancel.
 */
function combination(count: string): string {
  return `
var<workgroup> means: array<T, workgroupSize>;
var<workgroup> squares: array<T, workgroupSize>;
struct Moments { mean: T, squares: T }
fn combined(place: Place, parts: u32, total: u32) -> Moments {
  let origin = means[place.lane];
  var drift = T(0);
  for (var i = 1u; i < parts; i++) { drift += (means[i * uniforms.blockLanes + place.lane] - origin) * f32(${count}); }
  drift /= f32(total);
  var sum = T(0);
  for (var i = 0u; i < parts; i++) {
    let off = means[i * uniforms.blockLanes + place.lane] - origin - drift;
    sum += squares[i * uniforms.blockLanes + place.lane] + off * off * f32(${count});
  }
  return Moments(origin + drift, sum);
}`;
}

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
const statistics = variants((lane: Lane) =>
  defineKernel({
    name: "batchNorm/statistics",
    inputs: { x: lane },
    outputs: { partials: lane },
    uniforms: sizes,
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, "none")}
${combination("(total - i + place.turns - 1u) / place.turns")}
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

/** WGSL: an invocation takes one block's partials of its lane into workgroup memory. There are no more blocks than turns. */
function takePartials(first: string, second: string): string {
  return `
  if (place.within && place.turn < uniforms.partials) {
    ${first}[local.x] = partials[place.turn * 2u * uniforms.lanes + place.column];
    ${second}[local.x] = partials[(place.turn * 2u + 1u) * uniforms.lanes + place.column];
  }
  workgroupBarrier();`;
}

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

const trained = variants((lane: Lane, activation: Activation, updates: boolean) =>
  defineKernel({
    name: "batchNorm/trained",
    inputs: { x: lane, partials: lane, gamma: lane, beta: lane },
    ...(updates ? { inPlace: { runningMean: lane, runningVariance: lane } } : {}),
    outputs: { y: lane, scales: lane },
    uniforms: { ...sizes, partials: "u32", partialRows: "u32", epsilon: "f32", momentum: "f32", share: "f32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
${combination("min(uniforms.partialRows, total - i * uniforms.partialRows)")}
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
${takePartials("means", "squares")}
  if (place.within && place.turn == 0u) {
    let moments = combined(place, uniforms.partials, uniforms.rows);
    let mean = moments.mean;
    let variance = moments.squares / f32(uniforms.rows);
    let inverse = inverseSqrt(variance + uniforms.epsilon);
    means[place.lane] = mean;
    squares[place.lane] = inverse;
    if (workgroup.y == 0u) {${keepScales}${
      updates
        ? `
      runningMean[place.column] = runningMean[place.column] * uniforms.momentum + mean * uniforms.share;
      runningVariance[place.column] = runningVariance[place.column] * uniforms.momentum + variance * uniforms.share;`
        : ""
    }
    }
  }
  workgroupBarrier();
  if (!place.within) { return; }
  let mean = means[place.lane];
  let inverse = squares[place.lane];
${normalise}
}`,
  }),
);

const frozen = variants((lane: Lane, activation: Activation) =>
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
const reduced = variants((lane: Lane, activation: Activation) =>
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
const trainedGradient = variants((lane: Lane, activation: Activation) =>
  defineKernel({
    name: "batchNorm/trainedGradient",
    inputs: { x: lane, dy: lane, scales: lane, partials: lane },
    inPlace: { dGamma: lane, dBeta: lane },
    outputs: { dx: lane },
    uniforms: { ...sizes, partials: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${prelude(lane, activation)}
var<workgroup> sums: array<T, workgroupSize>;
var<workgroup> products: array<T, workgroupSize>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
${takePartials("sums", "products")}
  if (place.within && place.turn == 0u) {
    var sum = T(0);
    var product = T(0);
    for (var i = 0u; i < uniforms.partials; i++) {
      sum += sums[i * uniforms.blockLanes + place.lane];
      product += products[i * uniforms.blockLanes + place.lane];
    }
    sums[place.lane] = sum;
    products[place.lane] = product;
    if (workgroup.y == 0u) {
      dBeta[place.column] = sum;
      dGamma[place.column] = product;
    }
  }
  workgroupBarrier();
  if (!place.within) { return; }
${scaled}
  let sum = sums[place.lane] / f32(uniforms.rows);
  let product = products[place.lane] / f32(uniforms.rows);
  for (var row = place.begin + place.turn; row < place.end; row += place.turns) {
    let at = row * uniforms.lanes + place.column;
    let normalised = (x[at] - mean) * inverse;
    dx[at] = (${through} - (sum + normalised * product)) * scale;
  }
}`,
  }),
);

/** -> dx of the affine map. Without an activation it does not read x. */
const frozenGradient = variants((lane: Lane, activation: Activation) =>
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
const parameterGradients = variants((lane: Lane) =>
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

/** 16 lanes of a row side by side: 256 bytes where they are vectors. */
const BLOCK_LANES = 16;
const REDUCED_ROWS_EACH = 8;
const MAPPED_ROWS_EACH = 4;
/** Enough to fill a large device; more would only combine the partials more often. */
const MAPPING_WORKGROUPS = 256;

type Sizes = Readonly<Record<keyof typeof sizes, number>>;

interface Plan {
  readonly lane: Lane;
  readonly channels: number;
  readonly layout: Layout;
  /** Of the dispatch that sums: no more blocks than an invocation each can take up again. */
  readonly reduce: { readonly sizes: Sizes; readonly rowBlocks: number };
  /** Of the dispatch that maps each value. */
  readonly map: { readonly sizes: Sizes; readonly rowBlocks: number };
}

function planFor(x: Tensor): Plan {
  const channels = x.shape[x.rank - 1] as number;
  const layout = layoutOf(x.size / channels, channels, BLOCK_LANES);
  const { rows, lanes, blockLanes, columnBlocks, rowLanes } = layout;
  const pass = (rowsEach: number, most: number): Plan["map"] => {
    const { rowBlocks, blockRows } = rowBlocksOf(layout, rowsEach, most);
    return { sizes: { rows, lanes, blockLanes, blockRows }, rowBlocks };
  };
  return { lane: laneOf(channels), channels, layout, reduce: pass(REDUCED_ROWS_EACH, rowLanes), map: pass(MAPPED_ROWS_EACH, Math.ceil(MAPPING_WORKGROUPS / columnBlocks)) };
}

export interface BatchNormInputs {
  /** [..., channels] */
  readonly x: Tensor;
  /** This and the next three: [channels]. */
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export interface BatchNormResult {
  readonly y: Tensor;
  /** [4, channels]: mean, inverse deviation, gamma and beta as the backward pass wants them. */
  readonly scales: Tensor;
}

/** Normalises by the batch's statistics. With `updates` it writes the new running ones into `mean` and `variance`. */
export function batchNormByBatch(
  { x, gamma, beta, mean, variance }: BatchNormInputs,
  { epsilon, momentum, activation = "none", updates }: { readonly epsilon: number; readonly momentum: number; readonly activation: Activation | undefined; readonly updates: boolean },
): BatchNormResult {
  const { lane, channels, layout, reduce, map } = planFor(x);
  const { partials } = statistics(lane).run({ inputs: { x }, outputs: { partials: [reduce.rowBlocks, 2, channels] }, uniforms: reduce.sizes, workgroups: [layout.columnBlocks, reduce.rowBlocks, 1] });
  const result = trained(lane, activation, updates).run({
    inputs: { x, partials, gamma, beta },
    ...(updates ? { inPlace: { runningMean: mean, runningVariance: variance } } : {}),
    outputs: { y: x.shape, scales: [4, channels] },
    uniforms: { ...map.sizes, partials: reduce.rowBlocks, partialRows: reduce.sizes.blockRows, epsilon, momentum, share: 1 - momentum },
    workgroups: [layout.columnBlocks, map.rowBlocks, 1],
  });
  partials.dispose();
  return result;
}

/** Normalises by the running statistics, which it only reads. */
export function batchNormByRunning({ x, gamma, beta, mean, variance }: BatchNormInputs, { epsilon, activation = "none" }: { readonly epsilon: number; readonly activation: Activation | undefined }): BatchNormResult {
  const { lane, channels, layout, map } = planFor(x);
  return frozen(lane, activation).run({
    inputs: { x, gamma, beta, runningMean: mean, runningVariance: variance },
    outputs: { y: x.shape, scales: [4, channels] },
    uniforms: { ...map.sizes, epsilon },
    workgroups: [layout.columnBlocks, map.rowBlocks, 1],
  });
}

/**
 * The gradients on demand, each a new tensor of the current tidy. Call it in a tidy around those of the thunks: what one of
 * them finds out for the others lives there.
 */
export function batchNormGradients(
  { x, dy, scales }: { readonly x: Tensor; readonly dy: Tensor; readonly scales: Tensor },
  { activation = "none", isTrained }: { readonly activation: Activation | undefined; readonly isTrained: boolean },
): Readonly<Record<"x" | "gamma" | "beta", () => Tensor>> {
  const { lane, channels, layout, reduce, map } = planFor(x);
  const { lanes, columnBlocks } = layout;
  const backend = webgpuBackend();
  const inPlace = { dGamma: emptyTensor(backend, [channels], "float32"), dBeta: emptyTensor(backend, [channels], "float32") };
  let haveParameters = false;

  const sums = (): Tensor =>
    reduced(lane, activation).run({ inputs: { x, dy, scales }, outputs: { partials: [reduce.rowBlocks, 2, channels] }, uniforms: reduce.sizes, workgroups: [columnBlocks, reduce.rowBlocks, 1] }).partials;

  const parameter = (gradient: Tensor): Tensor => {
    if (!haveParameters) tf.tidy(() => void parameterGradients(lane).run({ inputs: { partials: sums() }, inPlace, outputs: {}, uniforms: { lanes, partials: reduce.rowBlocks }, workgroups: [Math.ceil(lanes / 64), 1, 1] }));
    haveParameters = true;
    return gradient.clone();
  };

  const workgroups = [columnBlocks, map.rowBlocks, 1] as const;
  return {
    x: () => {
      if (!isTrained) return frozenGradient(lane, activation).run({ inputs: { x, dy, scales }, outputs: { dx: x.shape }, uniforms: map.sizes, workgroups }).dx;
      haveParameters = true;
      return tf.tidy(
        () => trainedGradient(lane, activation).run({ inputs: { x, dy, scales, partials: sums() }, inPlace, outputs: { dx: x.shape }, uniforms: { ...map.sizes, partials: reduce.rowBlocks }, workgroups }).dx,
      );
    },
    gamma: () => parameter(inPlace.dGamma),
    beta: () => parameter(inPlace.dBeta),
  };
}
