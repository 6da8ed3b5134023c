/**
 * Carries a step's figures from the backend to the page. Reading a tensor waits for the device, so steps are read together,
 * at most ten times a second; a loss that is no longer a number is found at the same moment and ends the run.
 */
import { GraftError } from "../core/errors.ts";
import type { StepFigures } from "../engine/steps/training-step.ts";
import type { StepPoint } from "../protocol/run.ts";

const flushMs = 100;

type StepPlan = Omit<StepPoint, keyof StepFigures>;

interface TelemetryOptions {
  /** The figures of every step since the last call, in order. */
  readonly readFigures: () => Promise<readonly StepFigures[]>;
  readonly onSteps: (points: readonly StepPoint[]) => void;
}

export class Telemetry {
  private pending: StepPlan[] = [];
  private lastFlushMs = performance.now();
  private readonly options: TelemetryOptions;

  constructor(options: TelemetryOptions) {
    this.options = options;
  }

  /** A step that was applied; its figures are still on the device. */
  push(step: StepPlan): void {
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
    const figures = await this.options.readFigures();
    const points = steps.map((step, i) => ({ ...step, ...(figures[i] ?? { loss: NaN, score: NaN, gradientNorm: NaN }) }));
    const broken = points.findIndex((point) => !Number.isFinite(point.loss));
    this.options.onSteps(broken < 0 ? points : points.slice(0, broken));
    const first = points[broken];
    if (first) throw divergence(first);
    return points;
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
