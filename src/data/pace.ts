/**
 * How long jobs share the worker: they let other messages in, stop when they are cancelled, report at most ten times a
 * second, and run a bounded number of slow things side by side.
 */
import { CancelledError } from "../core/errors.ts";
import { Turn } from "../core/turn.ts";
import type { OnProgress } from "../protocol/api.ts";

export interface JobOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

const reportMs = 100;

export class Pace {
  private readonly options: JobOptions;
  private readonly turn = new Turn();
  private reportedAtMs = -Infinity;

  constructor(options: JobOptions) {
    this.options = options;
  }

  /** True when it is time to `await breathe()`; cheap enough to ask for every row. */
  get due(): boolean {
    return this.turn.isOver;
  }

  /** @throws CancelledError once the job is cancelled. */
  check(): void {
    if (this.options.signal?.aborted) throw new CancelledError();
  }

  /** Lets the event loop run if the job has kept it for long. */
  async breathe(): Promise<void> {
    this.check();
    await this.turn.pass();
    this.check();
  }

  /** Drops reports that come too soon, but never the last one. */
  report(what: string, done: number, total: number): void {
    const now = performance.now();
    if (now - this.reportedAtMs < reportMs && done < total) return;
    this.reportedAtMs = now;
    this.options.onProgress?.({ what, done, total });
  }
}

export interface ConcurrencyOptions {
  /** At most this many at once. */
  readonly limit: number;
  /** Asked before each item; throws to end the whole job. */
  readonly check?: () => void;
  readonly onDone?: (done: number) => void;
}

/** Results in the order of the items. The first failure ends the job once what is under way has settled. */
export async function mapConcurrently<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>, { limit, check, onDone }: ConcurrencyOptions): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let done = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        check?.();
        results[index] = await work(items[index] as T, index);
        onDone?.(++done);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  const failure = lanes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
  return results;
}
