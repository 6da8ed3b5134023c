/**
 * What kernels over rows and elements share: one text of WGSL for single floats and for vectors of four, and flat grids of
 * any length. A kernel writes `Value` for its element; it is compiled for the width that the sizes allow.
 */
import type { ElementType } from "../../webgpu/kernel.ts";

export interface Lanes {
  /** Floats to a `Value`. */
  readonly width: 1 | 4;
  readonly element: Extract<ElementType, "f32" | "vec4f">;
  /** Declares `Value`, and `total`, the sum of its floats. */
  readonly code: string;
}

const single: Lanes = { width: 1, element: "f32", code: "alias Value = f32;\nfn total(value: Value) -> f32 { return value; }" };
const fours: Lanes = { width: 4, element: "vec4f", code: "alias Value = vec4f;\nfn total(value: Value) -> f32 { return (value.x + value.y) + (value.z + value.w); }" };

/** Defines a kernel for both widths, and gives the one for a size: fours where it is a multiple of four. */
export function byLanes<Kernel>(define: (lanes: Lanes) => Kernel): (size: number) => { readonly kernel: Kernel; readonly lanes: Lanes } {
  const variants = { single: { kernel: define(single), lanes: single }, fours: { kernel: define(fours), lanes: fours } };
  return (size) => (size % 4 === 0 ? variants.fours : variants.single);
}

/** The least of every device's maxComputeWorkgroupsPerDimension. */
const WORKGROUPS_PER_AXIS = 65535;

/** Workgroups in two axes for `count` of them; a few more where one axis is too short. See `flatWorkgroup`. */
export function flatGrid(count: number): [x: number, y: number, z: number] {
  return count <= WORKGROUPS_PER_AXIS ? [count, 1, 1] : [WORKGROUPS_PER_AXIS, Math.ceil(count / WORKGROUPS_PER_AXIS), 1];
}

/** WGSL: the workgroup's index in a flat grid. */
export const flatWorkgroup = `(workgroup.y * ${WORKGROUPS_PER_AXIS}u + workgroup.x)`;
