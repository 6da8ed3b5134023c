/** The main job with a table: name the columns, train, try a text, download, open again; and tables that are not in order. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { answers, chooseFiles, downloadTo, figure, goTo, setAdvanced } from "./support/journey.ts";

test("the sample, from names to a model that opens again, at a phone's width", async ({ page, folder }) => {
  test.setTimeout(240_000);
  await page.setViewportSize({ width: 420, height: 900 });
  await page.goto("./");
  await page.getByRole("button", { name: "Emoji names" }).click();
  await expect(page.getByRole("combobox", { name: "Text column" })).toHaveValue("name");
  await expect(page.getByRole("combobox", { name: "Label column" })).toHaveValue("category");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();

  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 8 });
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  expect(await figure(page, "Measures", "Accuracy")).toBeGreaterThan(0.7);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(420);

  await page.getByRole("textbox", { name: "Try a text" }).fill("slice of red apple");
  await expect(page.getByRole("table", { name: "Probabilities" })).toContainText("Food & Drink");
  const answered = await answers(page);
  expect(answered[0]).toMatch(/^Food & Drink/);
  await expectAccessible(page);

  const download = await downloadTo(page, folder);
  await page.goto("./");
  await chooseFiles(page, "Open a Graft download", download);
  await page.getByRole("textbox", { name: "Try a text" }).fill("slice of red apple");
  expect(await answers(page)).toEqual(answered);
});

test("a ragged Latin-1 table with empty cells: rows are named, the sound ones stay usable", async ({ page, folder }) => {
  const rows = Array.from({ length: 12 }, (_, i) => `"Le café ${i} était très bon; ""vraiment""";gut`).concat(Array.from({ length: 12 }, (_, i) => `Die Straße ${i} war gesperrt;schlecht`));
  const text = ["Text;Urteil", ...rows, "nur eine Spalte", ";gut", "zu;viele;Spalten"].join("\r\n");
  writeFileSync(join(folder, "urteile.csv"), Buffer.from(text, "latin1"));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "urteile.csv"));
  await expect(page.getByText(/Windows-1252/)).toBeVisible();
  await page.getByRole("combobox", { name: "Text column" }).selectOption("Text");
  await page.getByRole("combobox", { name: "Label column" }).selectOption("Urteil");
  await page.getByRole("button", { name: "Use these columns" }).click();
  const issues = page.getByRole("list", { name: "Issues" });
  await expect(issues).toContainText(/row(s)? .*26/);
  await expect(page.getByText("gut").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeEnabled();
  await expectAccessible(page);
});

test("one class only: a sentence says why training cannot start", async ({ page, folder }) => {
  writeFileSync(join(folder, "one.csv"), ["text,label", ...Array.from({ length: 8 }, (_, i) => `some text number ${i},same`)].join("\n"));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "one.csv"));
  await page.getByRole("combobox", { name: "Label column" }).selectOption("label");
  await page.getByRole("combobox", { name: "Text column" }).selectOption("text");
  await expect(page.getByText("“label” has the same value in every row, so there is nothing to tell apart.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Use these columns" })).toBeDisabled();
});
