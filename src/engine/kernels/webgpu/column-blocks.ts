/**
 * How kernels that reduce or scale by column divide [rows, columns] among workgroups: a workgroup takes a block of neighbouring
 * columns (a lane is one column, or four as a vec4f) and a block of rows, and its invocations take turns at the rows. Sizes
 * travel in uniforms, so that one pipeline serves every shape; this file computes nothing.
 */
import type { ElementType } from "../../webgpu/kernel.ts";

/**
 * Invocations of a workgroup. No more than a device needs to stay busy: a software adapter pays for each that waits at a
 * barrier, and 256 of them made a batch norm as slow as TensorFlow.js's.
 */
export const WORKGROUP = 64;
const MAX_WORKGROUPS = 65535;

export type Lane = Extract<ElementType, "f32" | "vec4f">;

/** Four columns at once where they divide by four. */
export function laneOf(columns: number): Lane {
  return columns % 4 === 0 ? "vec4f" : "f32";
}

export interface Layout {
  readonly rows: number;
  /** Lanes of a row. */
  readonly lanes: number;
  /** Lanes of a workgroup. */
  readonly blockLanes: number;
  /** Workgroups side by side. */
  readonly columnBlocks: number;
  /** Invocations that share the rows of one lane within a workgroup. */
  readonly rowLanes: number;
}

/** Columns in blocks of about `wantedLanes`, equally wide; wider where so few rows would leave invocations idle. */
export function layoutOf(rows: number, columns: number, wantedLanes: number): Layout {
  const lanes = laneOf(columns) === "vec4f" ? columns / 4 : columns;
  const atLeast = Math.max(wantedLanes, Math.ceil(lanes / MAX_WORKGROUPS), Math.floor(WORKGROUP / rows));
  const columnBlocks = Math.ceil(lanes / Math.min(WORKGROUP, atLeast));
  const blockLanes = Math.ceil(lanes / columnBlocks);
  return { rows, lanes, blockLanes, columnBlocks, rowLanes: Math.floor(WORKGROUP / blockLanes) };
}

/** How many blocks of rows: `rowsEach` for every invocation, but at most `most` blocks. */
export function rowBlocksOf({ rows, rowLanes }: Layout, rowsEach: number, most: number): { readonly rowBlocks: number; readonly blockRows: number } {
  const wanted = Math.min(Math.max(1, most), Math.ceil(rows / (rowLanes * rowsEach)));
  const blockRows = Math.ceil(rows / wanted);
  return { rowBlocks: Math.ceil(rows / blockRows), blockRows };
}

/** WGSL: an invocation's lane, its turn among the rows, and its workgroup's rows [begin, end). Wants the uniforms rows, lanes, blockLanes and blockRows. */
export const laneCode = `
const workgroupSize = ${WORKGROUP}u;
struct Place { lane: u32, column: u32, turn: u32, turns: u32, begin: u32, end: u32, within: bool }
fn placeOf(local: vec3u, workgroup: vec3u) -> Place {
  let turns = workgroupSize / uniforms.blockLanes;
  let lane = local.x % uniforms.blockLanes;
  let turn = local.x / uniforms.blockLanes;
  let column = workgroup.x * uniforms.blockLanes + lane;
  let begin = workgroup.y * uniforms.blockRows;
  return Place(lane, column, turn, turns, begin, min(begin + uniforms.blockRows, uniforms.rows), turn < turns && column < uniforms.lanes);
}`;
