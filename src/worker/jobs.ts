/** One long job at a time, cancellable. */
import { CancelledError } from "../core/errors.ts";

export class Jobs {
  private current: AbortController | null = null;

  /** Runs `job` after cancelling the one before it. A cancelled job rejects with CancelledError, whatever it made of the signal. */
  async run<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.cancel();
    const controller = new AbortController();
    this.current = controller;
    try {
      const result = await job(controller.signal);
      if (controller.signal.aborted) throw new CancelledError();
      return result;
    } catch (error) {
      throw controller.signal.aborted ? new CancelledError() : error;
    } finally {
      if (this.current === controller) this.current = null;
    }
  }

  cancel(): void {
    this.current?.abort();
    this.current = null;
  }
}
