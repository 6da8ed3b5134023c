/** Hostile pictures, given to the browser's own decoders: each is drawn or answered by a sentence. Everything else: hostile.long.test.ts. */
import { expect, test } from "vitest";
import { openFiles } from "../data/open.ts";
import { hostilePictures } from "./testing/hostile/pictures.ts";
import { outcomeTable, survive } from "./testing/hostile/survive.ts";

test("hostile pictures", { timeout: 120_000 }, async () => {
  const outcome = await survive("pictures", await hostilePictures());
  // eslint-disable-next-line no-console -- the table is what this is for
  console.log(`\n${outcomeTable([outcome])}`);
  expect(outcome.uncaught).toEqual([]);
  expect(outcome.inputs).toBeGreaterThanOrEqual(100);
  expect(outcome.sentences).toBeGreaterThan(50);
  expect(outcome.loaded).toBeGreaterThanOrEqual(3);
});

test("a folder in which a picture is a page, a bomb or called one keeps the sound ones", async () => {
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext("2d")?.fillRect(0, 0, 4, 4);
  const sound = await canvas.convertToBlob();
  const page = new Blob(["<!doctype html><script>polluted=1</script>"], { type: "image/png" });
  const files = ["__proto__", "constructor"].flatMap((label) => [0, 1, 2].map((i) => ({ path: `${label}/<img src=x onerror=alert(${i})>.png`, blob: sound })));
  const opened = await openFiles([...files, { path: "constructor/page.png", blob: page }]);
  if (opened.kind !== "images") throw new Error("These are pictures.");
  expect(opened.dataset.classes).toEqual(["__proto__", "constructor"]);
  expect(opened.dataset.summary().itemCount).toBe(6);
  expect(opened.dataset.summary().issues.map(({ message }) => message)).toContain("1 file with SVG or HTML, which is a drawing or a page and has no pixels, was left out: constructor/page.png. Save as PNG or JPEG instead.");
  expect("polluted" in globalThis).toBe(false);
});
