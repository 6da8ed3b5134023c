/** Damaged files for readers: whatever is done to a file, a reader loads it or says what is wrong in a GraftError. */
import { GraftError } from "../../core/errors.ts";
import { Rng } from "../../core/rng.ts";

const oddValues: readonly unknown[] = [null, undefined, -1, 0, 1.5, 1e300, 2 ** 53, "", "x", "__proto__", "DT_STRING", true, [], {}, [[]], [null], { __proto__: null }];

/** A copy of `json` with one to three values deep inside changed, dropped or put elsewhere. */
export function mutateJson(json: unknown, rng: Rng): unknown {
  const copy = structuredClone(json);
  for (let i = 0; i <= rng.int(3); i++) {
    const places = collect(copy);
    const place = places[rng.int(places.length)];
    if (place === undefined) return copy;
    const other = places[rng.int(places.length)] ?? place;
    place.parent[place.key] = rng.int(3) === 0 ? structuredClone(other.parent[other.key]) : oddValues[rng.int(oddValues.length)];
  }
  return copy;
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function collect(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...collect(parent[key])]);
}

/** A copy of `bytes` with some changed, cut off or added. */
export function mutateBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  const cut = [bytes.length, Math.max(0, bytes.length - 1), bytes.length + 4, rng.int(bytes.length), 7][rng.int(5)] as number;
  const copy = new Uint8Array(cut);
  copy.set(bytes.subarray(0, cut));
  for (let i = 0; i < rng.int(4); i++) if (cut > 0) copy[rng.int(Math.min(cut, rng.int(2) === 0 ? 400 : cut))] = rng.int(256);
  return copy;
}

/** Runs `read` on `count` damaged files. -> how many were refused. Any other error than a GraftError is thrown on. */
export function countRefused(count: number, seed: number, read: (rng: Rng) => void): number {
  let refused = 0;
  for (let i = 0; i < count; i++) {
    try {
      read(new Rng(seed).fork(i));
    } catch (error) {
      if (!(error instanceof GraftError)) throw error;
      refused++;
    }
  }
  return refused;
}

/** A damaged model of two parts: a description, and the bytes it speaks of. */
export interface Damaged {
  readonly json: unknown;
  readonly bytes: Uint8Array;
}

/** What the runtime itself, and a table that is made once, may allocate beside. */
const slackBytes = 2 ** 20;

/** Runs `read` on a file of `size` bytes: in less than a second, and with less than four times the file in array buffers. */
export function readCheaply(size: number, read: () => void): void {
  const before = { time: performance.now(), buffers: process.memoryUsage().arrayBuffers };
  const check = (): void => {
    const [ms, allocated] = [performance.now() - before.time, process.memoryUsage().arrayBuffers - before.buffers];
    if (ms > 1000 || allocated > 4 * size + slackBytes) throw new Error(`A file of ${size} bytes took ${Math.round(ms)} ms and ${allocated} bytes.`);
  };
  try {
    read();
  } catch (error) {
    check();
    throw error;
  }
  check();
}

/** As `countRefused`, on models whose description, bytes or both are damaged; and each is read cheaply. */
export function countRefusedWithin(count: number, seed: number, { json, bytes }: Damaged, read: (damaged: Damaged) => void): number {
  return countRefused(count, seed, (rng) => {
    const damaged = { json: rng.int(5) === 0 ? json : mutateJson(json, rng), bytes: rng.int(4) === 0 ? mutateBytes(bytes, rng) : bytes };
    readCheaply(damaged.bytes.length + (JSON.stringify(damaged.json)?.length ?? 0), () => read(damaged));
  });
}
