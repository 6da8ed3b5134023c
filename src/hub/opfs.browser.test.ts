/** The browser's own storage does what the hub's code expects of it. In a worker: pages have no synchronous handles. */
import * as Comlink from "comlink";
import { expect, it } from "vitest";
import type { OpfsChecks } from "./opfs.worker-fixture.ts";

it("appends, goes on after what was kept, renames over, lists and removes", async () => {
  const worker = new Worker(new URL("./opfs.worker-fixture.ts", import.meta.url), { type: "module" });
  try {
    const checks = Comlink.wrap<OpfsChecks>(worker);
    expect(await checks.run()).toEqual({
      missing: null,
      written: "0123456789",
      resumed: "01234abc",
      refused: "it is being downloaded at this moment, here or in another tab of Graft",
      renamed: ["done"],
      content: "01234abc",
      folders: ["a%2Fb"],
      left: [],
      hasQuota: true,
    });
  } finally {
    worker.terminate();
  }
});
