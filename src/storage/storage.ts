/**
 * Where files are kept, as the code that keeps them sees it. A path is `folder/file`, both plain names: what comes from
 * somebody else is encoded first (`storedName`), so that no path of theirs leads out of its folder.
 */
import { GraftError } from "../core/errors.ts";

/** There is no room for what was to be written; what was there before still is. */
export class StorageFullError extends GraftError {}

export interface FileWriter {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Afterwards everything written is there for good. */
  close(): Promise<void>;
}

export interface FileStorage {
  /** Null where there is none. Does not read it. */
  file(folder: string, name: string): Promise<File | null>;
  /** Goes on after the first `keep` bytes and drops what was behind them; makes folder and file where they are missing. */
  append(folder: string, name: string, keep: number): Promise<FileWriter>;
  /** Replaces `to`, at once. */
  rename(folder: string, from: string, to: string): Promise<void>;
  remove(folder: string, name?: string): Promise<void>;
  folders(): Promise<readonly string[]>;
  names(folder: string): Promise<readonly string[]>;
  /** What this page uses and may use, in bytes; null where the browser does not say. */
  estimate(): Promise<{ readonly usedBytes: number | null; readonly quotaBytes: number | null }>;
  /** Asks the browser to keep it until the person deletes it. @returns whether it will */
  persist(): Promise<boolean>;
  isPersistent(): Promise<boolean>;
}

/** Any text as one name of a file: no separator, never `.` or `..`. */
export function storedName(text: string): string {
  return encodeURIComponent(text).replaceAll(".", "%2E");
}

export function originalName(name: string): string {
  return decodeURIComponent(name);
}
