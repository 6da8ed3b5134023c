/** A tab that crashes in mid-run, a reload, storage that is full: nothing is lost, and the run goes on to the very losses of one that was not interrupted. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { noteFault, shownStep, stepBeside } from "./support/faults.ts";
import { expect, test } from "./support/fixtures.ts";
import { losses } from "./support/interrupted-run.ts";
import { chooseFiles, figure, goTo, setAdvanced } from "./support/journey.ts";

const epochs = 6;

/** Opens a small table and sets a run of some seconds: of all layers, for a head alone is learned before one can kill it. */
async function prepare(page: Page, folder: string): Promise<void> {
  const table = join(folder, "things.csv");
  writeFileSync(table, ["text,label", ...Array.from({ length: 12 }, (_, i) => `I ate ${i} sweet apples,food\nThe hammer number ${i} is in the workshop,tool`)].join("\n"));
  await page.goto("./");
  await chooseFiles(page, "Choose files", table);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "All projects" })).toBeVisible();
  await goTo(page, "Model");
  await page.getByRole("radio", { name: "Everything" }).click();
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: epochs, "Batch size": 4, "Longest text": 16, "Early stopping": false });
}

test.use({ expectedErrors: [/the page crashed/] });

test("a run whose tab crashes goes on in the next tab, to the same losses, and its results outlive a reload", async ({ page, context, folder }) => {
  test.setTimeout(400_000);
  await prepare(page, folder);
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  const whole = await losses(page);
  expect(whole.length).toBe(epochs);

  await goTo(page, "Train");
  await page.getByRole("button", { name: "Train again" }).click();
  await expect(page.getByText(new RegExp(`Epoch [2-4] of ${epochs}`)).first()).toBeVisible({ timeout: 100_000 });
  const reached = await shownStep(page);
  // As when the browser kills a tab: neither the page nor its worker hears of it.
  const crashed = page.waitForEvent("crash");
  void (await context.newCDPSession(page)).send("Page.crash").catch(() => {});
  await crashed;

  const next = await context.newPage();
  await next.goto("./");
  const projects = next.getByRole("region", { name: "Your projects" });
  await expect(projects).toContainText("Run 2 was interrupted");
  await expectAccessible(next);
  const resumed = stepBeside(next, "Getting ready to go on");
  await projects.getByRole("button", { name: "Resume Run 2 of things.csv" }).click();
  noteFault({ fault: "tab crashed (Page.crash)", how: "resumed in the next tab, to the same losses", stepsLost: Math.max(0, reached - (await resumed)) });
  await next.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  const accuracy = await figure(next, "Measures", "Accuracy");
  expect(await losses(next)).toEqual(whole);

  // A reload loses nothing: data, columns, recipe and results are there again.
  await next.goto("./");
  await projects.getByRole("button", { name: "Open things.csv" }).click();
  await expect(next.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
  await goTo(next, "Settings");
  await expect(next.getByRole("textbox", { name: "Epochs", exact: true })).toHaveValue(String(epochs));
  await expect(next.getByRole("navigation").getByRole("link", { name: "Results" })).not.toHaveAttribute("aria-disabled", "true", { timeout: 60_000 });
  await goTo(next, "Results");
  expect(await figure(next, "Measures", "Accuracy")).toBe(accuracy);
  await next.getByRole("textbox", { name: "Try a text" }).fill("I ate a sweet apple");
  await expect(next.getByRole("table", { name: "Probabilities" })).toContainText("food");
});

test("a run that ends when the storage is full says so, and its results are kept once there is room", async ({ page, context, folder, baseURL }) => {
  test.setTimeout(300_000);
  await prepare(page, folder);
  await setAdvanced(page, { Epochs: 2 });
  const origin = new URL(baseURL ?? "").origin;
  const browser = await context.newCDPSession(page);
  const { usage = 0 } = await page.evaluate(() => navigator.storage.estimate());
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + 5_000_000 });
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  const notKept = page.getByText("The results could not be kept");
  await expect(notKept).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep them again" }).click();
  await expect(page.getByRole("button", { name: "Keep them again" })).toBeEnabled();
  await expect(notKept).toBeVisible();
  const accuracy = await figure(page, "Measures", "Accuracy");

  await browser.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByRole("button", { name: "Keep them again" }).click();
  await expect(notKept).toBeHidden({ timeout: 60_000 });
  await page.goto("./");
  await page.getByRole("region", { name: "Your projects" }).getByRole("button", { name: "Open things.csv" }).click();
  await expect(page.getByRole("navigation").getByRole("link", { name: "Results" })).not.toHaveAttribute("aria-disabled", "true", { timeout: 60_000 });
  await goTo(page, "Results");
  expect(await figure(page, "Measures", "Accuracy")).toBe(accuracy);
  noteFault({ fault: "storage full at the end of a run (quota)", how: "kept from the tab once there was room", stepsLost: 0 });
});
