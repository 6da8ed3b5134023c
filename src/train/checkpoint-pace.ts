/**
 * When a run saves: as often as it can for less than two hundredths of its training. What a checkpoint costs is measured each time,
 * from asking the device for its numbers to the seal on the disk. The next one waits many times as long, and until the training so far
 * pays for all of them, itself among them; so a run of any length keeps the bound, unless the next takes longer than the last.
 */

/** Training takes so many times as long as checkpoints: 60 come to 1.6 %. */
const timesItsCost = 60;
/** Even where a checkpoint costs nothing, a crash may take so much. */
const leastMs = 1000;
/** What the first is thought to take, before one was measured: a slow disk, and the digest. */
const bytesPerMs = 200_000;

export class CheckpointPace {
  private readonly now: () => number;
  /** When the training began; null before its first step. */
  private beganMs: number | null = null;
  private nextMs = 0;
  private startedMs = 0;
  /** Of the last one, and of all. */
  private costMs: number | null = null;
  private spentMs = 0;
  private hurries = false;

  /** @param now in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /**
   * Whether to save now. Where the answer is yes, the clock of what it costs begins.
   * @param bytes about what a checkpoint has.
   */
  due(bytes: number): boolean {
    const now = (this.startedMs = this.now());
    if (this.beganMs === null) {
      this.beganMs = now;
      this.nextMs = now + leastMs;
    }
    if (this.hurries) return true;
    const wholeCostMs = this.spentMs + (this.costMs ?? bytes / bytesPerMs);
    return now >= this.nextMs && now - this.beganMs >= timesItsCost * wholeCostMs;
  }

  /** The checkpoint is stored, or could not be. */
  saved(): void {
    const endMs = this.now();
    this.costMs = endMs - this.startedMs;
    this.spentMs += this.costMs;
    this.nextMs = endMs + Math.max(leastMs, timesItsCost * this.costMs);
    this.hurries = false;
  }

  /** The next step is a good moment: somebody may close the page, or has made room. */
  hurry(): void {
    this.hurries = true;
  }
}
