/**
 * The service worker for work without a connection, and what is new: a later version is kept beside the one that runs, and offered. It
 * takes the place of the old one when a person says so, or when no tab of Graft is open.
 */
import { useSyncExternalStore } from "react";
import type { Activate } from "./message.ts";
import { workerUrl } from "./register.ts";

let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();

function offer(worker: ServiceWorker | null): void {
  waiting = worker;
  for (const listener of listeners) listener();
}

/** Never in the way of the page: where service workers are refused, there is simply no work without a connection. */
export async function keepForOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register(workerUrl());
    // Without one in charge, what was installed is the first and not news.
    const look = (): void => {
      if (registration.waiting && registration.active) offer(registration.waiting);
    };
    look();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  } catch {
    // Switched off, or the host has no such file.
  }
}

/** Loads the page anew in the new version. Null while there is none. */
export function useUpdate(): (() => void) | null {
  const worker = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting,
  );
  if (worker === null) return null;
  return () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage("graft-activate" satisfies Activate);
  };
}
