/**
 * Sums of a matrix's columns in one dispatch, in an order that depends on the sizes alone: gradients of biases, and the
 * combination of partial sums. A workgroup takes eight columns (of `Value`s), and 32 of its threads each add up every
 * 32nd row; for the hundreds of thousands of rows of an image it is too few threads.
 */
import type { Tensor } from "../../tf.ts";
import { defineKernel } from "../../webgpu/kernel.ts";
import { byLanes } from "./lanes.ts";

const COLUMNS = 8;
const STRIDES = 32;

const kernelFor = byLanes(({ element, code }) =>
  defineKernel({
    name: "columnTotals",
    inputs: { x: element },
    outputs: { sums: element },
    uniforms: { rows: "u32", columns: "u32" },
    workgroupSize: [COLUMNS, STRIDES, 1],
    code: `
${code}
var<workgroup> partial: array<array<Value, ${COLUMNS}>, ${STRIDES}>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let column = global.x;
  var sum = Value(0.0);
  if (column < uniforms.columns) {
    for (var row = local.y; row < uniforms.rows; row += ${STRIDES}u) { sum += x[row * uniforms.columns + column]; }
  }
  partial[local.y][local.x] = sum;
  workgroupBarrier();
  if (local.y > 0u || column >= uniforms.columns) { return; }
  for (var i = 1u; i < ${STRIDES}u; i++) { sum += partial[i][local.x]; }
  sums[column] = sum;
}`,
  }),
);

/** x [rows, columns] -> [columns]; `x` may have any shape of rows * columns. */
export function columnTotals(x: Tensor, columns: number): Tensor {
  const { kernel, lanes } = kernelFor(columns);
  const values = columns / lanes.width;
  return kernel.run({ inputs: { x }, outputs: { sums: [columns] }, uniforms: { rows: x.size / columns, columns: values }, workgroups: [Math.ceil(values / COLUMNS), 1, 1] }).sums;
}
