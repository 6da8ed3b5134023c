/** The page's side of the boundary, with a real worker behind it: many files reach it without one long message. */
import { expect, it, vi } from "vitest";
import type { SourceFile } from "../protocol/data.ts";
import { createClient } from "./index.ts";

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

it("hands many files over a few at a time, all of them and in order", { timeout: 60_000 }, async () => {
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
