/** What the browser takes away in mid-run comes back by itself: the worker, and the process of the GPU. Nobody presses anything. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { launchOptions } from "../tools/cli/browser.mjs";
import { expectAccessible } from "./support/axe.ts";
import { noteFault } from "./support/faults.ts";
import { expect, test } from "./support/fixtures.ts";
import { shapePng } from "./support/images.ts";
import { epochs, finishedLosses, prepareRun, trainToTheMiddle } from "./support/interrupted-run.ts";
import { answers, chooseFiles, downloadTo, goTo } from "./support/journey.ts";

/** The sentence that says why the run went on elsewhere, and how many steps had to be done again. */
async function recovery(page: Page, why: string): Promise<{ readonly sentence: string; readonly stepsLost: number }> {
  const line = page.getByText(why).last();
  await expect(line).toBeVisible({ timeout: 100_000 });
  const sentence = await line.innerText();
  const [, step = "0", from = "0"] = /after step ([\d,]+)\.(?:.*after step ([\d,]+))?/.exec(sentence) ?? [];
  const steps = (text: string): number => Number(text.replaceAll(",", ""));
  return { sentence, stepsLost: steps(step) - steps(from) };
}

/** As when the browser ends it for its memory: nothing of it runs any more, and nobody is told. */
async function endWorker(page: Page): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes("/assets/"));
  if (!worker) throw new Error(`No worker of ours among ${page.workers().length}.`);
  await worker.evaluate(() => (globalThis as unknown as { close(): void }).close()).catch(() => undefined);
}

async function tryImage(page: Page, folder: string): Promise<readonly string[]> {
  const unseen = join(folder, "unseen.png");
  writeFileSync(unseen, shapePng("disc", 4711, 32));
  await goTo(page, "Results");
  await chooseFiles(page, "Choose an image", unseen);
  return answers(page);
}

test("a run whose worker is killed goes on by itself in a new one, to the same losses, and its results come back as well", async ({ page, folder }) => {
  test.setTimeout(900_000);
  await prepareRun(page, folder, "WebAssembly");
  await page.getByRole("button", { name: "Start training" }).click();
  const whole = await finishedLosses(page);
  expect(whole.length).toBe(epochs);

  await trainToTheMiddle(page, "Train again");
  await endWorker(page);
  const { sentence, stepsLost } = await recovery(page, "The browser ended the part of Graft that computes, ");
  expect(sentence).toContain("by itself");
  await expect(page.getByText("shapes is open again, and its run goes on by itself")).toBeVisible();
  await expectAccessible(page);
  expect(await finishedLosses(page)).toEqual(whole);
  noteFault({ fault: "worker killed (self.close)", how: "in a new worker by itself, to the same losses", stepsLost });

  // And once more, with nothing under way.
  const before = await tryImage(page, folder);
  await endWorker(page);
  await expect(page.getByText("the results have their model again")).toBeVisible({ timeout: 100_000 });
  expect(await tryImage(page, folder)).toEqual(before);
});

test("a run whose GPU process is killed goes on by itself, to its results", async ({ baseURL, folder }) => {
  test.setTimeout(900_000);
  // A browser of its own: one whose GPU has crashed treats the pages that come after differently.
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage({ baseURL });
    const uncaught: string[] = [];
    page.on("pageerror", ({ message }) => uncaught.push(message));
    await prepareRun(page, folder, "WebGPU");
    await trainToTheMiddle(page, "Start training");
    // The answer does not come: the call goes down with the process.
    void browser.newBrowserCDPSession().then((system) => system.send("Browser.crashGpuProcess")).catch(() => undefined);
    const { sentence, stepsLost } = await recovery(page, "The GPU went away ");
    expect(sentence).toContain("by itself");
    expect((await finishedLosses(page)).length).toBe(epochs);
    const where = /, on (WebGPU|WebAssembly)/.exec(sentence)?.[1] ?? "";
    expect(where).not.toBe("");
    expect((await tryImage(page, folder))[0]).toContain("disc");
    await downloadTo(page, folder);
    expect(uncaught).toEqual([]);
    noteFault({ fault: "GPU process killed (Browser.crashGpuProcess)", how: `on ${where} by itself, to its results`, stepsLost });
  } finally {
    await browser.close();
  }
});
