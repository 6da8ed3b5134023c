/** Two texts as one sequence of ids: what stands around and between them, and which is cut where both are too long. */

export interface PairMarks {
  readonly opening: readonly number[];
  readonly middle: readonly number[];
  readonly closing: readonly number[];
}

/**
 * Cut as Hugging Face's "longest_first": the longer text gives way until both are as long, then both do.
 * @returns at most `maxTokens` ids, marks included.
 */
export function pairIds(first: ArrayLike<number>, second: ArrayLike<number>, { opening, middle, closing }: PairMarks, maxTokens = Infinity): Int32Array {
  const room = Math.max(0, maxTokens - opening.length - middle.length - closing.length);
  const [firstRoom, secondRoom] = roomFor(first.length, second.length, room);
  return Int32Array.from([...opening, ...Array.from(first).slice(0, firstRoom), ...middle, ...Array.from(second).slice(0, secondRoom), ...closing].slice(0, maxTokens));
}

function roomFor(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const half = Math.floor(room / 2);
  if (first <= second) return first <= half ? [first, room - first] : [half, room - half];
  return second <= half ? [room - second, second] : [room - half, half];
}
