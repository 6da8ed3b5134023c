/**
 * Opens the headless page in Chromium, gives it the files by path (the browser reads them from disk; nothing is copied
 * or served), runs the recipe and takes the download.
 */
import { readFile } from "node:fs/promises";
import { readdirSync, statSync } from "node:fs";
import { chromium, type Page } from "playwright";
import type { TuneEvent } from "../../../src/app/headless.ts";
import type { Recipe } from "../../../src/protocol/recipe.ts";
import type { RunResults } from "../../../src/protocol/run.ts";
import { ensureBrowser, launchOptions } from "../browser.mjs";
import { CommandError } from "../project.mjs";

interface RunRequest {
  readonly url: string;
  readonly recipe: Recipe;
  readonly data: string;
  readonly model?: string;
  readonly onEvent: (event: TuneEvent) => void;
}

async function giveFiles(page: Page, data: string, model: string | undefined): Promise<void> {
  const isFolder = statSync(data).isDirectory();
  if (isFolder && readdirSync(data).length === 0) throw new CommandError(`--data ${data}: the folder is empty. Expected a subfolder of images for each class, a CSV, JSON lines or texts.`);
  await page.locator(isFolder ? "#folder" : "#files").setInputFiles(data);
  if (model) await page.locator("#model").setInputFiles(model);
}

/** @throws CommandError with the worker's sentence, or saying that the browser failed. */
export async function driveRun({ url, recipe, data, model, onEvent }: RunRequest): Promise<{ results: RunResults; zip: Uint8Array }> {
  ensureBrowser();
  const browser = await chromium.launch(launchOptions({ webgpu: "hardware" })).catch((error: unknown) => {
    throw new CommandError(`The browser did not start: ${(error as Error).message.split("\n")[0]}`);
  });
  try {
    const page = await browser.newPage();
    const crashed = new Promise<never>((_, reject) => {
      page.on("crash", () => reject(new CommandError("The browser ran out of memory. Try a smaller batch size or image size, or fewer unfrozen layers.")));
      browser.on("disconnected", () => reject(new CommandError("The browser ended before the run did.")));
    });
    // Closing the browser at the end is no failure.
    crashed.catch(() => undefined);
    await page.exposeFunction("graftReport", onEvent);
    await page.goto(new URL("headless.html", url).href);
    await giveFiles(page, data, model);
    const download = page.waitForEvent("download", { timeout: 0 });
    download.catch(() => undefined);
    const outcome = await Promise.race([page.evaluate((wanted) => window.graftTune(wanted), recipe), crashed]);
    if (outcome.kind === "failed") throw outcome.isSentence ? new CommandError(outcome.message) : new Error(`Graft failed, and it should not have: ${outcome.message}`);
    const zip = await readFile(await (await download).path());
    return { results: outcome.results, zip };
  } finally {
    await browser.close();
  }
}
