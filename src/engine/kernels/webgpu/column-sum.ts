/**
 * The sum of each column on WebGPU, which is what the gradient of a bias or of any broadcast leading axis is. One dispatch, or
 * two where there are many rows; the order of additions is fixed by the shape alone. Its oracle is tf.sum.
 */
import { tf, type Tensor } from "../../tf.ts";
import { defineKernel, type Kernel } from "../../webgpu/kernel.ts";
import { laneCode, laneOf, layoutOf, rowBlocksOf, WORKGROUP, type Lane } from "./column-blocks.ts";

type ColumnSum = Kernel<"x", never, "sums", "rows" | "lanes" | "blockLanes" | "blockRows">;

/** Each workgroup sums its columns over its block of rows: [rows, columns] -> [row blocks, columns]. */
function kernelFor(lane: Lane): ColumnSum {
  return defineKernel({
    name: "columnSum",
    inputs: { x: lane },
    outputs: { sums: lane },
    uniforms: { rows: "u32", lanes: "u32", blockLanes: "u32", blockRows: "u32" },
    workgroupSize: [WORKGROUP, 1, 1],
    code: `${laneCode}
var<workgroup> parts: array<${lane}, workgroupSize>;
fn run(local: vec3u, workgroup: vec3u, global: vec3u) {
  let place = placeOf(local, workgroup);
  var sum = ${lane}(0);
  if (place.within) {
    for (var row = place.begin + place.turn; row < place.end; row += place.turns) { sum += x[row * uniforms.lanes + place.column]; }
  }
  parts[local.x] = sum;
  workgroupBarrier();
  if (place.turn > 0u || !place.within) { return; }
  for (var turn = 1u; turn < min(place.turns, place.end - place.begin); turn++) { sum += parts[turn * uniforms.blockLanes + place.lane]; }
  sums[workgroup.y * uniforms.lanes + place.column] = sum;
}`,
  });
}

const kernels: Readonly<Record<Lane, ColumnSum>> = { f32: kernelFor("f32"), vec4f: kernelFor("vec4f") };

/** Up to so many rows one dispatch is quicker than two. */
const ROWS_AT_ONCE = 1024;
/** 64 bytes of a row side by side keep reads whole and leave the most workgroups. */
const FEW_LANES = 4;
const MANY_LANES = 16;
const ROWS_EACH = 32;
/** So that a second dispatch finishes. */
const MOST_BLOCKS = 64;

/** x [rows, columns], float -> [columns]. The current backend must be WebGPU's. */
export function columnSum(x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  const layout = layoutOf(rows, columns, rows <= ROWS_AT_ONCE ? FEW_LANES : MANY_LANES);
  const { rowBlocks, blockRows } = rowBlocksOf(layout, ROWS_EACH, rows <= ROWS_AT_ONCE ? 1 : MOST_BLOCKS);
  const { lanes, blockLanes, columnBlocks } = layout;
  const { sums } = kernels[laneOf(columns)].run({
    inputs: { x },
    outputs: { sums: rowBlocks === 1 ? [columns] : [rowBlocks, columns] },
    uniforms: { rows, lanes, blockLanes, blockRows },
    workgroups: [columnBlocks, rowBlocks, 1],
  });
  return rowBlocks === 1 ? sums : tf.tidy(() => columnSum(sums));
}
