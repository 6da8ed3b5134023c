/** A run's controls as the loop sees them: it asks at every step whether to wait, to end, or to learn at another rate. */
import { nextTask } from "../core/next-task.ts";

export class RunControl {
  private readonly abort = new AbortController();
  private resume: (() => void) | null = null;
  private paused: Promise<void> | null = null;
  private lastYieldMs = performance.now();
  private requestedRate: number | null = null;

  /** Aborted by `stop`; long preparations listen to it. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get stopped(): boolean {
    return this.abort.signal.aborted;
  }

  pause(): void {
    this.paused ??= new Promise((resolve) => (this.resume = resolve));
  }

  continue(): void {
    this.resume?.();
    this.resume = null;
    this.paused = null;
  }

  stop(): void {
    this.abort.abort();
    this.continue();
  }

  setLearningRate(learningRate: number): void {
    this.requestedRate = learningRate;
  }

  /** A rate set by hand since the last call. */
  takeLearningRate(): number | null {
    const rate = this.requestedRate;
    this.requestedRate = null;
    return rate;
  }

  /** Lets messages in, at least every 16 ms. */
  async yield(): Promise<void> {
    if (performance.now() - this.lastYieldMs <= 16) return;
    await nextTask();
    this.lastYieldMs = performance.now();
  }

  /**
   * Lets messages in, and waits while paused.
   * @param hooks told when a wait begins and ends.
   */
  async checkpoint({ onPause, onResume }: { readonly onPause?: () => void; readonly onResume?: () => void } = {}): Promise<void> {
    await this.yield();
    if (this.paused !== null) {
      onPause?.();
      while (this.paused !== null) await this.paused;
      if (!this.stopped) onResume?.();
    }
  }
}
