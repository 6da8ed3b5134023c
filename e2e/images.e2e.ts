/**
 * The main job with images, as a person does it: drop, train, pause, resume, look, try, download, open again. Once on
 * WebGPU, whose software adapter is slow, so the pictures are small; once on wasm.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible } from "./support/axe.ts";
import { writeFiles, zipOf } from "./support/files.ts";
import { expect, test } from "./support/fixtures.ts";
import { shapeFolder, shapePng } from "./support/images.ts";
import { answers, chooseFiles, downloadTo, figure, goTo, setAdvanced } from "./support/journey.ts";

const backends = [
  { backend: "WebGPU", perClass: 6, settings: { "Batch size": 4, Epochs: 300, "Image size": 32, "Learning rate": 0.01 }, choice: "Head only" },
  { backend: "WebAssembly", perClass: 20, settings: { "Batch size": 8, Epochs: 300, "Image size": 64 }, choice: "Last block" },
] as const;

for (const { backend, perClass, settings, choice } of backends) {
  test(`from a dropped zip to a model that opens again, on ${backend}`, async ({ page, folder }) => {
    test.setTimeout(400_000);
    const zip = join(folder, "shapes.zip");
    writeFileSync(zip, zipOf(shapeFolder(["disc", "stripes"], { perClass, size: 64 })));
    const unseen = join(folder, "unseen.png");
    writeFileSync(unseen, shapePng("disc", 4711));

    await page.goto("./");
    await expectAccessible(page);
    await chooseFiles(page, "Choose files", zip);
    await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
    await expectAccessible(page);

    await goTo(page, "Model");
    await expect(page.getByRole("treegrid", { name: "Layers" })).toBeVisible();
    await page.getByRole("radio", { name: choice }).click();
    await expect(page.getByText(/parameters learn/)).toBeVisible();
    await expectAccessible(page);

    await setAdvanced(page, { Backend: backend, ...settings, "Early stopping": false });
    await expectAccessible(page);

    await goTo(page, "Train");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByRole("button", { name: "Pause" }).click({ timeout: 250_000 });
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const progress = page.getByText(/^Step \d/);
    const pausedAt = await progress.innerText();
    await page.waitForTimeout(700);
    expect(await progress.innerText()).toBe(pausedAt);
    await expectAccessible(page);
    await page.getByRole("textbox", { name: "Learning rate" }).fill("0.003");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await expect(progress).not.toHaveText(pausedAt);
    // A few epochs more, so that there is something to stop with.
    await expect(page.getByRole("region", { name: "The run" })).toContainText(/Epoch ([4-9]|\d\d) of/, { timeout: 120_000 });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "See results" }).click();

    await expect(page.getByRole("heading", { level: 1, name: "Results" })).toBeVisible();
    expect(await figure(page, "Measures", "Accuracy")).toBeGreaterThanOrEqual(0.5);
    const cell = page.getByRole("table", { name: "Confusion matrix" }).getByRole("button").filter({ hasNotText: /^0$/ }).first();
    const shown = Number(await cell.innerText());
    await cell.click();
    await expect(page.getByRole("dialog").getByRole("listitem")).toHaveCount(shown);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Close the examples" }).click();
    await chooseFiles(page, "Choose an image", unseen);
    const answered = await answers(page);
    expect(answered).toHaveLength(2);
    await expectAccessible(page);

    const download = await downloadTo(page, folder);
    await page.goto("./");
    await chooseFiles(page, "Open a Graft download", download);
    await chooseFiles(page, "Choose an image", unseen);
    expect(await answers(page)).toEqual(answered);
    await expectAccessible(page);
  });
}

test("a folder with damaged pictures: each is named, the sound ones train", async ({ page, folder }) => {
  const files = shapeFolder(["disc", "cross"], { perClass: 8, size: 48 });
  files.set("disc/cut-off.png", shapePng("disc", 5).subarray(0, 60));
  files.set("cross/not-an-image.jpg", new TextEncoder().encode("<html>hello</html>"));
  files.set("empty/readme.txt", new TextEncoder().encode("nothing here"));
  writeFiles(join(folder, "shapes"), files);
  await page.goto("./");
  await chooseFiles(page, "Choose a folder", join(folder, "shapes"));
  const issues = page.getByRole("list", { name: "Issues" });
  await expect(issues).toContainText("cut-off.png");
  await expect(issues).toContainText("not-an-image.jpg");
  await expect(issues).toContainText("empty");
  await expectAccessible(page);

  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 3, "Image size": 48 });
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click();
  await expect(page.getByRole("heading", { name: "Confusion matrix" })).toBeVisible();
});

test("a zip that cannot be read is refused by a sentence, and the page goes on", async ({ page, folder }) => {
  const whole = zipOf(shapeFolder(["disc", "cross"], { perClass: 4, size: 32 }));
  writeFileSync(join(folder, "broken.zip"), whole.subarray(0, whole.length - 400));
  writeFileSync(join(folder, "whole.zip"), whole);
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "broken.zip"));
  await expect(page.getByRole("alert")).toContainText("broken.zip");
  await chooseFiles(page, "Choose files", join(folder, "whole.zip"));
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
});
