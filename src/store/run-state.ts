/** A run as the page sees it, reduced from the worker's events. Pure: no clock, no worker, no tensors. */
import { assertNever, type ErrorSentence } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import type { EpochPoint, EpochSamples, Recovery, RunEvent, RunInfo, StepPoint, StopReason } from "../protocol/run.ts";
import { emptyTrace, extendTrace, type Trace } from "./trace.ts";

export interface RateChange {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
}

export interface BatchSplit {
  readonly batchSize: number;
  readonly microBatchSize: number;
}

/** What has been measured so far. */
export interface RunRecord {
  readonly info: RunInfo | null;
  readonly latest: StepPoint | null;
  readonly epochs: readonly EpochPoint[];
  /** Of a task that writes: by epoch, the first before training. */
  readonly samples: readonly EpochSamples[];
  readonly rateChanges: readonly RateChange[];
  /** Where the device does not hold a whole batch: how many examples it computes at once. */
  readonly batchSplit: BatchSplit | null;
  /** Why the device waits for JavaScript at every step; null where it does not. */
  readonly notCaptured: string | null;
  /** Why what the run does at the moment is not kept; null where it is. */
  readonly notKept: ErrorSentence | null;
  /** Each time that it had to go on elsewhere. */
  readonly recoveries: readonly Recovery[];
  readonly examplesPerSecond: number;
  readonly secondsLeft: number;
  /** By step. */
  readonly loss: Trace;
  readonly score: Trace;
  readonly learningRate: Trace;
  readonly gradientNorm: Trace;
  /** By epoch. */
  readonly validationLoss: Trace;
  readonly validationScore: Trace;
}

export type Run =
  | { readonly kind: "idle" }
  /** A finished one of the project is being opened. */
  | { readonly kind: "reopening"; readonly progress: Progress }
  /** Before the first step. */
  | { readonly kind: "preparing"; readonly record: RunRecord; readonly progress: Progress }
  | { readonly kind: "training"; readonly record: RunRecord; readonly activity: Progress | null }
  /** `because`: nobody asked for it. */
  | { readonly kind: "paused"; readonly record: RunRecord; readonly because?: ErrorSentence | undefined }
  | { readonly kind: "finished"; readonly record: RunRecord; readonly reason: StopReason; readonly bestEpoch: number; readonly seconds: number }
  /** Stopped before the first step, of the run or since it was restored. */
  | { readonly kind: "cancelled"; readonly wasRestored: boolean }
  | { readonly kind: "failed"; readonly record: RunRecord; readonly error: ErrorSentence };

const emptyRecord: RunRecord = {
  info: null,
  latest: null,
  epochs: [],
  samples: [],
  rateChanges: [],
  batchSplit: null,
  notCaptured: null,
  notKept: null,
  recoveries: [],
  examplesPerSecond: 0,
  secondsLeft: 0,
  loss: emptyTrace(),
  score: emptyTrace(),
  learningRate: emptyTrace(),
  gradientNorm: emptyTrace(),
  validationLoss: emptyTrace(),
  validationScore: emptyTrace(),
};

export const startingRun: Run = { kind: "preparing", record: emptyRecord, progress: { what: "Beginning the run", done: 0, total: 0 } };

export function recordOf(run: Run): RunRecord {
  return "record" in run ? run.record : emptyRecord;
}

/** While a run is under way no other can start. */
export function isUnderWay({ kind }: Run): boolean {
  return kind === "reopening" || kind === "preparing" || kind === "training" || kind === "paused";
}

/** The epoch whose weights are the best so far. */
export function bestEpoch({ epochs }: RunRecord): EpochPoint | undefined {
  return epochs.findLast(({ best }) => best);
}

/** The smoothed curves forget over a fortieth of the run: short runs stay crisp, long ones become readable. */
function smoothingWindow(totalSteps: number): number {
  return Math.min(100, Math.max(3, totalSteps / 40));
}

function withInfo(record: RunRecord, info: RunInfo): RunRecord {
  const window = smoothingWindow(info.totalSteps);
  return { ...record, info, loss: emptyTrace(window), score: emptyTrace(window), gradientNorm: emptyTrace(window) };
}

