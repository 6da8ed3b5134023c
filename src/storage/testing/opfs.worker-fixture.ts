/** What opfs.browser.test.ts runs in a worker, because only there the storage works. */
import { __internal_sha256 as sha256 } from "@huggingface/hub";
import * as Comlink from "comlink";
import { GraftError } from "../../core/errors.ts";
import { OpfsStorage } from "../opfs.ts";
import { StorageFullError } from "../storage.ts";

const folder = "a%2Fb";
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const checks = {
  async run() {
    const storage = new OpfsStorage("opfs-test");
    await storage.remove(folder);
    const missing = await storage.file(folder, "x.part").catch(() => "threw");
    const first = await storage.append(folder, "x.part", 0);
    await first.write(bytes("01234"));
    await first.write(bytes("56789"));
    const refused = await storage.append(folder, "x.part", 0).catch((error: unknown) => (error instanceof GraftError ? error.sentence.what : String(error)));
    await first.close();
    const written = await (await storage.file(folder, "x.part"))?.text();
    const second = await storage.append(folder, "x.part", 5);
    await second.write(bytes("abc"));
    await second.close();
    const resumed = await (await storage.file(folder, "x.part"))?.text();
    const old = await storage.append(folder, "done", 0);
    await old.write(bytes("old and longer than the new"));
    await old.close();
    await storage.rename(folder, "x.part", "done");
    const renamed = await storage.names(folder);
    const content = await (await storage.file(folder, "done"))?.text();
    const folders = await storage.folders();
    await storage.remove(folder, "never there");
    await storage.remove(folder);
    const { quotaBytes } = await storage.estimate();
    return { missing, written, resumed, refused, renamed, content, folders, left: await storage.folders(), hasQuota: (quotaBytes ?? 0) > 0 };
  },
  /** As much as there is room for, in pieces of a megabyte, up to `most` of them: why it ended, and what the file then holds. */
  async fill(most: number) {
    const storage = new OpfsStorage("opfs-test");
    const writer = await storage.append(folder, "large", 0);
    let [pieces, refused] = [0, ""];
    try {
      for (; pieces < most; pieces++) await writer.write(new Uint8Array(2 ** 20));
    } catch (error) {
      refused = error instanceof StorageFullError ? error.sentence.what : String(error);
    }
    await writer.close();
    const bytes = (await storage.file(folder, "large"))?.size ?? 0;
    await storage.remove(folder);
    return { pieces, refused, bytes };
  },
  /** A file beyond what the library hands to the browser's own digest at once, hashed piece by piece, and what the browser makes of it. */
  async hashes(length: number) {
    const storage = new OpfsStorage("opfs-test");
    const content = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
    const writer = await storage.append(folder, "large", 0);
    await writer.write(content);
    await writer.close();
    const hashing = sha256((await storage.file(folder, "large")) as File);
    let step = await hashing.next();
    for (; !step.done; step = await hashing.next());
    await storage.remove(folder);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    return { streamed: step.value, wanted: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
  },
};
export type OpfsChecks = typeof checks;

Comlink.expose(checks);
