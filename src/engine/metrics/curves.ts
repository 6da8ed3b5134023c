/** What every threshold would do: receiver operating characteristic, and precision against recall. Plain numbers, no tensors. */
import type { ClassCurves, PrecisionRecallCurve, PrecisionRecallPoint, RocCurve, RocPoint } from "../../core/metrics.ts";

/** More points than this are more than a chart has pixels for. */
const maximumPoints = 100;

/** What scores from `threshold` up would find. */
interface Counts {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

interface Ranking {
  /** One for each different score, the highest first. */
  readonly counts: readonly Counts[];
  readonly positives: number;
  readonly negatives: number;
}

/** @returns null where a score is no number: nothing can be said of a model that has diverged. */
function rank(scores: ArrayLike<number>, isPositive: (example: number) => boolean): Ranking | null {
  const all = Array.from({ length: scores.length }, (_, example) => example);
  const sorted = (examples: readonly number[]): Float64Array => Float64Array.from(examples, (example) => scores[example] as number).sort();
  const [positives, negatives] = [sorted(all.filter(isPositive)), sorted(all.filter((example) => !isPositive(example)))];
  // NaN sorts last.
  if (Number.isNaN(positives.at(-1)) || Number.isNaN(negatives.at(-1))) return null;
  const counts: Counts[] = [];
  let [positive, negative] = [positives.length - 1, negatives.length - 1];
  while (positive >= 0 || negative >= 0) {
    const threshold = Math.max(positives[positive] ?? -Infinity, negatives[negative] ?? -Infinity);
    while (positives[positive] === threshold) positive--;
    while (negatives[negative] === threshold) negative--;
    counts.push({ threshold, truePositives: positives.length - 1 - positive, falsePositives: negatives.length - 1 - negative });
  }
  return { counts, positives: positives.length, negatives: negatives.length };
}

/** At most `maximumPoints` of them, evenly along the way that the curve takes; the first and the last stay. */
function thinned<Point>(points: readonly Point[], at: (point: Point) => readonly [x: number, y: number]): readonly Point[] {
  if (points.length <= maximumPoints) return points;
  let length = 0;
  const lengths = points.map((point, i) => {
    const [x, y] = at(point);
    const [lastX, lastY] = at(points[Math.max(0, i - 1)] as Point);
    return (length += Math.abs(x - lastX) + Math.abs(y - lastY));
  });
  const step = (i: number): number => Math.floor(((lengths[i] as number) / length) * (maximumPoints - 2));
  return points.filter((_, i) => i === 0 || i === points.length - 1 || step(i) > step(i - 1));
}

function rocOf({ counts, positives, negatives }: Ranking): RocCurve {
  if (positives === 0 || negatives === 0) return { points: [], area: null };
  let area = 0;
  counts.forEach(({ truePositives, falsePositives }, i) => {
    const before = counts[i - 1] ?? { truePositives: 0, falsePositives: 0 };
    area += ((falsePositives - before.falsePositives) * (truePositives + before.truePositives)) / 2;
  });
  const points: readonly RocPoint[] = [
    { falsePositiveRate: 0, truePositiveRate: 0, threshold: null },
    ...counts.map(({ threshold, truePositives, falsePositives }) => ({ falsePositiveRate: falsePositives / negatives, truePositiveRate: truePositives / positives, threshold })),
  ];
  return { points: thinned(points, ({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate]), area: area / (positives * negatives) };
}

function precisionRecallOf({ counts, positives }: Ranking): PrecisionRecallCurve {
  if (positives === 0) return { points: [], averagePrecision: null };
  let averagePrecision = 0;
  const points: PrecisionRecallPoint[] = [{ recall: 0, precision: 1, threshold: null }];
  counts.forEach(({ threshold, truePositives, falsePositives }, i) => {
    const precision = truePositives / (truePositives + falsePositives);
    averagePrecision += (precision * (truePositives - (counts[i - 1]?.truePositives ?? 0))) / positives;
    points.push({ recall: truePositives / positives, precision, threshold });
  });
  return { points: thinned(points, ({ recall, precision }) => [recall, precision]), averagePrecision };
}

/**
 * One class against all others, or one label alone.
 * @param scores one an example, higher for what rather is of the class; equal ones are one threshold
 * @param isPositive whether the example is of the class
 */
export function curvesOf(name: string, scores: ArrayLike<number>, isPositive: (example: number) => boolean): ClassCurves {
  const ranking = rank(scores, isPositive);
  if (ranking === null) return { name, roc: { points: [], area: null }, precisionRecall: { points: [], averagePrecision: null } };
  return { name, roc: rocOf(ranking), precisionRecall: precisionRecallOf(ranking) };
}

/** One column of a row-major matrix: the scores of one class. */
export function columnOf(values: Float32Array, column: number, columns: number): Float32Array {
  return Float32Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column] as number);
}
