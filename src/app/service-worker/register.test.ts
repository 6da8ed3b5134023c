/** When the page is loaded anew for isolation, and above all when not. That it comes isolated out of it: e2e/static-host.e2e.ts. */
import { beforeEach, expect, test, vi } from "vitest";
import { isolate, type IsolationScope } from "./register.ts";

const storage = new Map<string, string>();
const tried: IsolationScope["tried"] = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => void storage.set(key, value),
  removeItem: (key) => void storage.delete(key),
};
const reload = vi.fn<() => void>();
const register = vi.fn<(url: string | URL) => Promise<ServiceWorkerRegistration>>();
const page = (changes: Partial<IsolationScope> = {}): Promise<boolean> => isolate({ crossOriginIsolated: false, serviceWorker: { register }, tried, reload, ...changes });

beforeEach(() => {
  storage.clear();
  reload.mockReset();
  register.mockReset().mockResolvedValue({ active: { state: "activated" } } as ServiceWorkerRegistration);
  vi.stubGlobal("document", { baseURI: "https://host.example/graft/" });
});

test("loads anew once its worker is active, and once only where that did not help", async () => {
  expect(await page()).toBe(true);
  expect(String(register.mock.calls[0]?.[0])).toBe("https://host.example/graft/service-worker.js");
  expect(reload).toHaveBeenCalledTimes(1);
  expect(await page()).toBe(false);
  expect(await page()).toBe(false);
  expect(reload).toHaveBeenCalledTimes(1);
});

test("does nothing on an isolated page, and may try again after a reload that went past the worker", async () => {
  expect(await page()).toBe(true);
  expect(await page({ crossOriginIsolated: true })).toBe(false);
  expect(register).toHaveBeenCalledTimes(1);
  expect(await page()).toBe(true);
  expect(reload).toHaveBeenCalledTimes(2);
});

test("goes on without isolation where there are no service workers, they are refused, or storage is off", async () => {
  expect(await page({ serviceWorker: undefined })).toBe(false);
  register.mockRejectedValue(new DOMException("The policy forbids it.", "SecurityError"));
  expect(await page()).toBe(false);
  const refuse = (): never => {
    throw new DOMException("Storage is off.", "SecurityError");
  };
  expect(await page({ tried: { getItem: refuse, setItem: refuse, removeItem: refuse } })).toBe(false);
  expect(reload).not.toHaveBeenCalled();
});

test("waits for the worker, and goes on where the browser gives it up", async () => {
  const workerThatEnds = (state: ServiceWorkerState): ServiceWorkerRegistration => {
    const worker = Object.assign(new EventTarget(), { state: "installing" });
    setTimeout(() => {
      worker.state = state;
      worker.dispatchEvent(new Event("statechange"));
    });
    return { installing: worker as unknown as ServiceWorker, waiting: null, active: null } as ServiceWorkerRegistration;
  };
  register.mockImplementation(async () => workerThatEnds("redundant"));
  expect(await page()).toBe(false);
  storage.clear();
  register.mockImplementation(async () => workerThatEnds("activated"));
  expect(await page()).toBe(true);
  expect(reload).toHaveBeenCalledTimes(1);
});
