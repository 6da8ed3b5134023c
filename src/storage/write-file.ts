/** A whole file into storage, in parts so that nobody has to join them first. */
import type { FileStorage } from "./storage.ts";

/** When it returns, the file is there for good. What fails leaves a part of it, under its name. */
export async function writeFile(storage: FileStorage, folder: string, name: string, parts: Iterable<Uint8Array<ArrayBuffer>> | AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<void> {
  const writer = await storage.append(folder, name, 0);
  try {
    for await (const part of parts) await writer.write(part);
  } finally {
    await writer.close();
  }
}
