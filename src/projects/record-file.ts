/** A small record that is kept as generations: read in today's form, changed as a whole, one change at a time. */
import { Queue } from "../core/queue.ts";
import type { FileStorage } from "../storage/storage.ts";
import { headAs, sealAs, type Format } from "./formats.ts";
import { Generations } from "./generations.ts";

export class RecordFile<T> {
  private readonly generations: Generations;
  private readonly format: Format<T>;
  private readonly where: string;
  private readonly turns: Queue;

  /** @param where names it in errors. */
  constructor(storage: FileStorage, folder: string, format: Format<T>, where: string) {
    this.generations = new Generations(storage, folder, format.kind);
    this.format = format;
    this.where = where;
    this.turns = turnsOf(storage, `${folder}/${format.kind}`);
  }

  /** Null where there is none. @throws GraftError where there is nothing whole, or it is of a newer Graft. */
  async read(): Promise<T | null> {
    const sealed = await this.generations.read();
    return sealed && headAs(this.format, sealed, this.where);
  }

  /** For whoever makes it. */
  write(record: T): Promise<void> {
    return this.turns.run(() => this.put(record));
  }

  /** @throws whatever `read` does; and what `next` throws for a record that is not there. */
  change(next: (record: T | null) => T): Promise<void> {
    return this.turns.run(async () => this.put(next(await this.read())));
  }

  private async put(record: T): Promise<void> {
    // Small, and other files are removed because of what it says.
    await this.generations.write(await sealAs(this.format, record), { readBack: true });
  }
}

/** Of one record, whoever changes it: a change that began from what another is about to replace would undo that. */
const queues = new WeakMap<FileStorage, Map<string, Queue>>();

function turnsOf(storage: FileStorage, path: string): Queue {
  const ofStorage = queues.get(storage) ?? new Map<string, Queue>();
  queues.set(storage, ofStorage);
  const queue = ofStorage.get(path) ?? new Queue();
  ofStorage.set(path, queue);
  return queue;
}
