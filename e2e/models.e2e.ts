/** A model of one's own, in another program's format: dropped, looked at, fine-tuned, downloaded in every format, opened again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { readOnnx } from "../src/formats/onnx/read.ts";
import { expectAccessible } from "./support/axe.ts";
import { zipOf } from "./support/files.ts";
import { expect, test } from "./support/fixtures.ts";
import { shapeFolder, shapePng } from "./support/images.ts";
import { answers, chooseFiles, downloadTo, figure, goTo, setAdvanced } from "./support/journey.ts";
import { onnxFile } from "./support/small-network.ts";

test("an ONNX file is dropped, fine-tuned and downloaded as ONNX again", async ({ page, folder }) => {
  test.setTimeout(240_000);
  const zip = join(folder, "shapes.zip");
  writeFileSync(zip, zipOf(shapeFolder(["disc", "stripes"], { perClass: 20, size: 32 })));
  const model = join(folder, "shapes-net.onnx");
  writeFileSync(model, onnxFile());
  const broken = join(folder, "broken.onnx");
  writeFileSync(broken, onnxFile().subarray(0, 500));
  const unseen = join(folder, "unseen.png");
  writeFileSync(unseen, shapePng("disc", 4711));

  await page.goto("./");
  await chooseFiles(page, "Choose files", zip);
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
  await goTo(page, "Model");
  await chooseFiles(page, "Choose model files", broken);
  await expect(page.getByText(/broken\.onnx/)).toBeVisible();
  await chooseFiles(page, "Choose model files", model);
  await expect(page.getByRole("radio", { name: "shapes-net" })).toBeChecked();
  await expect(page.getByText(/broken\.onnx/)).toBeHidden();
  const layers = page.getByRole("treegrid", { name: "Layers" });
  await expect(layers).toContainText("Conv 3x3, 16 → 32");
  await expect(layers).not.toContainText("classifier");
  await page.getByRole("radio", { name: "Everything" }).click();
  await expectAccessible(page);

  await setAdvanced(page, { Backend: "WebAssembly", "Batch size": 8, Epochs: 15, "Trunk share": 1, "Early stopping": false });
  await expect(page.getByRole("combobox", { name: "Pixel range" })).toHaveValue("imagenet");
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 120_000 });
  expect(await figure(page, "Measures", "Accuracy")).toBeGreaterThanOrEqual(0.75);
  await chooseFiles(page, "Choose an image", unseen);
  const answered = await answers(page);
  expect(answered[0]).toMatch(/^disc/);

  await page.getByRole("checkbox", { name: "ONNX" }).check();
  const download = await downloadTo(page, folder);
  const files = unzipSync(readFileSync(download));
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["model.safetensors", "model.py", "tfjs/model.json", "model.onnx"]));
  expect(readOnnx(files["model.onnx"] as Uint8Array).graph.inputs[0]?.shape.slice(1)).toEqual([32, 32, 3]);
  await page.goto("./");
  await chooseFiles(page, "Open a Graft download", download);
  await chooseFiles(page, "Choose an image", unseen);
  expect(await answers(page)).toEqual(answered);
});
