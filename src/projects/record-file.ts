/** A small record that is kept as generations: read in today's form, changed as a whole. */
import type { FileStorage } from "../storage/storage.ts";
import { headAs, sealAs, type Format } from "./formats.ts";
import { Generations } from "./generations.ts";

export class RecordFile<T> {
  private readonly generations: Generations;
  private readonly format: Format<T>;
  private readonly where: string;

  /** @param where names it in errors. */
  constructor(storage: FileStorage, folder: string, format: Format<T>, where: string) {
    this.generations = new Generations(storage, folder, format.kind);
    this.format = format;
    this.where = where;
  }

  /** Null where there is none. @throws GraftError where there is nothing whole, or it is of a newer Graft. */
  async read(): Promise<T | null> {
    const sealed = await this.generations.read();
    return sealed && headAs(this.format, sealed, this.where);
  }

  async write(record: T): Promise<void> {
    // Small, and other files are removed because of what it says.
    await this.generations.write(await sealAs(this.format, record), { readBack: true });
  }
}
