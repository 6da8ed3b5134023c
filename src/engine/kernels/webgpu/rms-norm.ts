/**
 * RMS norm in one dispatch forward and two back, divided among threads as layer-norm.ts does it: eight rows to a workgroup with
 * eight threads each, and back once more by columns for gamma. The composed form is rmsNorm in ../../ops/normalization.ts.
 */
import { tf, type Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { columnSum } from "./column-sum.ts";
import { byLanes, flatGrid, flatWorkgroup } from "./lanes.ts";

const ROWS = 8;
const LANES = 8;
const WORKGROUP = ROWS * LANES;
/** Rows at or after the end have an empty row to go through: every thread has to meet the barriers. */
const rowOfThread = `
  let lane = local.x % ${LANES}u;
  let firstRow = ${flatWorkgroup} * ${ROWS}u;
  let row = firstRow + local.x / ${LANES}u;
  let begin = row * uniforms.width;
  let end = select(0u, uniforms.width, row < uniforms.rows);
  let first = local.x - lane;`;

const forwardFor = byLanes(({ element, code, width }) =>
  defineKernel({
    name: "rmsNorm",
    inputs: { x: element, gamma: element },
    outputs: { y: element, inverseRoot: "f32" },
    uniforms: { rows: "u32", width: "u32", epsilon: "f32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `
${code}
var<workgroup> squares: array<f32, ${WORKGROUP}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${rowOfThread}
  var square = Value(0.0);
  for (var i = lane; i < end; i += ${LANES}u) { square += x[begin + i] * x[begin + i]; }
  squares[local.x] = total(square);
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < ${LANES}u; i++) { sum += squares[first + i]; }
  let inverse = 1.0 / sqrt(sum / f32(uniforms.width * ${width}u) + uniforms.epsilon);
  for (var i = lane; i < end; i += ${LANES}u) { y[begin + i] = x[begin + i] * inverse * gamma[i]; }
  if (lane == 0u && end > 0u) { inverseRoot[row] = inverse; }
}`,
  }),
);

const backwardFor = byLanes(({ element, code, width }) =>
  defineKernel({
    name: "rmsNorm/gradient",
    inputs: { dy: element, x: element, gamma: element, inverseRoot: "f32" },
    outputs: { dx: element, dGammaParts: element },
    uniforms: { rows: "u32", width: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `
${code}
var<workgroup> products: array<f32, ${WORKGROUP}>;
var<workgroup> tilt: array<f32, ${ROWS}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {${rowOfThread}
  var product = Value(0.0);
  for (var i = lane; i < end; i += ${LANES}u) { product += dy[begin + i] * gamma[i] * x[begin + i]; }
  products[local.x] = total(product);
  workgroupBarrier();
  if (lane == 0u && end > 0u) {
    var sum = 0.0;
    for (var i = 0u; i < ${LANES}u; i++) { sum += products[first + i]; }
    tilt[local.x / ${LANES}u] = sum * inverseRoot[row] * inverseRoot[row] / f32(uniforms.width * ${width}u);
  }
  workgroupBarrier();
  if (firstRow >= uniforms.rows) { return; }
  let rows = min(${ROWS}u, uniforms.rows - firstRow);
  for (var column = local.x; column < uniforms.width; column += ${WORKGROUP}u) {
    let scale = gamma[column];
    var dGamma = Value(0.0);
    for (var r = 0u; r < rows; r++) {
      let at = (firstRow + r) * uniforms.width + column;
      let inverse = inverseRoot[firstRow + r];
      let upstream = dy[at];
      dx[at] = (upstream * scale - x[at] * tilt[r]) * inverse;
      dGamma += upstream * x[at] * inverse;
    }
    dGammaParts[firstRow / ${ROWS}u * uniforms.width + column] = dGamma;
  }
}`,
  }),
);

/** x [..., width], gamma [width] -> y as x, and 1 / sqrt(mean(x^2) + epsilon) [rows] for the gradient. */
export function rmsNormForward(x: Tensor, gamma: Tensor, epsilon: number): { readonly y: Tensor; readonly inverseRoot: Tensor } {
  const rows = x.size / gamma.size;
  const { kernel, lanes } = forwardFor(gamma.size);
  return kernel.run({
    inputs: { x, gamma },
    outputs: { y: x.shape, inverseRoot: [rows] },
    uniforms: { rows, width: gamma.size / lanes.width, epsilon },
    workgroups: flatGrid(Math.ceil(rows / ROWS)),
  });
}

export function rmsNormBackward(dy: Tensor, x: Tensor, gamma: Tensor, inverseRoot: Tensor): { readonly dx: Tensor; readonly dGamma: Tensor } {
  const width = gamma.size;
  const rows = x.size / width;
  const parts = Math.ceil(rows / ROWS);
  const { kernel, lanes } = backwardFor(width);
  const { dx, dGammaParts } = kernel.run({
    inputs: { dy, x, gamma, inverseRoot },
    outputs: { dx: x.shape, dGammaParts: [parts, width] },
    uniforms: { rows, width: width / lanes.width },
    workgroups: flatGrid(parts),
  });
  const dGamma = parts === 1 ? tf.reshape(dGammaParts, [width]) : columnSum(dGammaParts);
  dGammaParts.dispose();
  return { dx, dGamma };
}
