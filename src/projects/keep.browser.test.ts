/** Files that come into a project at the same time, in the browser's own storage. */
import * as Comlink from "comlink";
import { expect, it } from "vitest";
import type { KeepChecks } from "./testing/keep.worker-fixture.ts";

it("are all kept, in their order; those of the same content once, also where they come together", async () => {
  const worker = new Worker(new URL("./testing/keep.worker-fixture.ts", import.meta.url), { type: "module" });
  try {
    const given = Array.from({ length: 48 }, (_, i) => `text ${i % 3 === 0 ? i : "that is there more than once"}`);
    const { paths, texts, stored } = await Comlink.wrap<KeepChecks>(worker).keep(given);
    expect(paths).toEqual(given.map((_, i) => `${i}.txt`));
    expect(texts).toEqual(given);
    expect(stored.map((name) => name.replace(/-.*/, ""))).toEqual(new Array(new Set(given).size).fill("content"));
  } finally {
    worker.terminate();
  }
});
