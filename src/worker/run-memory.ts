/**
 * What a run needs to go on by itself when the device under it fails: its last checkpoint, and what it had told until then. In
 * memory, because the worker lives; where the run is kept in a project, every checkpoint goes there as well.
 */
import type { ActiveBackend } from "../engine/backend.ts";
import type { DeviceFailure, EpochSamples, Recovery, RunEvent } from "../protocol/run.ts";
import { CheckpointPace } from "../train/checkpoint-pace.ts";
import type { Checkpoints, TrainingCheckpoint } from "../train/checkpoint.ts";
import { isPassing, joined, type RunKeeper } from "./run-keeper.ts";

/** Where a run begins, or goes on. */
export interface StartingPoint {
  readonly resumeFrom?: TrainingCheckpoint | undefined;
  /** What it had shown of its epochs until then. */
  readonly samples: readonly EpochSamples[];
}

interface RunMemoryOptions {
  /** Keeps the run in its project. */
  readonly keeper: RunKeeper | null;
  readonly report: (event: RunEvent) => void;
  /** Of a run that goes on: from where, and what it had told. */
  readonly resumeFrom?: TrainingCheckpoint | undefined;
  readonly events?: readonly RunEvent[];
}

export function samplesIn(events: readonly RunEvent[]): readonly EpochSamples[] {
  return events.flatMap((event) => (event.kind === "samples" ? [{ epoch: event.epoch, samples: event.samples }] : []));
}

export class RunMemory implements Checkpoints {
  private readonly keeper: RunKeeper | null;
  private readonly report: (event: RunEvent) => void;
  private readonly pace = new CheckpointPace();
  private checkpoint: TrainingCheckpoint | undefined;
  /** Told until the checkpoint, and since. */
  private before: readonly RunEvent[];
  private since: RunEvent[] = [];
  private step: number;
  /** Only a GPU fails without taking the worker along; elsewhere the copies in memory would be for nothing. */
  private holds = false;
  private advanced = true;

  constructor({ keeper, report, resumeFrom, events = [] }: RunMemoryOptions) {
    this.keeper = keeper;
    this.report = report;
    this.checkpoint = resumeFrom;
    this.before = events;
    this.step = resumeFrom?.progress.step ?? 0;
  }

  /** Said before training on a backend begins. */
  begin({ backend }: ActiveBackend): void {
    this.holds = backend === "webgpu";
  }

  /** Whether a checkpoint was reached since the last failure: if not, the next device of that kind would fail as well. */
  get hasAdvanced(): boolean {
    return this.advanced;
  }

  readonly onEvent = (event: RunEvent): void => {
    if (this.holds && !isPassing(event)) this.since.push(event);
    if (event.kind === "steps") this.step = event.points.at(-1)?.step ?? this.step;
    (this.keeper?.onEvent ?? this.report)(event);
  };

  due(moment: "step" | "epoch", bytes: number): boolean {
    return this.keeper ? this.keeper.due(moment, bytes) : this.holds && this.pace.due(bytes);
  }

  async save(checkpoint: TrainingCheckpoint): Promise<void> {
    if (this.holds) {
      this.checkpoint = checkpoint;
      this.before = [...this.before, ...joined(this.since)];
      this.since = [];
      this.advanced = true;
    }
    if (this.keeper) await this.keeper.save(checkpoint);
    else this.pace.saved();
  }

  /** Forgets what was told since the last checkpoint, and tells that and why the run goes on from there. */
  goBack(because: DeviceFailure, { backend }: ActiveBackend): StartingPoint {
    this.since = [];
    this.keeper?.forget();
    this.report({ kind: "restored", events: this.before });
    this.goOn({ because, step: this.step, backend });
    this.advanced = false;
    return { resumeFrom: this.checkpoint, samples: samplesIn(this.before) };
  }

  /** Tells why the run goes on from its last checkpoint. */
  goOn(reason: Omit<Recovery, "from">): void {
    const from = this.checkpoint?.progress.step ?? 0;
    const recovered = { kind: "recovered", ...reason, from } as const;
    this.before = [...this.before, recovered];
    (this.keeper?.onEvent ?? this.report)(recovered);
    this.step = from;
  }
}
