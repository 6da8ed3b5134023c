/**
 * The least memory that a step could do with, from a log of who reads and writes which bytes: a value takes up its bytes from the
 * first write to the last read, and the sum over all values at the worst moment is the minimum. Pools, staging buffers and
 * whatever is kept too long do not count; that is the point.
 */

/** `update` reads and writes at once: an accumulation, or a parameter that is stepped in place. */
export interface BufferEvent {
  /** Counts dispatches, copies and uploads: what one of them reads and writes is needed at the same time. */
  readonly at: number;
  readonly kind: "read" | "write" | "update";
  readonly buffer: number;
  /** Bytes from `begin` to `end`. */
  readonly begin: number;
  readonly end: number;
}

interface Range {
  readonly begin: number;
  readonly end: number;
}

interface Value extends Range {
  /** As `at`. A value that was there before the step begins at -1. */
  readonly from: number;
  to: number;
  wasRead: boolean;
}

const overlaps = (a: Range, b: Range): boolean => a.begin < b.end && b.begin < a.end;

/** What of `range` is in none of `others`. */
function without(range: Range, others: readonly Range[]): Range[] {
  return others.reduce<Range[]>(
    (parts, other) =>
      parts.flatMap((part) => {
        if (!overlaps(part, other)) return [part];
        return [
          { begin: part.begin, end: other.begin },
          { begin: other.end, end: part.end },
        ].filter(({ begin, end }) => begin < end);
      }),
    [range],
  );
}

/**
 * @param step the log of a step in the steady state.
 * @param next the log of the step after it, which tells what of `step` was still needed: what `next` reads before it writes it.
 */
export function livenessMinimum(step: readonly BufferEvent[], next: readonly BufferEvent[]): number {
  const open = new Map<number, Value[]>();
  const closed: Value[] = [];

  const visit = (event: BufferEvent): void => {
    const { at } = event;
    const values = open.get(event.buffer) ?? [];
    const met = values.filter((value) => overlaps(value, event));
    if (event.kind !== "write") {
      for (const value of met) {
        value.to = at;
        value.wasRead = true;
      }
      // Bytes that nobody wrote in this step come from before it.
      open.set(event.buffer, [...values, ...without(event, met).map((part) => ({ ...part, from: -1, to: at, wasRead: true }))]);
      return;
    }
    // Several writes with no read between them make one value; a write over what was read ends that, where the two meet.
    const growing = met.filter((value) => !value.wasRead);
    for (const value of growing) value.to = at;
    const ended = met.filter((value) => value.wasRead);
    closed.push(...ended.map((value) => ({ ...value, begin: Math.max(value.begin, event.begin), end: Math.min(value.end, event.end) })));
    const rests = ended.flatMap((value) => without(value, [event]).map((part) => ({ ...value, ...part })));
    const fresh = without(event, growing).map((part) => ({ ...part, from: at, to: at, wasRead: false }));
    open.set(event.buffer, [...values.filter((value) => !ended.includes(value)), ...rests, ...fresh]);
  };

  step.forEach(visit);
  const length = 1 + (step.at(-1)?.at ?? 0);
  // The first look of the next step at each byte decides: a read needs what is there, a write does not.
  const overwritten = new Map<number, Range[]>();
  for (const event of next) {
    const written = overwritten.get(event.buffer) ?? [];
    if (event.kind === "write") {
      written.push(event);
      overwritten.set(event.buffer, written);
      continue;
    }
    if (written.some((range) => overlaps(range, event))) continue;
    for (const value of open.get(event.buffer) ?? []) if (overlaps(value, event)) value.to = length;
  }

  const values = [...closed, ...[...open.values()].flat()];
  const change = new Float64Array(length + 3);
  for (const { begin, end, from, to } of values) {
    change[from + 1] = (change[from + 1] as number) + end - begin;
    change[to + 2] = (change[to + 2] as number) - (end - begin);
  }
  let bytes = 0;
  let peak = 0;
  for (const delta of change) {
    bytes += delta;
    peak = Math.max(peak, bytes);
  }
  return peak;
}