function withSteps(record: RunRecord, { points, examplesPerSecond, secondsLeft }: Extract<RunEvent, { kind: "steps" }>): RunRecord {
  const extended = (trace: Trace, figure: "loss" | "score" | "learningRate" | "gradientNorm"): Trace =>
    extendTrace(
      trace,
      points.map((point) => ({ step: point.step, epoch: point.epoch, value: point[figure] })),
    );
  return {
    ...record,
    latest: points.at(-1) ?? record.latest,
    examplesPerSecond,
    secondsLeft,
    loss: extended(record.loss, "loss"),
    score: extended(record.score, "score"),
    learningRate: extended(record.learningRate, "learningRate"),
    gradientNorm: extended(record.gradientNorm, "gradientNorm"),
  };
}

function withEpoch(record: RunRecord, point: EpochPoint): RunRecord {
  const { step, epoch } = point;
  return {
    ...record,
    epochs: [...record.epochs, point],
    validationLoss: extendTrace(record.validationLoss, [{ step, epoch, value: point.validationLoss }]),
    validationScore: extendTrace(record.validationScore, [{ step, epoch, value: point.validationScore }]),
  };
}

/** Keeps the phase and changes what is recorded: events may still arrive after a pause. */
function recording(run: Run, record: RunRecord): Run {
  return run.kind === "paused" ? { ...run, record } : { kind: "training", record, activity: null };
}

/** A run that is about to go on from where its events end. */
function restoredRun(events: readonly RunEvent[]): Run {
  const record = recordOf(events.reduce(reduceRun, startingRun));
  const progress = { what: "Getting ready to go on", done: 0, total: 0 };
  return record.latest === null ? { kind: "preparing", record, progress } : { kind: "training", record, activity: progress };
}

/** A run whose worker has ended, until it goes on in the next. */
export function interruptedRun(run: Run): Run {
  return reduceRun(run.kind === "paused" ? { kind: "training", record: run.record, activity: null } : run, { kind: "preparing", what: "Starting again from the last checkpoint", done: 0, total: 0 });
}

export function reduceRun(run: Run, event: RunEvent): Run {
  const record = recordOf(run);
  switch (event.kind) {
    case "started":
      // One that goes on keeps its curves.
      if (record.latest !== null) return { kind: "training", record: { ...record, info: event.info }, activity: { what: "Getting ready to go on", done: 0, total: 0 } };
      return { kind: "preparing", record: withInfo(record, event.info), progress: { what: "Getting ready", done: 0, total: 0 } };
    case "preparing": {
      const progress = { what: event.what, done: event.done, total: event.total };
      return record.latest === null ? { kind: "preparing", record, progress } : { kind: "training", record, activity: progress };
    }
    case "batch-split": {
      const { batchSize, microBatchSize } = event;
      // Found out before the first step.
      return run.kind === "preparing" ? { ...run, record: { ...record, batchSplit: { batchSize, microBatchSize } } } : run;
    }
    case "not-captured":
      return recording(run, { ...record, notCaptured: event.because });
    case "steps":
      return recording(run, withSteps(record, event));
    case "epoch":
      return recording(run, withEpoch(record, event.point));
    case "samples": {
      // The first ones come before the first step, the last ones may come after a pause.
      const next = { ...record, samples: [...record.samples, { epoch: event.epoch, samples: event.samples }] };
      return run.kind === "preparing" ? { ...run, record: next } : recording(run, next);
    }
    case "learning-rate-changed": {
      const { step, epoch, learningRate } = event;
      return recording(run, { ...record, rateChanges: [...record.rateChanges, { step, epoch, learningRate }] });
    }
    case "paused":
      return { kind: "paused", record, because: event.because };
    case "restored":
      return restoredRun(event.events);
    case "recovered": {
      const { kind: _, ...recovery } = event;
      return "record" in run ? { ...run, record: { ...record, recoveries: [...record.recoveries, recovery] } } : run;
    }
    case "not-kept": {
      const next = { ...record, notKept: event.error };
      return run.kind === "finished" ? { ...run, record: next } : recording(run, next);
    }
    case "kept":
      return "record" in run && record.notKept !== null ? { ...run, record: { ...record, notKept: null } } : run;
    case "resumed":
      return { kind: "training", record, activity: null };
    case "finished":
      return { kind: "finished", record, reason: event.reason, bestEpoch: event.bestEpoch, seconds: event.seconds };
    case "cancelled":
      return { kind: "cancelled", wasRestored: record.latest !== null };
    case "failed":
      return { kind: "failed", record, error: event.error };
    default:
      return assertNever(event);
  }
}
