/**
 * FileStorage in the browser's origin private file system. Only in a worker: its synchronous handles write in place, so that
 * what arrived before a tab was closed is still there to go on from.
 */
import { GraftError } from "../core/errors.ts";
import { StorageFullError, type FileStorage, type FileWriter } from "./storage.ts";

/** What TypeScript's DOM library leaves to its library for workers. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle>; move?(name: string): Promise<void> };
type Directory = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

async function namesIn(directory: FileSystemDirectoryHandle): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of (directory as Directory).keys()) names.push(name);
  return names;
}

/** Private windows of some browsers, and pages that are not served securely, have none. */
const isSupported = (): boolean => globalThis.navigator?.storage !== undefined && "getDirectory" in navigator.storage;

/** What Chromium answers in place of a count where there is no room: its number for that, -8, as one without a sign. */
const noRoom = 2 ** 32 - 8;

/** @throws where what a handle answers says that it wrote nothing; the standard has it throw by itself. */
function refuseUnwritten(written: number, wanted: number): void {
  if (written === 0 || written === noRoom) throw new DOMException("Nothing was written.", "QuotaExceededError");
  if (written > wanted) throw new GraftError({ what: `the browser could not write to its storage (${written - 2 ** 32})`, next: "See whether the disk is full or failing, and go on" });
}

/** Being opened. */
const opening = new Set<FileHandle>();

/**
 * Chromium never answers for a file whose handle is collected meanwhile, and a function that waits may hold nothing that it does not need
 * any more (once it is optimised): so somebody holds it.
 */
async function opened(file: FileHandle): Promise<SyncAccessHandle> {
  opening.add(file);
  try {
    return await file.createSyncAccessHandle();
  } finally {
    opening.delete(file);
  }
}

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === "NotFoundError";

function readable(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "QuotaExceededError") return new StorageFullError({ what: "the browser's storage is full", next: "Delete a stored model or project, or free space on the disk, and go on: what was stored before is kept" });
  if (error.name === "NoModificationAllowedError") return new GraftError({ what: "it is being written at this moment, here or in another tab of Graft", next: "Wait for it, or cancel it there" });
  return error;
}

export class OpfsStorage implements FileStorage {
  private readonly root: string;

  /** @param root the folder that everything is kept below: one for each kind of thing that is kept. */
  constructor(root: string) {
    this.root = root;
  }

  async file(folder: string, name: string): Promise<File | null> {
    try {
      const handle = await (await this.folder(folder)).getFileHandle(name);
      return await handle.getFile();
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async append(folder: string, name: string, keep: number): Promise<FileWriter> {
    try {
      const file = (await (await this.folder(folder, true)).getFileHandle(name, { create: true })) as FileHandle;
      const handle = await opened(file);
      try {
        handle.truncate(keep);
      } catch (error) {
        handle.close();
        throw error;
      }
      let at = keep;
      return {
        write: async (bytes) => {
          try {
            for (let done = 0; done < bytes.byteLength; ) {
              const written = handle.write(bytes.subarray(done), { at });
              refuseUnwritten(written, bytes.byteLength - done);
              done += written;
              at += written;
            }
          } catch (error) {
            throw readable(error);
          }
        },
        close: async () => {
          try {
            handle.flush();
          } catch (error) {
            throw readable(error);
          } finally {
            handle.close();
          }
        },
      };
    } catch (error) {
      throw readable(error);
    }
  }

  async rename(folder: string, from: string, to: string): Promise<void> {
    const directory = await this.folder(folder);
    const source = (await directory.getFileHandle(from)) as FileHandle;
    if (source.move) return source.move(to);
    // A browser without `move` copies: the new file is there only when its writer has closed.
    const target = await directory.getFileHandle(to, { create: true });
    await (await source.getFile()).stream().pipeTo(await target.createWritable());
    await directory.removeEntry(from);
  }

  async remove(folder: string, name?: string): Promise<void> {
    try {
      if (name === undefined) await (await this.top()).removeEntry(folder, { recursive: true });
      else await (await this.folder(folder)).removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw readable(error);
    }
  }

  async folders(): Promise<readonly string[]> {
    return isSupported() ? namesIn(await this.top()) : [];
  }

  async names(folder: string): Promise<readonly string[]> {
    try {
      return await namesIn(await this.folder(folder));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async estimate(): Promise<{ readonly usedBytes: number | null; readonly quotaBytes: number | null }> {
    if (!isSupported()) return { usedBytes: null, quotaBytes: null };
    const { usage = null, quota = null } = await navigator.storage.estimate();
    return { usedBytes: usage, quotaBytes: quota };
  }

  async persist(): Promise<boolean> {
    // Workers do not have it everywhere; the page asks too.
    return (await navigator.storage.persist?.()) ?? false;
  }

  async isPersistent(): Promise<boolean> {
    return isSupported() && navigator.storage.persisted();
  }

  private async top(): Promise<FileSystemDirectoryHandle> {
    if (!isSupported()) throw new GraftError({ what: "this browser keeps no files for pages", next: "Use an ordinary window of an up-to-date browser, or download the files yourself and drop them in the Model step" });
    return (await navigator.storage.getDirectory()).getDirectoryHandle(this.root, { create: true });
  }

  private async folder(name: string, create = false): Promise<FileSystemDirectoryHandle> {
    return (await this.top()).getDirectoryHandle(name, { create });
  }
}
