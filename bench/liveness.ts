/**
 * The least memory that a step could do with, from a log of who reads and writes which bytes: a value takes up its bytes from the
 * first write to the last read, and the sum over all values at the worst moment is the minimum. Pools, staging buffers and
 * whatever is kept too long do not count; that is the point.
 */

/** `update` reads and writes at once: an accumulation, or a parameter that is stepped in place. */
export interface BufferEvent {
  readonly kind: "read" | "write" | "update";
  readonly buffer: number;
  /** Bytes from `begin` to `end`. */
  readonly begin: number;
  readonly end: number;
}

interface Value {
  readonly begin: number;
  end: number;
  /** Positions in the log. A value that was there before the step begins at -1. */
  readonly from: number;
  to: number;
  wasRead: boolean;
}

const overlap = (value: Value, event: BufferEvent): boolean => value.begin < event.end && event.begin < value.end;

/**
 * @param step the log of a step in the steady state.
 * @param next the log of the step after it, which tells what of `step` was still needed: what `next` reads before it writes it.
 */
export function livenessMinimum(step: readonly BufferEvent[], next: readonly BufferEvent[]): number {
  const open = new Map<number, Value[]>();
  const closed: Value[] = [];

  const visit = (event: BufferEvent, position: number): void => {
    const values = open.get(event.buffer) ?? [];
    open.set(event.buffer, values);
    const met = values.filter((value) => overlap(value, event));
    if (event.kind !== "write") {
      for (const value of met) {
        value.to = position;
        value.wasRead = true;
      }
      // Bytes that nobody wrote in this step come from before it.
      if (met.length === 0) values.push({ begin: event.begin, end: event.end, from: -1, to: position, wasRead: true });
      return;
    }
    // Several writes in a row make one value: a concatenation is written part by part.
    const grows = met.find((value) => !value.wasRead);
    for (const value of met) {
      if (value === grows) continue;
      // A write to part of a value leaves the rest of it as it was.
      if (value.begin < event.begin || event.end < value.end) continue;
      values.splice(values.indexOf(value), 1);
      closed.push(value);
    }
    if (grows) {
      grows.to = position;
      grows.end = Math.max(grows.end, event.end);
    } else values.push({ begin: event.begin, end: event.end, from: position, to: position, wasRead: false });
  };

  step.forEach(visit);
  const length = step.length;
  // The first look of the next step at each byte decides: a read needs what is there, a write does not.
  const overwritten = new Map<number, { readonly begin: number; readonly end: number }[]>();
  for (const event of next) {
    const written = overwritten.get(event.buffer) ?? [];
    if (event.kind === "write") {
      written.push(event);
      overwritten.set(event.buffer, written);
      continue;
    }
    if (written.some(({ begin, end }) => begin < event.end && event.begin < end)) continue;
    for (const value of open.get(event.buffer) ?? []) if (overlap(value, event)) value.to = length;
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
