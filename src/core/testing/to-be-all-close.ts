/**
 * The one matcher for arrays of numbers: `expect(got).toBeAllClose(want, { rtol, atol })`, with NumPy's rule
 * |got - want| <= atol + rtol * |want|. A failure prints the worst index, the shapes and the count of NaN. Import the file
 * for its effect.
 */
import { expect } from "vitest";

/** Flat numbers; with a shape, the shapes must be equal too. */
export type NumberArray = ArrayLike<number> | { readonly shape: readonly number[]; readonly values: ArrayLike<number> };

export interface Tolerance {
  /** Relative to what is wanted; 1e-5 by default. */
  readonly rtol?: number;
  /** Absolute; equal to rtol by default. */
  readonly atol?: number;
}

interface Comparison {
  readonly pass: boolean;
  readonly message: string;
}

function flatten(array: NumberArray): { readonly values: ArrayLike<number>; readonly shape: readonly number[] | null } {
  return "values" in array && typeof array.values === "object" ? { values: array.values, shape: array.shape } : { values: array as ArrayLike<number>, shape: null };
}

/** Where in a shape a flat index is: `[1, 0, 3]`. */
function position(index: number, shape: readonly number[] | null): string {
  if (shape === null) return `[${index}]`;
  let rest = index;
  const indices = shape.toReversed().map((size) => {
    const own = rest % size;
    rest = Math.floor(rest / size);
    return own;
  });
  return `[${indices.toReversed().join(", ")}]`;
}

export function compareAllClose(got: NumberArray, want: NumberArray, { rtol = 1e-5, atol = rtol }: Tolerance = {}): Comparison {
  const a = flatten(got);
  const b = flatten(want);
  const shapes = `got [${(a.shape ?? [a.values.length]).join(", ")}], want [${(b.shape ?? [b.values.length]).join(", ")}]`;
  const sameShape = a.values.length === b.values.length && (a.shape === null || b.shape === null || a.shape.join() === b.shape.join());
  if (!sameShape) return { pass: false, message: `The shapes differ: ${shapes}.` };

  let worst = -1;
  let worstExcess = 0;
  let wrong = 0;
  let notNumbers = 0;
  for (let i = 0; i < a.values.length; i++) {
    const x = a.values[i] as number;
    const y = b.values[i] as number;
    if (Number.isNaN(x)) notNumbers++;
    // Equal infinities and NaN where NaN is wanted are close.
    if (Object.is(x, y) || x === y) continue;
    const excess = Math.abs(x - y) / (atol + rtol * Math.abs(y));
    if (excess <= 1) continue;
    wrong++;
    const size = Number.isNaN(excess) ? Infinity : excess;
    if (size > worstExcess) {
      worstExcess = size;
      worst = i;
    }
  }
  if (wrong === 0) return { pass: true, message: `All ${a.values.length} values are close (rtol ${rtol}, atol ${atol}).` };
  const found = `got ${a.values[worst]}, want ${b.values[worst]}`;
  return {
    pass: false,
    message: `${wrong} of ${a.values.length} values are not close (rtol ${rtol}, atol ${atol}). Worst at ${position(worst, a.shape ?? b.shape)}: ${found}. Shapes: ${shapes}. NaN: ${notNumbers}.`,
  };
}

expect.extend({
  toBeAllClose(got: NumberArray, want: NumberArray, tolerance?: Tolerance) {
    const { pass, message } = compareAllClose(got, want, tolerance);
    return { pass, message: () => message };
  },
});

declare module "vitest" {
  // Declaration merging wants the very type parameter that vitest declares.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars
  interface Matchers<T = any> {
    toBeAllClose(want: NumberArray, tolerance?: Tolerance): void;
  }
}
