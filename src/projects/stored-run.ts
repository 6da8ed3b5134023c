/**
 * One run in storage, in a folder of its own: its record, its checkpoints, its history in pieces, and the weights that it ended
 * with. A checkpoint counts the pieces that belong before it; what a crash left behind those is written over when it goes on.
 */
import { GraftError } from "../core/errors.ts";
import { readSafetensors } from "../formats/safetensors/read.ts";
import { writeSafetensors, type WritableTensor } from "../formats/safetensors/write.ts";
import type { Weights } from "../graph/types.ts";
import type { FileStorage } from "../storage/storage.ts";
import { writeFile } from "../storage/write-file.ts";
import { openCheckpoint, sealCheckpoint, type StoredCheckpoint } from "./checkpoint-file.ts";
import { headAs, sealAs } from "./formats.ts";
import { Generations } from "./generations.ts";
import { RecordFile } from "./record-file.ts";
import { historyFormat, runFormat, weightsFormat, type RunRecord } from "./records.ts";
import { DamagedFileError, UnreadableFileError, unseal, type Sealed } from "./sealed.ts";

export type RunCheckpoint = Omit<StoredCheckpoint, "history">;

export interface ResumableRun {
  /** Null where the run was interrupted before its first: it begins anew. */
  readonly checkpoint: RunCheckpoint | null;
  /** Everything that the run told before it. */
  readonly events: readonly unknown[];
  /** What was not whole, a sentence for each. */
  readonly damaged: readonly string[];
}

/** @throws GraftError if it is something else, or its sizes lie. */
export function finalWeightsOf(sealed: Sealed, where: string): Weights {
  headAs(weightsFormat, sealed, where);
  return new Map([...readSafetensors(sealed.body, where).tensors].map(([name, { values }]) => [name, values]));
}

export const pieceName = (piece: number): string => `history-${piece}`;

export class StoredRun {
  /** Counts from 1 in its project. */
  readonly id: number;
  private readonly storage: FileStorage;
  private readonly folder: string;
  private readonly record: RecordFile<RunRecord>;
  private readonly checkpoints: Generations;
  private readonly weights: Generations;
  private pending: unknown[] = [];
  /** Pieces of history that are written. */
  private pieces = 0;

  constructor(storage: FileStorage, folder: string, id: number) {
    this.storage = storage;
    this.folder = folder;
    this.id = id;
    this.record = new RecordFile(storage, folder, runFormat, `run ${id}`);
    this.checkpoints = new Generations(storage, folder, "checkpoint");
    this.weights = new Generations(storage, folder, "weights");
  }

  /** @throws GraftError if there is no such run, or nothing of its record is whole. */
  async read(): Promise<RunRecord> {
    return this.known(await this.record.read());
  }

  update(changes: Partial<RunRecord>): Promise<void> {
    return this.record.change((record) => ({ ...this.known(record), ...changes }));
  }

  private known(record: RunRecord | null): RunRecord {
    if (record) return record;
    throw new GraftError({ where: `run ${this.id}`, what: "there is no such run in this project" });
  }

  /** For whoever makes the run. */
  async begin(record: RunRecord): Promise<void> {
    await this.record.write(record);
  }

  /** What the run tells. In storage with the next checkpoint. */
  append(events: readonly unknown[]): void {
    this.pending.push(...events);
  }

  /**
   * Keeps the checkpoint and what was told until then, and the checkpoint before it.
   * @throws GraftError where it cannot be written: the ones before are still there.
   */
  async save(checkpoint: RunCheckpoint): Promise<void> {
    await this.writeHistory();
    await this.checkpoints.write(await sealCheckpoint({ ...checkpoint, history: this.pieces }));
  }

  /** The newest checkpoint that is whole, to go on from. What was told after it is forgotten: who goes on tells it again. */
  async resume(): Promise<ResumableRun> {
    if ((await this.read()).state === "finished") throw new GraftError({ where: `run ${this.id}`, what: "it is finished, and there is nothing to resume", next: "Continue from its weights in a new run" });
    const found = await this.checkpoints.read().catch((error: unknown) => {
      // What the browser does not read now it may read later: then nothing begins anew.
      if (error instanceof DamagedFileError && !(error instanceof UnreadableFileError)) return error;
      throw error;
    });
    if (found === null || found instanceof DamagedFileError) {
      await this.forgetAfter(0);
      return { checkpoint: null, events: [], damaged: found ? [found.message] : [] };
    }
    const { history, ...checkpoint } = openCheckpoint(found, `the checkpoint of run ${this.id}`);
    await this.forgetAfter(history);
    const { events, damaged } = await this.history(history);
    return { checkpoint, events, damaged: [...found.damaged.map(({ message }) => message), ...damaged] };
  }

  /** @param weights what training changed, by the parameter's name. */
  async finish({ state, results, weights }: { readonly state: RunRecord["state"]; readonly results: unknown; readonly weights?: Weights }): Promise<void> {
    await this.writeHistory();
    if (weights) {
      const tensors = new Map<string, WritableTensor>([...weights].map(([name, values]) => [name, { shape: [values.length], values }]));
      await this.weights.write(await sealAs(weightsFormat, {}, writeSafetensors(tensors)), { readBack: true });
    }
    await this.update({ state, results });
    // The results are there: nobody resumes a finished run.
    if (state === "finished") await this.checkpoints.remove();
  }

  /** Null where the run has not ended. */
  async finalWeights(): Promise<Weights | null> {
    const sealed = await this.weights.read();
    return sealed && finalWeightsOf(sealed, `the weights of run ${this.id}`);
  }

  /** What the run told, as far as it is whole. @param pieces only of so many. */
  async history(pieces = Infinity): Promise<{ readonly events: readonly unknown[]; readonly damaged: readonly string[] }> {
    const events: unknown[] = [];
    const damaged: string[] = [];
    for (let piece = 1; piece <= pieces; piece++) {
      const file = await this.storage.file(this.folder, pieceName(piece));
      if (file === null) break;
      try {
        events.push(...headAs(historyFormat, await unseal(file, `run ${this.id}, piece ${piece} of its history`), `run ${this.id}`).events);
      } catch (error) {
        if (!(error instanceof DamagedFileError)) throw error;
        damaged.push(error.message);
      }
    }
    return { events, damaged };
  }

  private async forgetAfter(pieces: number): Promise<void> {
    const later = (await this.storage.names(this.folder)).filter((name) => name.startsWith("history-") && Number(name.slice("history-".length)) > pieces);
    for (const name of later) await this.storage.remove(this.folder, name);
    this.pieces = pieces;
    this.pending = [];
  }

  /** A piece that a checkpoint counts is never written again. */
  private async writeHistory(): Promise<void> {
    if (this.pending.length === 0) return;
    const events = this.pending;
    await writeFile(this.storage, this.folder, pieceName(this.pieces + 1), await sealAs(historyFormat, { events }));
    this.pieces++;
    this.pending = this.pending.slice(events.length);
  }
}
