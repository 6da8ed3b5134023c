/** The page's side of the boundary, with a real worker behind it: many files reach it without one long message, and its end is noticed. */
import { describe, expect, it, vi } from "vitest";
import { nextTask } from "../core/next-task.ts";
import type { SourceFile } from "../protocol/data.ts";
import { createClient, WorkerEndedError } from "./index.ts";

async function pictures(count: number): Promise<SourceFile[]> {
  const canvas = new OffscreenCanvas(4, 4);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("No 2d context.");
  const files: SourceFile[] = [];
  for (let i = 0; i < count; i++) {
    context.fillStyle = `rgb(${i} ${i % 7} 90)`;
    context.fillRect(0, 0, 4, 4);
    files.push({ path: `set/${i % 2 ? "odd" : "even"}/${i}.png`, blob: await canvas.convertToBlob() });
  }
  return files;
}

/** How many files a posted message carries, however deep. */
function filesIn(value: unknown): number {
  if (value instanceof Blob) return 1;
  if (typeof value !== "object" || value === null || value instanceof MessagePort) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + filesIn(part), 0);
}

it("hands many files over a few at a time, all of them and in order", { timeout: 120_000 }, async () => {
  const posts = [vi.spyOn(Worker.prototype, "postMessage"), vi.spyOn(MessagePort.prototype, "postMessage")];
  const client = createClient();
  try {
    const files = await pictures(70);
    expect(await client.openFiles(files, () => {})).toMatchObject({ kind: "ready", summary: { itemCount: 70 } });
    const carried = posts.flatMap((post) => post.mock.calls.map(([message]) => filesIn(message)));
    expect(carried.reduce((sum, count) => sum + count, 0)).toBe(70);
    expect(Math.max(...carried)).toBeLessThanOrEqual(32);
    const { items } = await client.listItems({ offset: 0, limit: 70 });
    expect(new Set(items.map(({ name }) => name))).toEqual(new Set(files.map(({ path }) => path)));
  } finally {
    client.terminate();
    for (const post of posts) post.mockRestore();
  }
});

describe("a worker that the browser ends", () => {
  /** Also the worker itself, as nobody but the browser has it. */
  const opened = (): { readonly client: ReturnType<typeof createClient>; readonly worker: Worker; readonly onEnd: ReturnType<typeof vi.fn<() => void>> } => {
    const onEnd = vi.fn<() => void>();
    const listen = vi.spyOn(Worker.prototype, "addEventListener");
    const client = createClient({ onEnd });
    const [worker] = listen.mock.contexts;
    listen.mockRestore();
    return { client, worker: worker as Worker, onEnd };
  };

  it("refuses every call that it owed an answer to, says so once, and nothing of it is heard any more", { timeout: 60_000 }, async () => {
    const { client, worker, onEnd } = opened();
    expect((await client.listSamples()).length).toBeGreaterThan(0);
    const onProgress = vi.fn();
    const calls = [client.probeDevice(), client.openFiles(await pictures(3), onProgress)];
    worker.terminate();
    for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ status: "rejected", reason: { sentence: { what: expect.stringContaining("the browser has ended") as string } } });
    const heard = onProgress.mock.calls.length;
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
    await expect(client.listSamples()).rejects.toBeInstanceOf(WorkerEndedError);
    worker.dispatchEvent(new Event("messageerror"));
    await nextTask();
    expect(onEnd).toHaveBeenCalledTimes(1);
    expect(onProgress).toHaveBeenCalledTimes(heard);
  });

  it("is one that cannot be understood, and one that did not start, but not one that made a mistake, or was ended by the page", { timeout: 60_000 }, async () => {
    const silent = opened();
    const call = silent.client.listSamples();
    silent.worker.dispatchEvent(new Event("error"));
    await expect(call).rejects.toMatchObject({ sentence: { what: "the part of Graft that computes did not start" } });

    const { client, worker, onEnd } = opened();
    await client.listSamples();
    worker.dispatchEvent(new Event("error"));
    expect((await client.listSamples()).length).toBeGreaterThan(0);
    worker.dispatchEvent(new Event("messageerror"));
    await expect(client.listSamples()).rejects.toBeInstanceOf(WorkerEndedError);
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));

    const other = opened();
    await other.client.listSamples();
    other.client.terminate();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(other.onEnd).not.toHaveBeenCalled();
  });
});
