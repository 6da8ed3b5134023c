/**
 * Storage in memory that goes wrong at one chosen operation, in one of the ways in which disks, browsers and power supplies do.
 * What is left can be opened again as a new process would find it.
 */
import { StorageFullError, type FileStorage, type FileWriter } from "../storage.ts";
import { MemoryStorage } from "./memory-storage.ts";

/** What happens at the operation, and after it. */
export const faults = {
  "fails once": "the operation does nothing and throws; later ones work",
  "full from here on": "every write throws that the storage is full",
  "full half way": "half of the write is done, then every write throws that the storage is full",
  "tab closed before": "nothing works any more",
  "tab closed half way": "half of the write is done, then nothing works any more",
  "power cut": "nothing works any more, and files that were not closed have lost what was written to them",
  "half is written": "half of the write is done, and it says that all is",
  "a bit is flipped": "the write is done with one bit wrong, and it says nothing",
} as const;
export type Fault = keyof typeof faults;

export class FaultyStorage implements FileStorage {
  readonly disk: MemoryStorage;
  /** Changing operations so far. */
  operations = 0;
  private readonly fault: Fault | null;
  private readonly at: number;
  private readonly open = new Set<string>();
  private gone = false;
  private isFull = false;

  /** @param at the operation that goes wrong, from 1. */
  constructor(fault: Fault | null, at: number, disk = new MemoryStorage()) {
    this.fault = fault;
    this.at = at;
    this.disk = disk;
  }

  get hasStruck(): boolean {
    return this.operations >= this.at;
  }

  /** The disk as the next process finds it. */
  restarted(): MemoryStorage {
    const disk = new MemoryStorage();
    for (const [folder, files] of this.disk.content) disk.content.set(folder, new Map([...files].map(([name, bytes]) => [name, bytes.slice()])));
    return disk;
  }

  async append(folder: string, name: string, keep: number): Promise<FileWriter> {
    const how = this.next();
    if (how === "full from here on" || how === "full half way") this.isFull = true;
    if (this.isFull) throw full();
    const writer = await this.disk.append(folder, name, keep);
    const path = `${folder}/${name}`;
    this.open.add(path);
    return {
      write: async (bytes) => {
        const fault = this.next();
        const half = bytes.subarray(0, bytes.byteLength >> 1);
        if (fault === "full from here on" || fault === "full half way") this.isFull = true;
        if (fault === "full half way" || fault === "tab closed half way" || fault === "half is written") await writer.write(half);
        if (fault === "tab closed half way") this.die();
        if (this.isFull) throw full();
        if (fault === "half is written") return;
        await writer.write(fault === "a bit is flipped" ? flipped(bytes) : bytes);
      },
      close: async () => {
        if (!this.gone) this.next();
        await writer.close();
        if (!this.gone) this.open.delete(path);
      },
    };
  }

  async rename(folder: string, from: string, to: string): Promise<void> {
    this.next();
    await this.disk.rename(folder, from, to);
  }

  async remove(folder: string, name?: string): Promise<void> {
    this.next();
    await this.disk.remove(folder, name);
  }

  file(folder: string, name: string): Promise<File | null> {
    this.alive();
    return this.disk.file(folder, name);
  }

  folders(): Promise<readonly string[]> {
    this.alive();
    return this.disk.folders();
  }

  names(folder: string): Promise<readonly string[]> {
    this.alive();
    return this.disk.names(folder);
  }

  estimate(): Promise<{ readonly usedBytes: number; readonly quotaBytes: number | null }> {
    return this.disk.estimate();
  }

  persist(): Promise<boolean> {
    return this.disk.persist();
  }

  isPersistent(): Promise<boolean> {
    return this.disk.isPersistent();
  }

  /** Counts an operation. @returns the fault that it has to do itself, and null for none. */
  private next(): Fault | null {
    this.alive();
    this.operations++;
    if (this.fault === null || this.operations !== this.at) return null;
    if (this.fault === "fails once") throw new DOMException("The disk did not do it.", "UnknownError");
    if (this.fault === "tab closed before") this.die();
    if (this.fault === "power cut") {
      for (const path of this.open) {
        const slash = path.indexOf("/");
        this.disk.content.get(path.slice(0, slash))?.set(path.slice(slash + 1), new Uint8Array());
      }
      this.die();
    }
    return this.fault;
  }

  private die(): never {
    this.gone = true;
    return this.alive() as never;
  }

  private alive(): void {
    if (this.gone) throw new TabClosed();
  }
}

/** What code that was running when its process ended would have seen, had it lived. */
export class TabClosed extends Error {}

function full(): StorageFullError {
  return new StorageFullError({ what: "the browser's storage is full" });
}

function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const wrong = bytes.slice();
  const middle = wrong.byteLength >> 1;
  if (wrong.byteLength > 0) wrong[middle] = (wrong[middle] as number) ^ 1;
  return wrong;
}
