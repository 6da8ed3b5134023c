/** Runs as experiments: one thing is changed, the two stand side by side, and what is noted, continued, deleted and saved of them stays so. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { chooseFiles, goTo, setAdvanced } from "./support/journey.ts";

/** The half of the labels that nobody could guess keeps the loss away from zero. */
const table = ["text,label", ...Array.from({ length: 16 }, (_, i) => `I ate ${i} sweet apples,${i % 4 === 3 ? "tool" : "food"}\n"=The hammer number ${i}",${i % 4 === 2 ? "food" : "tool"}`)].join("\n");

const runs = (page: Page): Locator => page.getByRole("table").filter({ has: page.getByRole("columnheader", { name: "Actions" }) });
const names = (page: Page): Promise<readonly string[]> => runs(page).getByRole("rowheader").evaluateAll((headers) => headers.map((header) => header.firstChild?.textContent ?? ""));

async function train(page: Page): Promise<void> {
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 100_000 });
  await expect(page.getByRole("region", { name: "Measures" })).toBeVisible();
}

async function openRuns(page: Page): Promise<void> {
  await page.getByRole("link", { name: /^\d runs? of / }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
}

async function saved(page: Page, button: Locator): Promise<string> {
  const download = page.waitForEvent("download");
  await button.click();
  return readFileSync(await (await download).path(), "utf8");
}

/** As the sentence over the curve says it: the loss of the first step of the run that is shown. */
async function firstLoss(page: Page): Promise<number> {
  await goTo(page, "Train");
  const said = await page.getByText(/^Training loss /).innerText();
  return Number(/^Training loss (?:fell from|rose from|is) ([\d.e-]+) /.exec(said)?.[1]);
}

/** The validation loss, after training and before it. */
async function losses(page: Page): Promise<readonly string[]> {
  await goTo(page, "Results");
  const cells = page.getByRole("region", { name: "Measures", exact: true }).locator('dt:text-is("Loss") ~ dd');
  await expect(cells).toHaveCount(2);
  const [after = "", before = ""] = await cells.allInnerTexts();
  return [after, before.replace(/ before.*/, "")];
}

test("two runs with one setting changed: compared, noted, continued, deleted, saved", async ({ page, folder }) => {
  test.setTimeout(400_000);
  writeFileSync(join(folder, "things.csv"), table);
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "things.csv"));
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "All projects" })).toBeVisible();
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 3, "Batch size": 8, "Longest text": 16, "Early stopping": false });
  await train(page);
  const mistakes = await saved(page, page.getByRole("region", { name: "Worst mistakes" }).getByRole("button", { name: "Save as CSV" }));
  expect(mistakes).toMatch(/^\ufeffExample,Text,Truth,Predicted,Probability of the predicted,Probability of the truth\r\nrow \d+,/);

  // Duplicate and change one thing.
  await openRuns(page);
  await page.getByRole("button", { name: "Duplicate: Run 1" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
  await setAdvanced(page, { "Learning rate": 0.02 });
  await train(page);
  await openRuns(page);
  expect(await names(page)).toEqual(["Run 2", "Run 1"]);

  // Sort and filter.
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("columnheader", { name: "Run" })).toHaveAttribute("aria-sort", "ascending");
  expect(await names(page)).toEqual(["Run 1", "Run 2"]);
  await page.getByRole("textbox", { name: "Notes on Run 2" }).fill("=a faster\nrate");
  await page.getByRole("textbox", { name: "Filter runs" }).fill("FASTER");
  await expect(runs(page).getByRole("rowheader")).toHaveText([/^Run 2/]);
  await page.getByRole("textbox", { name: "Filter runs" }).fill("no such run");
  await expect(page.getByText("No run matches")).toBeVisible();
  await page.getByRole("textbox", { name: "Filter runs" }).fill("");

  // Side by side: both curves, and the one setting that differs.
  await page.getByRole("checkbox", { name: "Show the curve of Run 1" }).check();
  await page.getByRole("checkbox", { name: "Show the curve of Run 2" }).check();
  const compared = page.getByRole("region", { name: "Side by side" });
  await expect(compared.locator("path.recharts-line-curve")).toHaveCount(2);
  for (const curve of await compared.locator("path.recharts-line-curve").all()) expect(await curve.getAttribute("d")).toMatch(/^M[\d.]+,[\d.]+L/);
  await expect(compared.getByRole("row")).toHaveText(["SettingRun 1Run 2", /^Learning rate0\.\d+0\.02$/]);
  for (const width of [1440, 420]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const csv = await saved(page, page.getByRole("button", { name: "Save as CSV" }));
  expect(csv).toContain(`"'=a faster\nrate"`);
  expect(csv.split("\r\n")[0]).toMatch(/,Notes,Learning rate$/);

  // A name, by keyboard; none is no name.
  await page.getByRole("button", { name: "Rename things.csv" }).press("Enter");
  await page.getByRole("textbox", { name: "Name of the project" }).fill("  ");
  await page.keyboard.press("Enter");
  await expect(page.getByText("a project needs a name")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Rename things.csv" }).press("Enter");
  await page.keyboard.type("Kitchen and workshop");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Rename Kitchen and workshop" })).toBeFocused();

  // Here again after a reload: what will open is said, and the notes are kept.
  await page.reload();
  const projects = page.getByRole("region", { name: "Your projects" });
  await expect(projects).toContainText("Go on where you left off");
  await expect(projects).toContainText("Opens things.csv, your settings as you left them and the results of Run 2.");
  await expectAccessible(page);
  const zip = page.waitForEvent("download");
  await projects.getByRole("button", { name: "Export Kitchen and workshop" }).click();
  expect((await zip).suggestedFilename()).toBe("Kitchen and workshop.graft.zip");
  await projects.getByRole("button", { name: "Open Kitchen and workshop" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Notes on Run 2" })).toHaveValue("=a faster\nrate");

  // Continue: before its first step the run is what the other was after its last, and its first loss is that of weights that have learned.
  await page.getByRole("button", { name: "Open: Run 2" }).click();
  const begun = await firstLoss(page);
  const [ended] = await losses(page);
  await openRuns(page);
  await page.getByRole("button", { name: "Continue from its weights: Run 2" }).click();
  await expect(page.getByText("The next run begins with the weights of Run 2.")).toBeVisible();
  await train(page);
  expect((await losses(page))[1]).toBe(ended);
  expect(await firstLoss(page)).toBeLessThan(begun * 0.9);

  // Delete, undo, delete for good.
  await openRuns(page);
  await expect(runs(page).getByRole("rowheader", { name: "Run 3" })).toContainText("from run 2's weights");
  await page.getByRole("button", { name: "Delete: Run 1" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Run 1 was deleted" })).toBeVisible();
  expect(await names(page)).toEqual(["Run 3", "Run 2"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(runs(page).getByRole("rowheader")).toHaveText([/^Run 3/, /^Run 2/, /^Run 1/]);
  await page.getByRole("button", { name: "Delete: Run 1" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Run 1 was deleted" })).toBeVisible();
  expect(await folders(page)).toEqual(["1", "2", "3"]);
  await page.reload();
  await projects.getByRole("button", { name: "Open Kitchen and workshop" }).click();
  await expect(runs(page).getByRole("rowheader")).toHaveText([/^Run 3/, /^Run 2/]);
  expect(await folders(page)).toEqual(["2", "3"]);
});

/** The runs that have a folder in the browser's storage. */
function folders(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle("projects");
    for await (const name of (top as unknown as { keys(): AsyncIterable<string> }).keys()) if (name.includes("~")) found.push(name.slice(name.indexOf("~") + 1));
    return found.sort();
  });
}
