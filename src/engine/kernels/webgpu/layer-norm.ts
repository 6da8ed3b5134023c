/**
 * Layer norm in one dispatch forward and two back. A workgroup takes eight rows with eight threads each, so that a row's
 * sums need one barrier; back, the same workgroup goes on by columns, and leaves the sums of gamma's and beta's gradients
 * over its rows for the second dispatch. The composed form is layerNorm in ../../ops/normalization.ts.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { byLanes } from "./lanes.ts";

const ROWS = 8;
const LANES = 8;
const WORKGROUP = ROWS * LANES;
/** Rows at or after the end have an empty row to go through: every thread has to meet the barriers. */
const rowOfThread = `
  let lane = local.x % ${LANES}u;
  let row = workgroup.x * ${ROWS}u + local.x / ${LANES}u;
  let begin = row * uniforms.width;
  let end = select(0u, uniforms.width, row < uniforms.rows);
  let first = local.x - lane;`;

const forwardFor = byLanes(({ element, code, width }) =>
  defineKernel({
    name: "layerNorm",
    inputs: { x: element, gamma: element, beta: element },
    outputs: { y: element, mean: "f32", inverseDeviation: "f32" },
    uniforms: { rows: "u32", width: "u32", epsilon: "f32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `
${code}
var<workgroup> sums: array<f32, ${WORKGROUP}>;
var<workgroup> squares: array<f32, ${WORKGROUP}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${rowOfThread}
  let count = f32(uniforms.width * ${width}u);
  var sum = Value(0.0);
  for (var i = lane; i < end; i += ${LANES}u) { sum += x[begin + i]; }
  sums[local.x] = total(sum);
  workgroupBarrier();
  var centre = 0.0;
  for (var i = 0u; i < ${LANES}u; i++) { centre += sums[first + i]; }
  centre /= count;
  var square = Value(0.0);
  for (var i = lane; i < end; i += ${LANES}u) { let d = x[begin + i] - centre; square += d * d; }
  squares[local.x] = total(square);
  workgroupBarrier();
  var variance = 0.0;
  for (var i = 0u; i < ${LANES}u; i++) { variance += squares[first + i]; }
  let inverse = 1.0 / sqrt(variance / count + uniforms.epsilon);
  for (var i = lane; i < end; i += ${LANES}u) { y[begin + i] = (x[begin + i] - centre) * inverse * gamma[i] + beta[i]; }
  if (lane == 0u && end > 0u) {
    mean[row] = centre;
    inverseDeviation[row] = inverse;
  }
}`,
  }),
);

const backwardFor = byLanes(({ element, code, width }) =>
  defineKernel({
    name: "layerNorm/gradient",
    inputs: { dy: element, x: element, gamma: element, mean: "f32", inverseDeviation: "f32" },
    outputs: { dx: element, dGammaParts: element, dBetaParts: element },
    uniforms: { rows: "u32", width: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `
${code}
var<workgroup> sums: array<f32, ${WORKGROUP}>;
var<workgroup> products: array<f32, ${WORKGROUP}>;
var<workgroup> shift: array<f32, ${ROWS}>;
var<workgroup> tilt: array<f32, ${ROWS}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${rowOfThread}
  var sum = Value(0.0);
  var product = Value(0.0);
  if (end > 0u) {
    let centre = mean[row];
    let inverse = inverseDeviation[row];
    for (var i = lane; i < end; i += ${LANES}u) {
      let scaled = dy[begin + i] * gamma[i];
      sum += scaled;
      product += scaled * ((x[begin + i] - centre) * inverse);
    }
  }
  sums[local.x] = total(sum);
  products[local.x] = total(product);
  workgroupBarrier();
  if (lane == 0u) {
    let count = f32(uniforms.width * ${width}u);
    var a = 0.0;
    var b = 0.0;
    for (var i = 0u; i < ${LANES}u; i++) { a += sums[first + i]; b += products[first + i]; }
    shift[local.x / ${LANES}u] = a / count;
    tilt[local.x / ${LANES}u] = b / count;
  }
  workgroupBarrier();
  let firstRow = workgroup.x * ${ROWS}u;
  let rows = min(${ROWS}u, uniforms.rows - firstRow);
  for (var column = local.x; column < uniforms.width; column += ${WORKGROUP}u) {
    let scale = gamma[column];
    var dGamma = Value(0.0);
    var dBeta = Value(0.0);
    for (var r = 0u; r < rows; r++) {
      let at = (firstRow + r) * uniforms.width + column;
      let inverse = inverseDeviation[firstRow + r];
      let upstream = dy[at];
      let normalised = (x[at] - mean[firstRow + r]) * inverse;
      dx[at] = (upstream * scale - shift[r] - normalised * tilt[r]) * inverse;
      dGamma += upstream * normalised;
      dBeta += upstream;
    }
    dGammaParts[workgroup.x * uniforms.width + column] = dGamma;
    dBetaParts[workgroup.x * uniforms.width + column] = dBeta;
  }
}`,
  }),
);

const COLUMNS = 8;
const STRIDES = 8;

const combineFor = byLanes(({ element, code }) =>
  defineKernel({
    name: "layerNorm/combine",
    inputs: { dGammaParts: element, dBetaParts: element },
    outputs: { dGamma: element, dBeta: element },
    uniforms: { parts: "u32", width: "u32" },
    workgroupSize: [COLUMNS, STRIDES, 1],
    code: `
${code}
var<workgroup> gammas: array<array<Value, ${COLUMNS}>, ${STRIDES}>;
var<workgroup> betas: array<array<Value, ${COLUMNS}>, ${STRIDES}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let column = global.x;
  var gamma = Value(0.0);
  var beta = Value(0.0);
  if (column < uniforms.width) {
    for (var part = local.y; part < uniforms.parts; part += ${STRIDES}u) {
      gamma += dGammaParts[part * uniforms.width + column];
      beta += dBetaParts[part * uniforms.width + column];
    }
  }
  gammas[local.y][local.x] = gamma;
  betas[local.y][local.x] = beta;
  workgroupBarrier();
  if (local.y > 0u || column >= uniforms.width) { return; }
  for (var i = 1u; i < ${STRIDES}u; i++) {
    gamma += gammas[i][local.x];
    beta += betas[i][local.x];
  }
  dGamma[column] = gamma;
  dBeta[column] = beta;
}`,
  }),
);

/** x [..., width], gamma and beta [width] -> y as x; mean and inverse deviation [rows], for the gradient. */
export function layerNormForward(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { readonly y: Tensor; readonly mean: Tensor; readonly inverseDeviation: Tensor } {
  const rows = x.size / gamma.size;
  const { kernel, lanes } = forwardFor(gamma.size);
  return kernel.run({
    inputs: { x, gamma, beta },
    outputs: { y: x.shape, mean: [rows], inverseDeviation: [rows] },
    uniforms: { rows, width: gamma.size / lanes.width, epsilon },
    workgroups: [Math.ceil(rows / ROWS), 1, 1],
  });
}

export function layerNormBackward(dy: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor): { readonly dx: Tensor; readonly dGamma: Tensor; readonly dBeta: Tensor } {
  const width = gamma.size;
  const rows = x.size / width;
  const parts = Math.ceil(rows / ROWS);
  const { kernel, lanes } = backwardFor(width);
  const { dx, dGammaParts, dBetaParts } = kernel.run({
    inputs: { dy, x, gamma, mean, inverseDeviation },
    outputs: { dx: x.shape, dGammaParts: [parts, width], dBetaParts: [parts, width] },
    uniforms: { rows, width: width / lanes.width },
    workgroups: [parts, 1, 1],
  });
  const { dGamma, dBeta } = combineFor(width).kernel.run({
    inputs: { dGammaParts, dBetaParts },
    outputs: { dGamma: [width], dBeta: [width] },
    uniforms: { parts, width: width / lanes.width },
    workgroups: [Math.ceil(width / lanes.width / COLUMNS), 1, 1],
  });
  dGammaParts.dispose();
  dBetaParts.dispose();
  return { dx, dGamma, dBeta };
}
