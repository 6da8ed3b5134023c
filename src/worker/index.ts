/** The worker's entry: exposes the WorkerApi, and lets errors keep their sentences on the way to the page. */
import * as Comlink from "comlink";
import { GraftError } from "../core/errors.ts";
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

// The worker's own file is in a folder of the build; what is embedded is beside the page.
const base = new URL(import.meta.env.BASE_URL, self.location.origin).href;
Comlink.expose(createWorkerApi({ embeddedBase: `${base}embedded/` }));
