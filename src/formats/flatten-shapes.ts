/** Reshapes of somebody else's model in our terms: the batch stays free, everything else is fixed. */
import { GraftError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { formatShape } from "../core/shape.ts";

const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

/**
 * `target` is the shape of one example and may hold one -1. -> `[-1, ...]` with every other size known.
 * @throws GraftError where the example's size is not known or does not fit.
 */
export function reshapeExamples(shape: Shape, target: readonly number[], where: string): readonly number[] {
  const example = shape.slice(1);
  if (example.includes(null)) {
    throw new GraftError({ where, what: `it reshapes ${formatShape(shape)}, whose size depends on the input`, next: "Use a model with a fixed input size, or cut it off before this layer." });
  }
  const size = product(example as readonly number[]);
  const rest = product(target.filter((dim) => dim !== -1));
  const free = target.filter((dim) => dim === -1).length;
  if (free > 1 || (free === 1 ? rest === 0 || size % rest !== 0 : rest !== size)) {
    throw new GraftError({ where, what: `${size} values do not fill ${formatShape(target)}` });
  }
  return [-1, ...target.map((dim) => (dim === -1 ? size / rest : dim))];
}
