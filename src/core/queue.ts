/** Jobs that take turns, in the order in which they were asked for. */
import { CancelledError } from "./errors.ts";

export class Queue {
  private last: Promise<void> = Promise.resolve();

  /** @param signal while the job waits for its turn, it gives up as soon as this is aborted: CancelledError, and it is not done. */
  async run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.last;
    let leave = (): void => {};
    const mine = new Promise<void>((resolve) => (leave = resolve));
    this.last = before.then(() => mine);
    try {
      await unlessAborted(before, signal);
      return await job();
    } finally {
      leave();
    }
  }
}

async function unlessAborted(wait: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return wait;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => (abort = () => reject(new CancelledError())));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    await Promise.race([aborted, wait]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
