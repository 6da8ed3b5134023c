/**
 * When a run saves: as often as it can for less than two hundredths of its time. What a checkpoint costs is measured each time,
 * from asking the device for its numbers to the seal on the disk, and the next one waits many times as long.
 */

/** Training between two checkpoints takes so many times as long as the one before took: 60 come to 1.6 %. */
const timesItsCost = 60;
/** Even where a checkpoint costs nothing, a crash may take so much. */
const leastMs = 1000;

export class CheckpointPace {
  private readonly now: () => number;
  private nextMs: number;
  private startedMs = 0;

  /** @param now in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
    this.nextMs = now() + leastMs;
  }

  /** Whether to save now. Where the answer is yes, the clock of what it costs begins. */
  due(): boolean {
    this.startedMs = this.now();
    return this.startedMs >= this.nextMs;
  }

  /** The checkpoint is stored, or could not be. */
  saved(): void {
    const endMs = this.now();
    this.nextMs = endMs + Math.max(leastMs, timesItsCost * (endMs - this.startedMs));
  }

  /** The next step is a good moment: somebody may close the page, or has made room. */
  hurry(): void {
    this.nextMs = this.now();
  }
}
