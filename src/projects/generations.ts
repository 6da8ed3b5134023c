/**
 * One file that is replaced as a whole and never lost: a new state is written beside the old ones under a number of its own, and
 * counts from the moment that its seal is on the disk. Nothing is overwritten and nothing renamed, so there is no moment at
 * which a crash leaves neither the old nor the new. Reading takes the newest that is whole; the one before it stays.
 */
import { GraftError } from "../core/errors.ts";
import type { FileStorage } from "../storage/storage.ts";
import { writeFile } from "../storage/write-file.ts";
import { DamagedFileError, UnreadableFileError, unseal, type Sealed } from "./sealed.ts";

/** The newest and the one before. */
const kept = 2;

export interface Generation extends Sealed {
  readonly generation: number;
  /** Newer ones that were not whole. */
  readonly damaged: readonly DamagedFileError[];
}

export class Generations {
  private readonly storage: FileStorage;
  private readonly folder: string;
  private readonly name: string;
  /** Written or read whole by this very object. */
  private readonly whole = new Set<number>();

  /** @param name without a dot at its end and a number, which tells the generations apart. */
  constructor(storage: FileStorage, folder: string, name: string) {
    this.storage = storage;
    this.folder = folder;
    this.name = name;
  }

  /**
   * @param readBack for what nothing stands behind: it is read again before it counts.
   * @throws StorageFullError where there is no room.
   * @throws GraftError where it cannot be written. Either way, what was there before still is.
   */
  async write(parts: readonly Uint8Array<ArrayBuffer>[], { readBack = false }: { readonly readBack?: boolean } = {}): Promise<void> {
    const before = await this.numbers();
    const generation = (before[0] ?? 0) + 1;
    const name = this.fileOf(generation);
    try {
      await writeFile(this.storage, this.folder, name, parts);
      const size = (await this.storage.file(this.folder, name))?.size;
      const wanted = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (size !== wanted) throw new GraftError({ where: this.name, what: `of ${wanted} bytes, ${size ?? 0} were stored`, next: "See whether the disk is full or failing, and go on" });
      const sealed = readBack ? await this.unseal(generation) : null;
      if (sealed instanceof DamagedFileError) throw sealed;
    } catch (error) {
      // Half a file is of use to nobody, and takes the room that the next attempt may need.
      await this.storage.remove(this.folder, name).catch(() => undefined);
      throw error;
    }
    this.whole.add(generation);
    // The new state is there, whatever becomes of the old ones: the next write tries again.
    await this.prune([generation, ...before]).catch(() => undefined);
  }

  /**
   * @returns null where there is none.
   * @throws DamagedFileError where there are some, and none is whole; an UnreadableFileError where one of them may be.
   */
  async read(): Promise<Generation | null> {
    const damaged: DamagedFileError[] = [];
    for (const generation of await this.numbers()) {
      const sealed = await this.unseal(generation);
      if (isSealed(sealed)) return { ...sealed, generation, damaged };
      if (sealed) damaged.push(sealed);
    }
    const [first = null] = damaged;
    const failure = damaged.find((error) => error instanceof UnreadableFileError) ?? first;
    if (failure) throw failure;
    return null;
  }

  /** The newest that is whole, as it is stored; null where there is none. */
  async newestFile(): Promise<Blob | null> {
    const newest = await this.read();
    return newest && this.storage.file(this.folder, this.fileOf(newest.generation));
  }

  async remove(): Promise<void> {
    for (const generation of await this.numbers()) await this.storage.remove(this.folder, this.fileOf(generation));
  }

  /** Newest first. */
  private async numbers(): Promise<readonly number[]> {
    const numbers = (await this.storage.names(this.folder)).flatMap((name) => (name.startsWith(`${this.name}.`) && /^\d+$/.test(name.slice(this.name.length + 1)) ? [Number(name.slice(this.name.length + 1))] : []));
    return numbers.toSorted((a, b) => b - a);
  }

  /** Damaged ones count for nothing: two whole ones stay, and what is older goes. */
  private async prune(generations: readonly number[]): Promise<void> {
    let found = 0;
    for (const generation of generations) {
      const sealed = found < kept && !this.whole.has(generation) ? await this.unseal(generation) : null;
      if (found < kept && (this.whole.has(generation) || isSealed(sealed))) found++;
      else if (!(sealed instanceof UnreadableFileError)) await this.storage.remove(this.folder, this.fileOf(generation));
    }
  }

  /** Null where it has gone meanwhile. */
  private async unseal(generation: number): Promise<Sealed | DamagedFileError | null> {
    const file = await this.storage.file(this.folder, this.fileOf(generation));
    if (file === null) return null;
    try {
      const sealed = await unseal(file, this.fileOf(generation));
      this.whole.add(generation);
      return sealed;
    } catch (error) {
      if (error instanceof DamagedFileError) return error;
      throw error;
    }
  }

  private fileOf(generation: number): string {
    return `${this.name}.${generation}`;
  }
}

function isSealed(sealed: Sealed | DamagedFileError | null): sealed is Sealed {
  return sealed !== null && !(sealed instanceof DamagedFileError);
}
