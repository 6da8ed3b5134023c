/** A run of some seconds that a journey interrupts, and what it learned, to compare with what one that was left alone learns. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { zipOf } from "./files.ts";
import { expect } from "./fixtures.ts";
import { shapeFolder } from "./images.ts";
import { chooseFiles, goTo, setAdvanced } from "./journey.ts";
import { onnxFile } from "./small-network.ts";

export const epochs = 40;

/** All layers of a small network, on a few small images. */
export async function prepareRun(page: Page, folder: string, backend: "WebAssembly" | "WebGPU", address = "./"): Promise<void> {
  const zip = join(folder, "shapes.zip");
  writeFileSync(zip, zipOf(shapeFolder(["disc", "stripes"], { perClass: 8, size: 32 })));
  const model = join(folder, "shapes-net.onnx");
  writeFileSync(model, onnxFile());
  await page.goto(address);
  await chooseFiles(page, "Choose files", zip);
  // The first answer of a worker that has just started; on a busy machine that takes its time.
  await expect(page.getByRole("button", { name: "All projects" })).toBeVisible({ timeout: 100_000 });
  await goTo(page, "Model");
  await chooseFiles(page, "Choose model files", model);
  await expect(page.getByRole("radio", { name: "shapes-net" })).toBeChecked({ timeout: 60_000 });
  await page.getByRole("radio", { name: "Everything" }).click();
  await setAdvanced(page, { Backend: backend, Epochs: epochs, "Batch size": 4, "Early stopping": false });
  await goTo(page, "Train");
}

/** Presses the button, and waits until the run is well under way: a second after its first step, a checkpoint is due. */
export async function trainToTheMiddle(page: Page, button: "Start training" | "Train again"): Promise<void> {
  await goTo(page, "Train");
  await page.getByRole("button", { name: button }).click();
  await expect(page.getByText(new RegExp(`Epoch (?:[89]|[12]\\d) of ${epochs}`)).first()).toBeVisible({ timeout: 300_000 });
}

/** Until the run is over. @returns the rows of "Show as table" of the loss by epoch: every epoch's mean over its steps, and its validation loss. */
export async function finishedLosses(page: Page): Promise<readonly string[]> {
  await expect(page.getByRole("button", { name: "See results" })).toBeVisible({ timeout: 300_000 });
  return losses(page);
}

export async function losses(page: Page): Promise<readonly string[]> {
  await goTo(page, "Train");
  await page.getByRole("radio", { name: "By epoch" }).click();
  await page.getByRole("button", { name: "Show as table" }).first().click();
  const rows = page.getByRole("region", { name: "Loss, figures" }).locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  return Promise.all((await rows.all()).map((row) => row.innerText()));
}
