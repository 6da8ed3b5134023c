/** The main job with a table: name the columns, train, try a text, download, open again; and tables that are not in order. */
import { unzipSync } from "fflate";
import { readFileSync, writeFileSync } from "node:fs";
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

test("adapters: layers that are not there are named, few parameters learn, and the download has an adapter and eight bits", async ({ page, folder }) => {
  test.setTimeout(240_000);
  writeFileSync(join(folder, "things.csv"), ["text,label", ...Array.from({ length: 12 }, (_, i) => `I ate ${i} sweet apples,food\nThe hammer number ${i} is in the workshop,tool`)].join("\n"));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "things.csv"));
  await page.getByRole("button", { name: "Use these columns" }).click();
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 2, "Longest text": 16, Adapters: true, Rank: 2 });
  const targets = page.getByRole("textbox", { name: "Adapted layers" });
  await targets.fill("encoder/*/query");
  await targets.press("Enter");
  await expect(page.getByText(/LoRA pattern "encoder\/\*\/query": no layer with a product matches/)).toBeVisible();
  await targets.fill("encoder/**/qkv, **/inner");
  await targets.press("Enter");
  await expect(page.getByText(/LoRA pattern/)).toBeHidden();
  await expectAccessible(page);
  await goTo(page, "Model");
  // Rank 2 beside 256 -> 768, 512 -> 1,536 and twice 512 -> 1,536, and a head of 512 -> 2.
  await expect(page.getByRole("status", { name: "What learns" })).toContainText("15.4 k of");
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  await page.getByRole("checkbox", { name: "Weights in eight bits" }).check();
  const entries = unzipSync(readFileSync(await downloadTo(page, folder)));
  expect(Object.keys(entries)).toContain("adapter/adapter_model.safetensors");
  await expect(page.getByText(/Accuracy of the validation examples \d.*, in eight bits \d/)).toBeVisible();
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
