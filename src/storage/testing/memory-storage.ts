/** Storage in memory, for tests in Node. */
import type { FileWriter, FileStorage } from "../storage.ts";

export class MemoryStorage implements FileStorage {
  readonly content = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  quotaBytes: number | null = 10e9;
  persistAsked = 0;

  async file(folder: string, name: string): Promise<File | null> {
    const bytes = this.content.get(folder)?.get(name);
    return bytes ? new File([bytes], name) : null;
  }

  async append(folder: string, name: string, keep: number): Promise<FileWriter> {
    const files = this.content.get(folder) ?? new Map<string, Uint8Array<ArrayBuffer>>();
    this.content.set(folder, files);
    let bytes = (files.get(name) ?? new Uint8Array()).slice(0, keep);
    files.set(name, bytes);
    return {
      write: async (more) => {
        const longer = new Uint8Array(bytes.byteLength + more.byteLength);
        longer.set(bytes);
        longer.set(more, bytes.byteLength);
        bytes = longer;
        files.set(name, bytes);
      },
      close: async () => {},
    };
  }

  async rename(folder: string, from: string, to: string): Promise<void> {
    const files = this.content.get(folder);
    const bytes = files?.get(from);
    if (!files || !bytes) throw new Error(`no ${folder}/${from}`);
    files.set(to, bytes);
    files.delete(from);
  }

  async remove(folder: string, name?: string): Promise<void> {
    if (name === undefined) this.content.delete(folder);
    else this.content.get(folder)?.delete(name);
  }

  async folders(): Promise<readonly string[]> {
    return [...this.content.keys()];
  }

  async names(folder: string): Promise<readonly string[]> {
    return [...(this.content.get(folder)?.keys() ?? [])];
  }

  async estimate(): Promise<{ readonly usedBytes: number; readonly quotaBytes: number | null }> {
    const usedBytes = [...this.content.values()].flatMap((files) => [...files.values()]).reduce((sum, { byteLength }) => sum + byteLength, 0);
    return { usedBytes, quotaBytes: this.quotaBytes };
  }

  async persist(): Promise<boolean> {
    this.persistAsked++;
    return true;
  }

  async isPersistent(): Promise<boolean> {
    return this.persistAsked > 0;
  }
}
