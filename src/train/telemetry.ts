/**
 * Carries a step's figures from the backend to the page. Reading a tensor waits for the device, so steps are read together,
 * at most ten times a second; a loss that is no longer a number is found at the same moment and ends the run.
 */
import { GraftError } from "../core/errors.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import type { StepPoint } from "../protocol/run.ts";

const flushMs = 100;

interface PendingStep {
  readonly point: Omit<StepPoint, "loss" | "accuracy" | "gradientNorm">;
  /** [loss, accuracy, gradient norm] */
  readonly figures: Tensor;
}

export class Telemetry {
  private pending: PendingStep[] = [];
  private lastFlushMs = performance.now();
  private readonly onSteps: (points: readonly StepPoint[]) => void;

  constructor(onSteps: (points: readonly StepPoint[]) => void) {
    this.onSteps = onSteps;
  }

  /** Consumes `figures`. */
  push(step: PendingStep): void {
    this.pending.push(step);
  }

  get due(): boolean {
    return performance.now() - this.lastFlushMs >= flushMs;
  }

  /** @throws GraftError if a loss is not finite. */
  async flush(): Promise<readonly StepPoint[]> {
    this.lastFlushMs = performance.now();
    const steps = this.pending;
    this.pending = [];
    if (steps.length === 0) return [];
    const stacked = tf.stack(steps.map((step) => step.figures));
    const values = await stacked.data();
    stacked.dispose();
    for (const step of steps) step.figures.dispose();
    const points = steps.map(({ point }, i) => ({ ...point, loss: values[i * 3] ?? NaN, accuracy: values[i * 3 + 1] ?? NaN, gradientNorm: values[i * 3 + 2] ?? NaN }));
    const broken = points.findIndex((point) => !Number.isFinite(point.loss));
    this.onSteps(broken < 0 ? points : points.slice(0, broken));
    const first = points[broken];
    if (first) throw divergence(first);
    return points;
  }

  dispose(): void {
    for (const step of this.pending) step.figures.dispose();
    this.pending = [];
  }
}

function divergence({ step, loss, learningRate }: StepPoint): GraftError {
  const tenth = Number((learningRate / 10).toPrecision(2));
  return new GraftError({
    where: `step ${step}`,
    what: `the loss became ${Number.isNaN(loss) ? "NaN (not a number)" : "infinite"} at a learning rate of ${Number(learningRate.toPrecision(3))}`,
    next: `Try a learning rate of ${tenth} or less, switch gradient clipping on (1 is a good value), or unfreeze fewer layers`,
  });
}
