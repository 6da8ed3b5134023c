/**
 * Sizes that only the run knows, where a node computes with them: of which value's axis one is the size, found by going back
 * through the arithmetic on shapes, and a tensor widened to it. A size that was computed with, not only moved, is none's.
 */
import type { OnnxNode } from "./node.ts";
import { normalizeAxis } from "./host-tensor.ts";
import type { Reading } from "./reading.ts";
import { sliceRanges } from "./slices.ts";

export interface OpenSize {
  /** Value of the graph. */
  readonly value: string;
  readonly axis: number;
}

/** Ops that keep their elements in order. */
const keepsOrder: ReadonlySet<string> = new Set(["Identity", "Cast", "CastLike", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/** Exporters move a size a few times; only a damaged file moves it on and on. */
const maxMoves = 64;

/** @param name an ONNX value that is known; its element `index` is a size that is not. */
export function openSizeOf(r: Reading, name: string, index: number, moves = 0): OpenSize | undefined {
  const node = r.producerOf(name);
  if (node === undefined || moves > maxMoves) return undefined;
  const [first = ""] = node.inputs;
  const dims = (each: string): readonly number[] => r.knownOf(each)?.tensor.shape ?? [];
  if (keepsOrder.has(node.opType)) return openSizeOf(r, first, index, moves + 1);
  switch (node.opType) {
    case "Shape": {
      const value = r.valueOf(first);
      const start = node.integer("start", 0);
      return { value, axis: index + (start < 0 ? Math.max(0, start + r.rankOf(value)) : Math.min(start, r.rankOf(value))) };
    }
    case "Gather": {
      const at = r.host(node, 1)?.values[index];
      return at === undefined || dims(first).length !== 1 ? undefined : openSizeOf(r, first, normalizeAxis(at, dims(first)[0] as number), moves + 1);
    }
    case "Slice": {
      if (dims(first).length !== 1) return undefined;
      const [range] = sliceRanges(node, dims(first), [1, 2, 3, 4].map((i) => r.host(node, i) && [...(r.host(node, i)?.values ?? [])]));
      return range && openSizeOf(r, first, range.start + range.step * index, moves + 1);
    }
    case "Concat": {
      let before = 0;
      for (const part of node.inputs) {
        const [size = 0, ...others] = dims(part);
        if (others.length > 0) return undefined;
        if (index < before + size) return openSizeOf(r, part, index - before, moves + 1);
        before += size;
      }
      return undefined;
    }
    case "Where": {
      // A choice between shapes of one length: the file's own size, or what replaces a -1.
      const condition = r.host(node, 0)?.values;
      const chosen = node.inputs[condition?.[index] === 0 ? 2 : 1] ?? "";
      const lengths = [condition?.length, r.knownOf(chosen)?.tensor.values.length, r.knownOf(name)?.tensor.values.length];
      return new Set(lengths).size === 1 ? openSizeOf(r, chosen, index, moves + 1) : undefined;
    }
    default:
      return undefined;
  }
}

/** The open size that element `index` of an input is. @throws GraftError if it is not a value's own size. */
export function requireOpenSize(node: OnnxNode, r: Reading, input: number, index: number): OpenSize {
  const found = openSizeOf(r, node.inputs[input] ?? "", index);
  if (found === undefined) throw node.refuse("it computes with a size that is known only when the model runs", "sizes of its inputs as they are", "Export the model with fixed sizes, or give the sizes.");
  return found;
}

/** `x`, of size 1 along `axis`, repeated as often as that size says. */
export function widen(r: Reading, x: string, axis: number, size: OpenSize): string {
  const like = size.axis === axis ? size.value : alongAxis(r, size, axis, r.rankOf(x));
  return r.add("broadcastLike", [x, like], { axes: [axis] });
}

/** Something with that size along `axis`, and of size 1 elsewhere. */
function alongAxis(r: Reading, { value, axis: from }: OpenSize, axis: number, rank: number): string {
  const dims = r.shapeOf(value);
  const line = r.add("slice", [value], { begin: dims.map(() => 0), size: dims.map((_, each) => (each === from ? -1 : 1)) });
  return r.add("reshape", [line], { shape: Array.from({ length: rank }, (_, each) => (each === axis ? -1 : 1)) });
}
