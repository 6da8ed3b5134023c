/** Shapes without tensors: sizes and the rules that two of them must meet. */

/** One dimension; `null` is a size that is known only when the graph runs (batch, tokens). */
export type Dim = number | null;
export type Shape = readonly Dim[];

export type DType = "float32" | "int32";

/** The number of elements; unknown dimensions count as 1, so the size "per example" of `[null, 7, 7, 96]` is 4704. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((product, dim) => product * (dim ?? 1), 1);
}

/** `[?, 7, 7, 96]` */
export function formatShape(shape: Shape): string {
  return `[${shape.map((dim) => dim ?? "?").join(", ")}]`;
}

/** The shape of an elementwise result under NumPy's broadcasting, or `null` if the two do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = i < rank - a.length ? 1 : (a[i - (rank - a.length)] as Dim);
    const y = i < rank - b.length ? 1 : (b[i - (rank - b.length)] as Dim);
    if (x === y || y === 1) result.push(x);
    else if (x === 1) result.push(y);
    else if (x === null || y === null) result.push(x ?? y);
    else return null;
  }
  return result;
}
