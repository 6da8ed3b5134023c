/**
 * Where the values of a captured step live: each gets a place in one of a few large buffers, and two values share bytes
 * where their lifetimes do not overlap. Placing the largest first at the lowest offset that is free (Pisarchyk and Lee, 2020)
 * comes close to the least that any plan needs. It knows lifetimes and sizes, and no GPU.
 */

export interface PlannedValue {
  /** Bytes. */
  readonly size: number;
  /** Positions of the first and the last command that touch it. */
  readonly first: number;
  readonly last: number;
  /** Values that may not be in the same buffer, by index: one dispatch writes one of them and reads the other. */
  readonly apartFrom: ReadonlySet<number>;
}

export interface Place {
  readonly buffer: number;
  readonly offset: number;
}

export interface Plan {
  /** By the index of the value. */
  readonly places: readonly Place[];
  /** Bytes of each buffer. */
  readonly bufferSizes: readonly number[];
}

export interface PlanLimits {
  /** Offsets are multiples of this. */
  readonly alignment: number;
  /** No buffer is larger than this. */
  readonly maxBufferSize: number;
}

interface Placed {
  readonly index: number;
  readonly begin: number;
  readonly end: number;
}

export function planMemory(values: readonly PlannedValue[], { alignment, maxBufferSize }: PlanLimits): Plan {
  const places: Place[] = new Array<Place>(values.length);
  const buffers: { readonly placed: Placed[]; extent: number }[] = [];
  const padded = (size: number): number => Math.ceil(size / alignment) * alignment;
  const order = values.map((_, index) => index).sort((a, b) => (values[b] as PlannedValue).size - (values[a] as PlannedValue).size || a - b);

  for (const index of order) {
    const value = values[index] as PlannedValue;
    const size = padded(value.size);
    let best: { buffer: number; offset: number; growth: number } | null = null;
    for (const [number, buffer] of buffers.entries()) {
      if (buffer.placed.some((other) => value.apartFrom.has(other.index))) continue;
      const offset = lowestGap(buffer.placed.filter((other) => overlap(value, values[other.index] as PlannedValue)), size);
      const growth = Math.max(0, offset + size - buffer.extent);
      if (offset + size > maxBufferSize) continue;
      if (best === null || growth < best.growth) best = { buffer: number, offset, growth };
    }
    // A buffer of its own is worth as much as growth by the whole size.
    if (best === null) {
      buffers.push({ placed: [], extent: 0 });
      best = { buffer: buffers.length - 1, offset: 0, growth: size };
    }
    const chosen = buffers[best.buffer] as (typeof buffers)[number];
    chosen.placed.push({ index, begin: best.offset, end: best.offset + size });
    chosen.extent = Math.max(chosen.extent, best.offset + size);
    places[index] = { buffer: best.buffer, offset: best.offset };
  }
  return { places, bufferSizes: buffers.map(({ extent }) => extent) };
}

function overlap(a: PlannedValue, b: PlannedValue): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function lowestGap(taken: readonly Placed[], size: number): number {
  let offset = 0;
  for (const { begin, end } of taken.toSorted((a, b) => a.begin - b.begin)) {
    if (begin - offset >= size) return offset;
    offset = Math.max(offset, end);
  }
  return offset;
}

/** The most that is alive at one moment: no plan needs less. Bytes. */
export function livenessMinimum(values: readonly Pick<PlannedValue, "size" | "first" | "last">[]): number {
  const changes = new Map<number, number>();
  const change = (position: number, bytes: number): unknown => changes.set(position, (changes.get(position) ?? 0) + bytes);
  for (const { size, first, last } of values) {
    change(first, size);
    change(last + 1, -size);
  }
  let alive = 0;
  let most = 0;
  for (const [, bytes] of [...changes].sort(([a], [b]) => a - b)) {
    alive += bytes;
    most = Math.max(most, alive);
  }
  return most;
}
