/**
 * Keeps a run while it goes: what it tells, its checkpoints at a pace that the training does not notice, and its end. Storage that
 * is full pauses the run; whatever else goes wrong with storage is said and tried again, and never ends it.
 */
import { GraftError, type ErrorSentence } from "../core/errors.ts";
import { StorageFullError } from "../storage/storage.ts";
import type { Weights } from "../graph/types.ts";
import type { RunCheckpoint, StoredRun } from "../projects/stored-run.ts";
import type { KeptRun, RunEvent, RunResults } from "../protocol/run.ts";
import { CheckpointPace } from "../train/checkpoint-pace.ts";
import { parseProgress, type Checkpoints, type TrainingCheckpoint } from "../train/checkpoint.ts";

/** What says how a run stands at this moment, and not what it has done. */
const passing: ReadonlySet<RunEvent["kind"]> = new Set(["preparing", "paused", "resumed", "restored", "kept", "not-kept", "cancelled", "failed"]);

export function isPassing({ kind }: RunEvent): boolean {
  return passing.has(kind);
}

/** Step events in a row as one: an hour has thousands. */
export function joined(events: readonly RunEvent[]): readonly RunEvent[] {
  const result: RunEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (event.kind === "steps" && last?.kind === "steps") result[result.length - 1] = { ...event, points: [...last.points, ...event.points] };
    else result.push(event);
  }
  return result;
}

interface KeeperOptions {
  readonly at: Pick<KeptRun, "project" | "run">;
  /** To the page. */
  readonly report: (event: RunEvent) => void;
  /** Asks the run to wait after its step. */
  readonly pause: () => void;
  readonly pace?: CheckpointPace;
}

export class RunKeeper implements Checkpoints {
  private readonly stored: StoredRun;
  private readonly at: KeeperOptions["at"];
  private readonly report: (event: RunEvent) => void;
  private readonly pause: () => void;
  private readonly pace: CheckpointPace;
  private told: RunEvent[] = [];
  /** Why the run waits, where nobody asked for it. */
  private waitsFor: ErrorSentence | null = null;

  constructor(stored: StoredRun, { at, report, pause, pace = new CheckpointPace() }: KeeperOptions) {
    this.stored = stored;
    this.at = at;
    this.report = report;
    this.pause = pause;
    this.pace = pace;
  }

  /** Takes what the run tells, for the project and for the page. */
  readonly onEvent = (event: RunEvent): void => {
    if (!isPassing(event)) this.told.push(event);
    if (event.kind === "resumed") {
      this.waitsFor = null;
      this.pace.hurry();
    }
    this.report(event.kind === "paused" && this.waitsFor ? { kind: "paused", because: this.waitsFor } : event);
  };

  /** @param step that it begins with, or goes on from. */
  begin(step: number): void {
    this.report({ kind: "kept", ...this.at, step });
  }

  /** The run goes back to its last checkpoint: what it told since then, it tells again. */
  forget(): void {
    this.told = [];
  }

  due(_moment: "step" | "epoch", bytes: number): boolean {
    return this.pace.due(bytes);
  }

  async save({ progress, tensors }: TrainingCheckpoint): Promise<void> {
    this.handOver();
    try {
      await this.stored.save({ progress, tensors });
      this.report({ kind: "kept", ...this.at, step: progress.step });
    } catch (error) {
      this.failed(error);
    } finally {
      this.pace.saved();
    }
  }

  /** @throws GraftError where they cannot be kept; then it can be called again. */
  async finish(results: RunResults, weights: Weights): Promise<void> {
    this.handOver();
    try {
      await this.stored.finish({ state: "finished", results, weights });
    } catch (error) {
      if (error instanceof StorageFullError) throw new GraftError({ ...error.sentence, next: "Delete runs, projects or stored models, or free space on the disk, and keep them again. Until then they are in this tab alone, and in what you download of them" });
      throw error;
    }
  }

  /** The run ended without results. It can go on from its last checkpoint. */
  async fail(error: unknown): Promise<void> {
    this.handOver();
    await this.stored.finish({ state: "failed", results: { error: sentenceOf(error) } }).catch(() => undefined);
  }

  private handOver(): void {
    this.stored.append(joined(this.told));
    this.told = [];
  }

  private failed(error: unknown): void {
    const sentence = sentenceOf(error);
    if (error instanceof StorageFullError) {
      this.waitsFor = { ...sentence, next: "Delete runs, projects or stored models, or free space on the disk, and resume. Nothing of the run is lost meanwhile" };
      this.pause();
    } else this.report({ kind: "not-kept", error: sentence });
  }
}

/** For a person, whoever threw it. */
export function sentenceOf(error: unknown): ErrorSentence {
  if (error instanceof GraftError) return error.sentence;
  return { what: `something inside Graft failed: ${error instanceof Error ? error.message : String(error)}`, next: "This is a bug in Graft; your data and settings are untouched" };
}

/** @throws GraftError for what is no checkpoint of a run. */
export function trainingCheckpoint({ progress, tensors }: RunCheckpoint, where: string): TrainingCheckpoint {
  const { weights = new Map(), best = new Map(), slots = new Map() } = tensors;
  return { progress: parseProgress(progress, where), tensors: { weights, best, slots } };
}
