/** The only file that creates the worker. The page talks to it through the typed WorkerApi, errors included. */
import * as Comlink from "comlink";
import { CancelledError, GraftError, type ErrorSentence } from "../core/errors.ts";
import type { WorkerApi } from "../protocol/api.ts";
import type { FileParts, SourceFile } from "../protocol/data.ts";

type Client = WorkerApi & { readonly terminate: () => void };

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
  const thrown = error as ThrownError;
  if (thrown?.sentence) return new GraftError(thrown.sentence);
  if (thrown?.name === "CancelledError") return new CancelledError();
  return error;
}

/** Starts the worker. Functions passed as arguments (progress, events) become proxies. */
export function createClient(): Client {
  // Only the page knows the folder that it is served from; the worker's name carries it across before the first call.
  const embeddedBase = new URL("embedded/", document.baseURI).href;
  const worker = new Worker(new URL("../worker/index.ts", import.meta.url), { type: "module", name: embeddedBase });
  const remote = Comlink.wrap<WorkerApi>(worker);
  const call =
    (method: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      const target = remote as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      try {
        return await target[method]?.(...args.map((arg) => (typeof arg === "function" ? Comlink.proxy(arg as () => unknown) : arg)));
      } catch (error) {
        throw revive(error);
      }
    };
  const openFiles: WorkerApi["openFiles"] = (files, onProgress) =>
    call("openFiles")(typeof files === "function" || files.length <= filesPerMessage ? files : inParts(files), onProgress) as ReturnType<WorkerApi["openFiles"]>;
  const terminate = (): void => {
    remote[Comlink.releaseProxy]();
    worker.terminate();
  };
  // Left to the browser, a worker in the middle of a run may live on for a minute after its page, and with it its hold of the project.
  globalThis.addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) worker.terminate();
  });
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
