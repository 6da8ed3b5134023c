/**
 * A series that may grow for thousands of steps and is drawn the whole time: kept at a bounded size by halving its
 * resolution whenever it fills up. Each bucket keeps its lowest and its highest point, so that no spike is ever lost, and the
 * smoothed value at its end.
 */

export interface TracePoint {
  readonly step: number;
  /** Fractional: 1.5 is half way through the second epoch. */
  readonly epoch: number;
  readonly value: number;
}

interface Bucket {
  readonly low: TracePoint;
  readonly high: TracePoint;
  readonly smooth: TracePoint;
  /** Points that went into it. */
  readonly size: number;
}

export interface Trace {
  /** Points a full bucket holds. */
  readonly stride: number;
  readonly buckets: readonly Bucket[];
  /** Steps over which the smoothed value forgets. */
  readonly window: number;
  /** Exponential moving average before bias correction, as in Adam; and how many points it has seen. */
  readonly average: number;
  readonly count: number;
}

/** Two points of each bucket are drawn: at most 300. */
const mostBuckets = 150;

export function emptyTrace(window = 1): Trace {
  return { stride: 1, buckets: [], window, average: 0, count: 0 };
}

function merge(a: Bucket, b: Bucket): Bucket {
  return { low: b.low.value < a.low.value ? b.low : a.low, high: b.high.value > a.high.value ? b.high : a.high, smooth: b.smooth, size: a.size + b.size };
}

function halve(buckets: readonly Bucket[]): Bucket[] {
  const halved: Bucket[] = [];
  for (let i = 0; i < buckets.length; i += 2) {
    const [a, b] = [buckets[i], buckets[i + 1]];
    if (a) halved.push(b ? merge(a, b) : a);
  }
  return halved;
}

/** The trace with `points` at its end. Values that are not finite are left out: there is no place to draw them. */
export function extendTrace(trace: Trace, points: readonly TracePoint[]): Trace {
  let { stride, average, count } = trace;
  let buckets = [...trace.buckets];
  const keep = 1 - 1 / trace.window;
  for (const point of points) {
    if (!Number.isFinite(point.value)) continue;
    count++;
    average = keep * average + (1 - keep) * point.value;
    const smooth = { ...point, value: average / (1 - keep ** count) };
    const bucket: Bucket = { low: point, high: point, smooth, size: 1 };
    const last = buckets.at(-1);
    if (last && last.size < stride) buckets[buckets.length - 1] = merge(last, bucket);
    else if (buckets.length < mostBuckets) buckets.push(bucket);
    else {
      buckets = [...halve(buckets), bucket];
      stride *= 2;
    }
  }
  return { stride, buckets, window: trace.window, average, count };
}

/** The points as they were, thinned to each bucket's extremes, in order; at most 300. */
export function rawPoints({ buckets }: Trace): readonly TracePoint[] {
  return buckets.flatMap(({ low, high }) => (low.step === high.step ? [low] : low.step < high.step ? [low, high] : [high, low]));
}

/** The smoothed course; at most 150 points. */
export function smoothPoints({ buckets }: Trace): readonly TracePoint[] {
  return buckets.map(({ smooth }) => smooth);
}
