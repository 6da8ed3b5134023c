/**
 * One file from the hub into storage: resumed where an earlier attempt stopped, tried again where the line breaks, checked
 * against the hub's SHA-256, and under its own name only when all of that is done.
 *
 * A resumed request carries `Range` alone. `If-Range` would make browsers ask the file's host for permission first, which the
 * hub's content network refuses (huggingface/datasets#7931); so the answer's ETag is compared here, to the same effect.
 */
import { __internal_sha256 as sha256 } from "@huggingface/hub";
import { CancelledError, GraftError } from "../core/errors.ts";
import type { HubFile } from "../protocol/hub.ts";
import { TroubleOnTheWay, type Fetch } from "./ask.ts";
import { storedName, type FileStorage } from "../storage/storage.ts";
import { writeFile } from "../storage/write-file.ts";

export interface TransferOptions {
  readonly storage: FileStorage;
  readonly folder: string;
  /** See `asker`. */
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** How much of the file is here; may shrink where it has to start again. */
  readonly onBytes: (bytes: number) => void;
  readonly onChecking?: () => void;
  /** Before attempt 1, 2, … after one without a byte. */
  readonly pausesMs?: readonly number[];
  /** A line that brings nothing for so long is broken. */
  readonly stalledMs?: number;
}

const defaultPausesMs = [500, 2000, 5000];
const defaultStalledMs = 30_000;

/** Names of a file on its way; a stored name has no dot of its own. */
const partOf = (name: string): string => `${name}.part`;
const tagOf = (name: string): string => `${name}.etag`;

/** How many bytes of it are here. */
export async function bytesHere(storage: FileStorage, folder: string, file: HubFile): Promise<number> {
  const name = storedName(file.path);
  const here = (await storage.file(folder, name)) ?? (await storage.file(folder, partOf(name)));
  return Math.min(here?.size ?? 0, file.bytes);
}

/** @throws GraftError where the file is refused, broken or cannot be had; CancelledError, with what arrived kept. */
export async function transfer(file: HubFile, url: string, options: TransferOptions): Promise<void> {
  const { storage, folder, signal, onBytes, pausesMs = defaultPausesMs } = options;
  const name = storedName(file.path);
  if ((await storage.file(folder, name))?.size === file.bytes) return onBytes(file.bytes);

  for (let failures = 0; ; ) {
    const before = await bytesHere(storage, folder, file);
    try {
      await attempt(file, url, options);
      break;
    } catch (error) {
      if (signal.aborted) throw new CancelledError();
      if (!(error instanceof TroubleOnTheWay)) throw error;
      failures = (await bytesHere(storage, folder, file)) > before ? 1 : failures + 1;
      const pause = pausesMs[failures - 1];
      if (pause === undefined) throw error.sentence;
      await wait(pause, signal);
    }
  }

  options.onChecking?.();
  await check(file, options);
  await storage.rename(folder, partOf(name), name);
  await storage.remove(folder, tagOf(name));
}

/** One request, from where the part ends to the end of the file. */
async function attempt(file: HubFile, url: string, { storage, folder, fetch, signal, onBytes, stalledMs = defaultStalledMs }: TransferOptions): Promise<void> {
  const name = storedName(file.path);
  const part = await storage.file(folder, partOf(name));
  const tag = await (await storage.file(folder, tagOf(name)))?.text();
  // Without a tag or a checksum nobody would notice that the two halves are of different files.
  let have = part && part.size <= file.bytes && (tag !== undefined || file.sha256 !== null) ? part.size : 0;
  if (have === file.bytes && have > 0) return onBytes(have);

  const line = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => line.abort(), stalledMs);
  };
  try {
    alive();
    const broken = new TroubleOnTheWay(new GraftError({ where: file.path, what: "the connection broke, several times", next: "What arrived is kept: download again, and it goes on from there" }));
    const ask = (from: number): Promise<Response> =>
      fetch(url, { signal: AbortSignal.any([signal, line.signal]), headers: from > 0 ? { Range: `bytes=${from}-` } : {} }).catch((error: unknown) => {
        throw line.signal.aborted ? broken : error;
      });
    let response = await ask(have);
    if (have > 0 && !continues(response, have, file, tag)) {
      have = 0;
      // A host that knows no ranges sends the whole file at once.
      if (response.status !== 200) {
        await response.body?.cancel();
        response = await ask(0);
      }
    }
    if (have === 0) {
      const etag = response.headers.get("ETag");
      await storage.remove(folder, tagOf(name));
      // A weak tag does not promise the same bytes.
      if (etag !== null && !etag.startsWith("W/")) await writeText(storage, folder, tagOf(name), etag);
    }

    const writer = await storage.append(folder, partOf(name), have);
    try {
      const reader = response.body?.getReader();
      for (;;) {
        const { done = true, value } = (await reader?.read().catch(() => {
          throw broken;
        })) ?? {};
        if (done || value === undefined) break;
        alive();
        have += value.byteLength;
        if (have > file.bytes) {
          await reader?.cancel();
          break;
        }
        await writer.write(value);
        onBytes(have);
      }
    } finally {
      await writer.close();
    }
    if (have < file.bytes) throw broken;
    if (have > file.bytes) await discard(file, storage, folder, `it is longer than the ${file.bytes} bytes that the hub's list says`);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an answer to a request from byte `from` on is the rest of the same file. */
function continues(response: Response, from: number, file: HubFile, tag: string | undefined): boolean {
  if (response.status !== 206) return false;
  const etag = response.headers.get("ETag");
  if (tag !== undefined && etag !== null && tag !== etag) return false;
  if (tag !== undefined && etag === null && file.sha256 === null) return false;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("Content-Range") ?? "");
  // Hosts that hide the header from pages are believed, and found out by the checksum.
  return !range || (Number(range[1]) === from && (range[2] === "*" || Number(range[2]) === file.bytes));
}

async function check(file: HubFile, { storage, folder, signal }: TransferOptions): Promise<void> {
  if (file.sha256 === null) return;
  const part = await storage.file(folder, partOf(storedName(file.path)));
  if (!part) throw new GraftError({ where: file.path, what: "it is no longer in the browser's storage", next: "Download again" });
  const hashing = sha256(part);
  let step = await hashing.next();
  while (!step.done) {
    if (signal.aborted) throw new CancelledError();
    step = await hashing.next();
  }
  if (step.value !== file.sha256) await discard(file, storage, folder, `its SHA-256 is ${step.value}, and the hub's list says ${file.sha256}`);
}

/** What is not what the hub promised is not kept. */
async function discard(file: HubFile, storage: FileStorage, folder: string, what: string): Promise<never> {
  const name = storedName(file.path);
  await storage.remove(folder, partOf(name));
  await storage.remove(folder, tagOf(name));
  throw new GraftError({ where: file.path, what, next: "The file was thrown away. Download again; if it stays so, the hub or the mirror has a broken copy" });
}

export function writeText(storage: FileStorage, folder: string, name: string, text: string): Promise<void> {
  return writeFile(storage, folder, name, [new TextEncoder().encode(text)]);
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      clearTimeout(timer);
      reject(new CancelledError());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", cancel);
      resolve();
    }, ms);
    signal.addEventListener("abort", cancel, { once: true });
  });
}
