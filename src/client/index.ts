/**
 * The only file that creates the worker. The page talks to it through the typed WorkerApi, errors included; and where the browser ends
 * the worker, no call waits for ever.
 */
import * as Comlink from "comlink";
import { CancelledError, GraftError, type ErrorSentence } from "../core/errors.ts";
import { nextTask } from "../core/next-task.ts";
import type { LifeSign, WorkerApi } from "../protocol/api.ts";
import type { FileParts, SourceFile } from "../protocol/data.ts";

type Client = WorkerApi & { readonly terminate: () => void };

/** Of every call that a worker which has ended did not answer. */
export class WorkerEndedError extends GraftError {}

interface ClientOptions {
  /** The worker has ended, and not by `terminate`. Every call that it owed an answer to was refused with a WorkerEndedError. */
  readonly onEnd?: (() => void) | undefined;
}

/** What the worker throws across the boundary: comlink would flatten a GraftError to its message. */
interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly sentence?: ErrorSentence;
}

/** How many files one message carries: each costs the page up to half a millisecond. */
const filesPerMessage = 32;

function inParts(files: readonly SourceFile[]): FileParts {
  return (from) => files.slice(from, from + filesPerMessage);
}

function revive(error: unknown): unknown {
  if (error instanceof GraftError) return error;
  const thrown = error as ThrownError;
  if (thrown?.sentence) return new GraftError(thrown.sentence);
  if (thrown?.name === "CancelledError") return new CancelledError();
  return error;
}

const ended = new WorkerEndedError({ what: "the browser has ended the part of Graft that computes", next: "It was started anew: try it again" });
const notStarted = new WorkerEndedError({ what: "the part of Graft that computes did not start", next: "Reload the page, with a connection" });
const misunderstood = new WorkerEndedError({ what: "the part of Graft that computes said what the page cannot read", next: "Reload the page" });

/** Starts the worker. Functions passed as arguments (progress, events) become proxies. */
export function createClient({ onEnd }: ClientOptions = {}): Client {
  // Only the page knows the folder that it is served from; the worker's name carries it across before the first call.
  const embeddedBase = new URL("embedded/", document.baseURI).href;
  const worker = new Worker(new URL("../worker/index.ts", import.meta.url), { type: "module", name: embeddedBase });
  /** Of the calls that are not answered yet. */
  const refusals = new Set<(error: unknown) => void>();
  const over = new AbortController();
  let refusal: WorkerEndedError | null = null;
  let hasStarted = false;

  const end = (error: WorkerEndedError): void => {
    if (over.signal.aborted) return;
    over.abort();
    refusal = error;
    // One that is only not understood may still hold files and locks.
    worker.terminate();
    for (const refuse of refusals) refuse(error);
    refusals.clear();
    // Whoever made a call is told first.
    void nextTask().then(() => onEnd?.());
  };
  const { signal } = over;
  worker.addEventListener(
    "message",
    ({ data }: MessageEvent<Partial<LifeSign> | null>) => {
      hasStarted = true;
      if (typeof data?.lifeLock !== "string") return;
      navigator.locks.request(data.lifeLock, { signal }, () => end(ended)).catch(() => undefined);
    },
    { signal },
  );
  // Later, it is a mistake somewhere in the worker, which lives on.
  worker.addEventListener("error", () => !hasStarted && end(notStarted), { signal });
  worker.addEventListener("messageerror", () => end(misunderstood), { signal });

  // After the listeners: an answer is the first sign of life, and goes on with whoever asked before the next listener hears it.
  const remote = Comlink.wrap<WorkerApi>(worker);
  const passed = (arg: unknown): unknown => (typeof arg === "function" ? Comlink.proxy((...told: unknown[]) => (refusal ? undefined : (arg as (...told: unknown[]) => unknown)(...told))) : arg);
  const call =
    (method: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      if (refusal) throw refusal;
      const target = remote as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      let refuse: (error: unknown) => void = () => {};
      const end = new Promise<never>((_, reject) => (refuse = reject));
      refusals.add(refuse);
      try {
        return await Promise.race([end, target[method]?.(...args.map(passed))]);
      } catch (error) {
        throw revive(error);
      } finally {
        refusals.delete(refuse);
      }
    };
  const openFiles: WorkerApi["openFiles"] = (files, onProgress) =>
    call("openFiles")(typeof files === "function" || files.length <= filesPerMessage ? files : inParts(files), onProgress) as ReturnType<WorkerApi["openFiles"]>;
  const terminate = (): void => {
    over.abort();
    remote[Comlink.releaseProxy]();
    worker.terminate();
  };
  // Left to the browser, a worker in the middle of a run may live on for a minute after its page, and with it its hold of the project.
  globalThis.addEventListener(
    "pagehide",
    ({ persisted }) => {
      if (persisted) return;
      over.abort();
      worker.terminate();
    },
    { signal },
  );
  return new Proxy({} as Client, {
    // `then` must stay undefined, or awaiting the client would call the worker.
    get: (_, method) => {
      if (method === "terminate") return terminate;
      if (method === "openFiles") return openFiles;
      return typeof method === "string" && method !== "then" ? call(method) : undefined;
    },
  });
}

export type { Client };
