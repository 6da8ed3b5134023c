import { describe, expect, test } from "vitest";
import { readImageFolder, type ImageFolder } from "./image-folder.ts";

const png = (width = 4, height = 3): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
};
type Content = string | Uint8Array<ArrayBuffer>;
const read = (files: Readonly<Record<string, Content>> | readonly string[], folders: readonly string[] = []): Promise<ImageFolder> => {
  const entries = Array.isArray(files) ? (files as string[]).map((path): [string, Content] => [path, png()]) : Object.entries(files as Record<string, Content>);
  return readImageFolder(entries.map(([path, content]) => ({ path, blob: new Blob([content]) })), { name: "pets", folders });
};
const placed = ({ images }: ImageFolder): (string | null)[][] => images.map(({ path, label, folder }) => [path, label, folder]);
const messages = ({ issues }: ImageFolder): string[] => issues.map(({ message }) => message);

describe("class folders", () => {
  test("the class is the folder above the file, in natural order", async () => {
    const folder = await read(["pets/dog/10.png", "pets/dog/2.png", "pets/cat/1.png"]);
    expect(placed(folder)).toEqual([["pets/cat/1.png", "cat", null], ["pets/dog/2.png", "dog", null], ["pets/dog/10.png", "dog", null]]);
    expect(folder.issues).toEqual([]);
  });

  test.each([[["1.png", "2.png"]], [["photos/1.png", "photos/2.png"]]])("a flat folder is explained: %j", async (files) => {
    await expect(read(files)).rejects.toThrow(/2 images in one folder, so that nothing says which class each belongs to\. Expected a folder for each class, such as cat\/1\.jpg/);
  });

  test("one class folder within a folder is one class, not a flat folder", async () => {
    expect(placed(await read(["pets/cat/1.png", "pets/cat/2.png"])).map(([, label]) => label)).toEqual(["cat", "cat"]);
  });

  test("images beside the class folders are left out and named", async () => {
    const folder = await read(["pets/cat/1.png", "pets/dog/1.png", "pets/cover.png"]);
    expect(folder.images.length).toBe(2);
    expect(messages(folder)).toEqual(["1 image stands in no class folder and was left out: pets/cover.png."]);
  });

  test("folders beside those of classes are classes too, even empty", async () => {
    const folder = await read({ "pets/cat/1.png": png(), "pets/dog/1.png": png(), "pets/bird/readme.txt": "none yet" }, ["pets/owl", "pets"]);
    expect(folder.classFolders).toEqual(["bird", "cat", "dog", "owl"]);
  });
});

describe("split folders", () => {
  test.each([["train/", "val/", "test/"], ["data/Train/", "data/VALID/", "data/Test/"], ["training/", "validation/", "testing/"]])("%s %s %s", async (train, validation, testing) => {
    const folder = await read([`${train}cat/1.png`, `${validation}cat/2.png`, `${testing}dog/3.png`]);
    expect(folder.images.map((image) => [image.label, image.folder])).toEqual(expect.arrayContaining([["cat", "train"], ["cat", "validation"], ["dog", "test"]]));
    expect(folder.issues).toEqual([]);
  });

  test("a class may be called train", async () => {
    expect(placed(await read(["vehicles/train/1.png", "vehicles/car/1.png"])).map(([, label, split]) => [label, split])).toEqual([["car", null], ["train", null]]);
  });

  test("one split alone is a folder like any other", async () => {
    expect(placed(await read(["test/cat/1.png", "test/dog/1.png"])).map(([, label, split]) => [label, split])).toEqual([["cat", null], ["dog", null]]);
  });

  test("images outside the splits, or right in one, are left out", async () => {
    const folder = await read(["train/cat/1.png", "train/2.png", "val/cat/3.png", "extra/cat/4.png"]);
    expect(folder.images.length).toBe(2);
    expect(messages(folder)[0]).toMatch(/^2 images stand in no class folder and were left out: extra\/cat\/4\.png and train\/2\.png/);
  });

  test("splits without classes are explained", async () => {
    await expect(read(["train/1.png", "test/2.png"])).rejects.toThrow(/the folders test and train hold images directly|the folders train and test hold images directly/);
  });
});

describe("files that are no images", () => {
  test("are told by their bytes, and said once", async () => {
    const folder = await read({
      "cat/photo.txt": png(),
      "cat/broken.jpg": "not an image",
      "cat/empty.png": "",
      "dog/page.jpg": "\n<!DOCTYPE html><html></html>",
      "dog/logo.svg": '<?xml version="1.0"?><svg/>',
      "dog/huge.png": png(20_000, 10_000),
      "dog/iphone.jpg": "\u0000\u0000\u0000\u0018ftypheic",
      "dog/1.png": png(8_000, 8_000),
      "notes.md": "# notes",
    });
    expect(folder.images.map(({ path }) => path)).toEqual(["cat/photo.txt", "dog/1.png"]);
    expect(folder.unreadable).toEqual(["cat/broken.jpg", "cat/empty.png"]);
    expect(messages(folder)).toEqual([
      "1 image with more than 64 megapixels was left out: dog/huge.png. Scale it down first.",
      "2 files with SVG or HTML, which are drawings or pages and have no pixels, were left out: dog/logo.svg and dog/page.jpg. Save as PNG or JPEG instead.",
      "1 image in HEIC or TIFF, which browsers do not read, was left out: dog/iphone.jpg. Save as PNG or JPEG instead.",
      "1 file is no image and was ignored: notes.md.",
    ]);
  });

  test("nothing but them is a sentence", async () => {
    await expect(read({ "docs/a.txt": "a", "docs/b.txt": "b" })).rejects.toThrow(/^pets: there are no images in it\. Expected PNG, JPEG/);
    await expect(read({ "cat/a.jpg": "a", "dog/b.jpg": "b" })).rejects.toThrow(/^pets: 2 images and none can be read/);
  });
});
