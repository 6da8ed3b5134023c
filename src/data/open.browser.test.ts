import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.ts";
import type { Progress } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { ImageDataset } from "./dataset.ts";
import { openFiles } from "./open.ts";

const colour = async (hue: number, size = 24): Promise<Blob> => {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${hue}deg 80% 50%)`;
  context.fillRect(0, 0, size, size);
  return canvas.convertToBlob();
};
const folder = async (path: string, count: number, from: number): Promise<SourceFile[]> => Promise.all(Array.from({ length: count }, async (_, i) => ({ path: `${path}/${i + 1}.png`, blob: await colour(from + i * 3) })));
const open = async (files: readonly SourceFile[], options?: Parameters<typeof openFiles>[1]): Promise<ImageDataset> => {
  const opened = await openFiles(files, options);
  if (opened.kind !== "images") throw new Error("Not images.");
  return opened.dataset;
};
const messages = (data: ImageDataset): string[] => data.summary().issues.map(({ message }) => message);
const zipOf = async (files: readonly SourceFile[]): Promise<SourceFile> => {
  const entries = await Promise.all(files.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const));
  return { path: "pets.zip", blob: new Blob([zipSync(Object.fromEntries(entries))]) };
};
const pets = Promise.all([folder("pets/cat", 10, 0), folder("pets/dog", 10, 120)]).then((all) => all.flat());

describe("a folder of images", () => {
  test("opens with classes, splits, pixels and thumbnails", async () => {
    const data = await open(await pets);
    expect(data.summary()).toMatchObject({ name: "pets", task: "image-classification", itemCount: 20, counts: { train: 16, validation: 4, test: 0 }, splitSource: "seeded", trainable: true, issues: [] });
    expect(data.classes).toEqual(["cat", "dog"]);
    const page = await data.listItems({ label: "dog", offset: 8, limit: 4 });
    expect(page.total).toBe(10);
    expect(page.items.map(({ name }) => name)).toEqual(["pets/dog/9.png", "pets/dog/10.png"]);
    expect((await createImageBitmap(page.items[0]?.thumbnail as Blob)).width).toBe(128);
    const [red, green, blue] = await data.pixels(0, 8);
    expect([(red as number) > 200, (green as number) < 60, (blue as number) < 60]).toEqual([true, true, true]);
    expect((await data.getItemBlob(0))?.size).toBeGreaterThan(0);
    await expect(data.pixels(0, 8, AbortSignal.abort())).rejects.toBeInstanceOf(CancelledError);
  });

  test("the same in a zip, and in another order", async () => {
    const plain = await open(await pets);
    const zipped = await open([await zipOf(await pets)]);
    const reversed = await open([...(await pets)].reverse());
    for (const data of [zipped, reversed]) expect(data.examples("train")).toEqual(plain.examples("train"));
    expect(await zipped.pixels(3, 8)).toEqual(await plain.pixels(3, 8));
  });

  test("says what cannot be read and keeps the rest", async () => {
    const bad = (path: string, content: BlobPart): SourceFile => ({ path, blob: new Blob([content]) });
    const cut = (await colour(77, 200)).slice(0, 45);
    const data = await open([...(await pets), bad("pets/cat/a.jpg", "no image"), bad("pets/dog/b.png", cut), bad("pets/owl/c.jpg", ""), bad("pets/notes.txt", "hi")]);
    expect(data.summary()).toMatchObject({ itemCount: 20, trainable: true });
    expect(messages(data)).toEqual([
      "3 images cannot be read: pets/cat/a.jpg, pets/owl/c.jpg and pets/dog/b.png.",
      "The class folder owl holds no readable image and was left out.",
      "1 file is no image and was ignored: pets/notes.txt.",
    ]);
  });

  test("copies, conflicts and leaks between split folders", async () => {
    const [same, other] = [await colour(300), await colour(330)];
    const files = [...(await folder("train/cat", 6, 0)), ...(await folder("train/dog", 6, 60)), ...(await folder("test/cat", 6, 120)), ...(await folder("test/dog", 6, 180))];
    const data = await open([...files, { path: "train/cat/x.png", blob: same }, { path: "test/cat/x.png", blob: same }, { path: "train/cat/y.png", blob: other }, { path: "train/dog/y.png", blob: other }, { path: "train/dog/copy.png", blob: (files[6] as SourceFile).blob }]);
    expect(data.summary()).toMatchObject({ splitSource: "folders", counts: { test: 13 } });
    expect(data.examples("validation").length).toBeGreaterThan(1);
    expect(messages(data)).toEqual([
      "2 images are alike but have different labels: train/cat/y.png (cat) and train/dog/y.png (dog). Exclude the wrong ones.",
      "1 image stands in more than one split, so the results would look better than they are: train/cat/x.png.",
      "1 image is an exact copy of another: train/dog/copy.png.",
    ]);
  });

  test("one class is said and not trainable", async () => {
    const data = await open(await folder("pets/cat", 6, 0));
    expect(data.summary()).toMatchObject({ trainable: false, issues: [{ severity: "error", kind: "one-class" }] });
  });

  test("an image alone, and images that are all damaged, are sentences", async () => {
    await expect(openFiles([{ path: "cat.png", blob: await colour(1) }])).rejects.toThrow(/^cat\.png: 1 image in one folder/);
    const cut = (await colour(5, 200)).slice(0, 45);
    await expect(openFiles([{ path: "a/1.png", blob: cut }, { path: "b/2.png", blob: cut }])).rejects.toThrow(/^images: 2 images and none can be read: a\/1\.png and b\/2\.png/);
  });

  test("reports at most ten times a second and can be cancelled", async () => {
    const files = Array.from({ length: 400 }, (_, i) => ({ path: `p/${i % 2}/${i}.png`, blob: new Blob() }));
    const blob = await colour(40, 64);
    const many = files.map(({ path }) => ({ path, blob }));
    const reports: { readonly progress: Progress; readonly ms: number }[] = [];
    await openFiles(many, { onProgress: (progress) => reports.push({ progress, ms: performance.now() }) });
    for (const what of new Set(reports.map(({ progress }) => progress.what))) {
      const own = reports.filter(({ progress }) => progress.what === what);
      own.slice(1, -1).forEach(({ ms }, i) => expect(ms - (own[i]?.ms as number)).toBeGreaterThan(95));
      expect(own.at(-1)?.progress).toMatchObject({ done: 400, total: 400 });
    }
    const controller = new AbortController();
    const opening = openFiles(many, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(opening).rejects.toBeInstanceOf(CancelledError);
  });
});
