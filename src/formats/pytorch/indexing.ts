/** Picking values by place, and putting them back, as PyTorch has it. */
import type { ScatterReduction } from "../../graph/types.ts";
import type { Call } from "./expressions.ts";
import { literal } from "./python.ts";

const from = (begin: number): string => (begin === 0 ? "" : literal("begin", begin));

/** `x[:, 2:4]`; what is taken whole at the end is not said. */
function ranged(x: string | undefined, ranges: readonly string[]): string {
  let count = ranges.length;
  while (count > 1 && ranges[count - 1] === ":") count--;
  return `${x}[${ranges.slice(0, count).join(", ")}]`;
}

export function slice({ inputs: [x], attributes: { begin, size } }: Call<"slice">): string {
  const ranges = begin.map((start, axis) => {
    const count = size[axis] as number;
    return `${from(start)}:${count === -1 ? "" : literal("end", start + count)}`;
  });
  return ranged(x, ranges);
}

export function stridedSlice({ inputs: [x], attributes: { begin, end, strides } }: Call<"stridedSlice">): string {
  const ranges = begin.map((start, axis) => `${from(start)}:${end[axis] === null ? "" : literal("end", end[axis] as number)}${strides[axis] === 1 ? "" : `:${strides[axis]}`}`);
  return ranged(x, ranges);
}

export function broadcastLike({ inputs: [x, like], shapes: [shape = []], attributes: { axes } }: Call<"broadcastLike">): string {
  const widened = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return `${x}.expand(${shape.map((_, axis) => (widened.has(axis) ? `${like}.shape[${axis}]` : "-1")).join(", ")})`;
}

export function argMax({ inputs: [x], attributes: { axis, keepDims, of } }: Call<"argMax">): string {
  return `${x}.arg${of}(${axis}${keepDims ? ", keepdim=True" : ""}).int()`;
}

/** Sorted, since topk says nothing of the order of equal ones. */
export function topKIndices({ inputs: [x], attributes: { k, largest } }: Call<"topKIndices">): string {
  return `torch.sort(${x}, dim=-1, descending=${largest ? "True" : "False"}, stable=True).indices[..., :${literal("k", k)}].int()`;
}

export function gather({ use, inputs, shapes: [shape = []], attributes: { axis } }: Call<"gather">): string {
  return `${use("gather")}(${inputs.join(", ")}, ${axis < 0 ? axis + shape.length : axis})`;
}

const reductions: Readonly<Record<Exclude<ScatterReduction, "none">, string>> = { add: "sum", multiply: "prod", max: "amax", min: "amin" };

export function scatterElements({ use, inputs: [x, indices, updates], attributes: { axis, reduction } }: Call<"scatterElements">): string {
  const places = `${use("places_of")}(${indices}, ${x}.shape[${axis}])`;
  return reduction === "none" ? `${x}.scatter(${axis}, ${places}, ${updates})` : `${x}.scatter_reduce(${axis}, ${places}, ${updates}, "${reductions[reduction]}")`;
}

export function scatterNd({ use, inputs, attributes: { reduction } }: Call<"scatterNd">): string {
  return `${use("scatter_nd")}(${inputs.join(", ")}${reduction === "none" ? "" : `, "${reductions[reduction]}"`})`;
}

export function oneHot({ inputs: [indices], attributes: { depth, axis = -1 } }: Call<"oneHot">): string {
  const last = `(${indices}[..., None] == torch.arange(${literal("depth", depth)}, device=${indices}.device)).float()`;
  return axis === -1 ? last : `${last}.movedim(-1, ${axis})`;
}

export function positionIds({ use, inputs: [ids], attributes: { offset, paddingId } }: Call<"positionIds">): string {
  return `${use("position_ids")}(${ids}, ${offset}${paddingId === undefined ? "" : `, padding_id=${paddingId}`})`;
}
