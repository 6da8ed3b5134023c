/** How long work keeps a thread before it lets others in: messages of the page, a cancel among them. */

const workMs = 30;

export class Turn {
  private sinceMs = performance.now();

  /** True when it is time to let others in; cheap enough to ask for every row. */
  get isOver(): boolean {
    return performance.now() - this.sinceMs > workMs;
  }

  /** Lets the event loop run, if the turn is over, and begins the next. */
  async pass(): Promise<void> {
    if (!this.isOver) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.sinceMs = performance.now();
  }
}
