/**
 * Isolation where the host sends no headers for it: without, wasm has one thread. Registers the service worker and loads the
 * page anew, once; where that does not help or is not allowed, the page goes on as it is.
 */

/** Beside the page, because a service worker serves the folder that it lies in. */
export const workerUrl = (): URL => new URL("service-worker.js", document.baseURI);

/** In the session's storage: the page was loaded anew for isolation. */
const TRIED = "graft-isolation-tried";
/** A browser that never gets the worker ready must not keep the page from starting. */
const PATIENCE_MS = 3000;

/** What of the browser this needs: the page's own, or a test's. */
export interface IsolationScope {
  readonly crossOriginIsolated: boolean;
  readonly serviceWorker: Pick<ServiceWorkerContainer, "register"> | undefined;
  readonly tried: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly reload: () => void;
}

function activated(registration: ServiceWorkerRegistration): Promise<boolean> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker || worker.state === "activated") return Promise.resolve(worker !== null);
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve(true);
      else if (worker.state === "redundant") resolve(false);
    });
    setTimeout(resolve, PATIENCE_MS, false);
  });
}

/** @returns whether the page is about to load anew, and should not start. */
export async function isolate({ crossOriginIsolated, serviceWorker, tried, reload }: IsolationScope): Promise<boolean> {
  try {
    if (crossOriginIsolated) {
      // A forced reload goes past the service worker: then one more is due.
      tried.removeItem(TRIED);
      return false;
    }
    if (serviceWorker === undefined || tried.getItem(TRIED) !== null) return false;
    // Before anything can fail, so that no failure repeats.
    tried.setItem(TRIED, "yes");
    if (!(await activated(await serviceWorker.register(workerUrl())))) return false;
    reload();
    return true;
  } catch {
    // Storage or service workers are switched off, or the host has no such file: one thread, then.
    return false;
  }
}

/** Of this page. Storage that is switched off throws when it is named. */
export function isolatePage(): Promise<boolean> {
  if (!("serviceWorker" in navigator)) return Promise.resolve(false);
  const { serviceWorker } = navigator;
  try {
    return isolate({ crossOriginIsolated, serviceWorker, tried: sessionStorage, reload: () => location.reload() });
  } catch {
    return Promise.resolve(false);
  }
}
