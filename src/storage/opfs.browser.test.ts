/** The browser's own storage does what the code above it expects. In a worker: pages have no synchronous handles. */
import * as Comlink from "comlink";
import { cdp } from "vitest/browser";
import { expect, it } from "vitest";
import type { OpfsChecks } from "./testing/opfs.worker-fixture.ts";

async function inWorker<T>(work: (checks: Comlink.Remote<OpfsChecks>) => Promise<T>): Promise<T> {
  const worker = new Worker(new URL("./testing/opfs.worker-fixture.ts", import.meta.url), { type: "module" });
  try {
    return await work(Comlink.wrap<OpfsChecks>(worker));
  } finally {
    worker.terminate();
  }
}

it("appends, goes on after what was kept, renames over, lists and removes", async () => {
  expect(await inWorker((checks) => checks.run())).toEqual({
    missing: null,
    written: "0123456789",
    resumed: "01234abc",
    refused: "it is being written at this moment, here or in another tab of Graft",
    renamed: ["done"],
    content: "01234abc",
    folders: ["a%2Fb"],
    left: [],
    hasQuota: true,
  });
});

it("says so when there is no room, and with room it goes on", async () => {
  const session = cdp() as unknown as { send(method: "Storage.overrideQuotaForOrigin", options: { readonly origin: string; readonly quotaSize?: number }): Promise<void> };
  const { usage = 0 } = await navigator.storage.estimate();
  await session.send("Storage.overrideQuotaForOrigin", { origin: location.origin, quotaSize: usage + 5_000_000 });
  try {
    const full = await inWorker((checks) => checks.fill(8));
    expect(full.refused).toBe("the browser's storage is full");
    expect(full.pieces).toBeLessThan(6);
    expect(full.bytes).toBeLessThan(6 * 2 ** 20);
  } finally {
    await session.send("Storage.overrideQuotaForOrigin", { origin: location.origin });
  }
  expect(await inWorker((checks) => checks.fill(8))).toEqual({ pieces: 8, refused: "", bytes: 8 * 2 ** 20 });
});

it("is hashed piece by piece to what the browser's digest says", async () => {
  const { streamed, wanted } = await inWorker((checks) => checks.hashes(10_500_000));
  expect(streamed).toMatch(/^[0-9a-f]{64}$/);
  expect(streamed).toBe(wanted);
});
