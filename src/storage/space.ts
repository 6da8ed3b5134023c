/** Whether there is room, and whether what is stored stays: what the browser says of it, as sentences. */
import { StorageFullError, type FileStorage } from "./storage.ts";

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;

/** @returns null where there is room for so many bytes, or where the browser does not say. */
export async function spaceFor(storage: FileStorage, bytes: number): Promise<StorageFullError | null> {
  const { usedBytes, quotaBytes } = await storage.estimate();
  if (usedBytes === null || quotaBytes === null || bytes <= quotaBytes - usedBytes) return null;
  return new StorageFullError({ where: "the browser's storage", what: `${megabytes(bytes)} are needed, and ${megabytes(Math.max(0, quotaBytes - usedBytes))} of ${megabytes(quotaBytes)} are free`, next: "Delete a stored model or project, or free space on the disk" });
}

/** Asks the browser to keep what is stored. @returns what it will do, for a person to read. */
export async function askToKeep(storage: FileStorage): Promise<{ readonly isKept: boolean; readonly sentence: string }> {
  const isKept = (await storage.isPersistent()) || (await storage.persist().catch(() => false));
  return {
    isKept,
    sentence: isKept ? "The browser keeps your projects until you delete them." : "The browser may delete your projects when the disk is nearly full: export those that matter. It keeps them for good once it allows this page to store, which it does by itself for pages that are used often or installed.",
  };
}
