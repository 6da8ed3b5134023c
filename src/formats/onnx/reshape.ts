/** What shape a Reshape makes, with one size at most left to the run: our reshape takes one -1. It computes no values. */
import type { Dim, Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import { product } from "./host-tensor.ts";
import type { OnnxNode } from "./node.ts";

/**
 * @param target as the file has it: 0 copies, -1 is the rest, NaN is a size that is not known.
 * @param freedBatch the batch size that the file was made with, if x's leading size was made free of it: a literal of that
 * size at the target's front then stands for the batch.
 * @returns the new shape; of its sizes at most one is null.
 */
export function resolveReshape(node: OnnxNode, x: Shape, target: readonly number[], freedBatch: number | null): Shape {
  const keepsZero = node.integer("allowzero", 0) === 1;
  const wanted: Dim[] = target.map((dim, axis) => {
    if (dim === 0 && !keepsZero) return x[axis] ?? null;
    return Number.isNaN(dim) ? null : dim;
  });
  if (!wanted.every((dim) => dim === null || (Number.isInteger(dim) && dim >= -1))) throw node.refuse(`its shape is ${formatShape(target)}`, "sizes");
  const unknown = x.filter((dim) => dim === null).length;
  const size = product(x.filter((dim): dim is number => dim !== null));
  const free = wanted.filter((dim) => dim === -1).length;
  if (free > 1) throw node.refuse(`its shape is ${formatShape(target)}`, "at most one -1");
  const open = wanted.filter((dim) => dim === null).length;
  if (unknown === 0) {
    if (open + free > 1) throw tooOpen(node, x, wanted);
    return wanted.map((dim) => (dim === null || dim === -1 ? rest(node, size, wanted) : dim));
  }
  if (unknown === 1 && freedBatch !== null && x[0] === null && open === 0 && wanted[0] === freedBatch) {
    const others = wanted.slice(1);
    // The literal batch at the front becomes free; a -1 behind it is then the rest of one example.
    return [null, ...others.map((dim) => (dim === -1 ? rest(node, size, others) : dim))];
  }
  if (open + free > 1) {
    if (unknown > 1 || open !== 1) throw tooOpen(node, x, wanted);
    return wanted.map((dim) => (dim === -1 ? rest(node, size, wanted) : dim));
  }
  if (open + free === 1) {
    const others = product(wanted.filter((dim): dim is number => dim !== null && dim !== -1));
    // With all of one example in the other sizes, what is left is the batch.
    if (unknown === 1 && (others === 0 || (size % others !== 0 && others % size !== 0))) throw node.refuse(`${formatShape(x)} does not fill ${formatShape(target)}`);
    return wanted.map((dim) => (dim === -1 ? null : dim));
  }
  throw tooOpen(node, x, wanted);
}

/** What a -1 is among known sizes; null ones are left out on both sides. */
function rest(node: OnnxNode, size: number, wanted: readonly Dim[]): number {
  const others = product(wanted.filter((dim): dim is number => dim !== null && dim !== -1));
  if (others === 0 || size % others !== 0) throw node.refuse(`${size} values do not fill ${formatShape(wanted)}`);
  return size / others;
}

function tooOpen(node: OnnxNode, x: Shape, wanted: Shape): Error {
  return node.refuse(`it reshapes ${formatShape(x)} to ${formatShape(wanted)}, sizes that depend on the input`, "only the batch to be free", "Export the model with fixed sizes, or give the sizes.");
}
