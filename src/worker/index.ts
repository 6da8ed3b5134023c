/** The worker's entry: exposes the WorkerApi, and lets errors keep their sentences on the way to the page. */
import * as Comlink from "comlink";
import { GraftError } from "../core/errors.ts";
import { demandTrustedTypes } from "../core/trusted-types.ts";
import type { LifeSign } from "../protocol/api.ts";
import { OpfsStorage } from "../storage/opfs.ts";
import { createWorkerApi } from "./api.ts";

interface Thrown {
  readonly value: unknown;
}

const throwHandler = Comlink.transferHandlers.get("throw");
if (throwHandler) {
  Comlink.transferHandlers.set("throw", {
    ...throwHandler,
    serialize: (thrown: unknown) => {
      const { value } = thrown as Thrown;
      if (!(value instanceof Error)) return [{ isError: false, value }, []];
      const { name, message, stack } = value;
      return [{ isError: true, value: { name, message, stack, sentence: value instanceof GraftError ? value.sentence : undefined } }, []];
    },
  });
}

demandTrustedTypes("blob");
// The page names the worker after the folder of its embedded files; see src/client.
Comlink.expose(createWorkerApi({ embeddedBase: self.name, projectStorage: new OpfsStorage("projects") }));

const lifeLock = `graft-life-${crypto.randomUUID()}`;
// Not every browser has locks, and none need grant them: without, a worker that ends is not noticed.
void globalThis.navigator.locks?.request(lifeLock, () => {
  postMessage({ lifeLock } satisfies LifeSign);
  return new Promise(() => {});
}).catch(() => undefined);
