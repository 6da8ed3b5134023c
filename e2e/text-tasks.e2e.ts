/** Text classification from drop to a download that opens again: a class of texts that are not what one hopes for, and a number of a pair. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { answers, chooseFiles, downloadTo, goTo, setAdvanced } from "./support/journey.ts";

const asCsv = (rows: readonly (readonly string[])[]): string => rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");

/** Two kinds of texts, among them emoji, right-to-left script and 50,000 characters in one cell; one text is empty, one label occurs once. */
const hostileRows: readonly (readonly string[])[] = [
  ["text", "label"],
  ...Array.from({ length: 14 }, (_, i) => [
    [`I ate ${i} sweet apples 🍎🍏`, "food"],
    [`The hammer number ${i} is in the workshop 🔨`, "tool"],
  ]).flat(),
  ["אכלתי תפוח מתוק בבוקר", "food"],
  ["المطرقة في الورشة", "tool"],
  ["bread and butter ".repeat(3000).slice(0, 50_000), "food"],
  ["", "food"],
  ["a saw that nobody has ever named", "unheard of"],
];

async function train(page: Page): Promise<void> {
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  await expect(page.getByRole("region", { name: "Measures" })).toBeVisible();
}

test("a class of hostile texts: what is wrong is named, what is cut is shown, the curves are drawn, and the download answers the same", async ({ page, folder }) => {
  test.setTimeout(300_000);
  writeFileSync(join(folder, "hostile.csv"), asCsv(hostileRows));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "hostile.csv"));
  await page.getByRole("combobox", { name: "Text column" }).selectOption("text");
  await page.getByRole("combobox", { name: "Label column" }).selectOption("label");
  await page.getByRole("button", { name: "Use these columns" }).click();
  const issues = page.getByRole("list", { name: "Issues" });
  await expect(issues).toContainText("1 row has an empty");
  await expect(issues).toContainText("unheard of");
  await expectAccessible(page);

  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 3, "Longest text": 16 });
  await expect(page.getByRole("group", { name: "Token lengths" })).toContainText(/\d+ of the 32 texts \(.*\) (is|are) longer than 16 tokens/);
  await expectAccessible(page);
  await train(page);

  const curves = page.getByRole("region", { name: "Curves" });
  await curves.getByRole("combobox", { name: "Class of the curves" }).selectOption("tool");
  await expect(curves.getByRole("figure", { name: "ROC" })).toContainText(/Area [01]\.\d\d: of one example of “tool”/);
  await expect(curves.getByRole("figure", { name: "Precision and recall" })).toContainText(/Average precision [01]\.\d\d/);
  await expect(curves.getByRole("figure", { name: "Calibration" })).toContainText(/Expected calibration error 0\.\d\d/);
  await expectAccessible(page);
  await curves.getByRole("button", { name: "Show as tables" }).click();
  const rows = curves.getByRole("region", { name: "ROC, figures" }).getByRole("row");
  await expect(rows.nth(1)).toHaveText("00");
  await expect(rows.last()).toHaveText("11");
  await expectAccessible(page);
  await curves.getByRole("combobox", { name: "Class of the curves" }).selectOption("unheard of");

  const field = page.getByRole("textbox", { name: "Try a text" });
  const probabilities = page.getByRole("table", { name: "Probabilities" });
  await field.fill("התפוח היה מתוק 🍎");
  await expect(probabilities).toContainText("unheard of");
  await field.fill("");
  await expect(probabilities).toBeHidden();
  await field.fill("a hammer and a 🔨");
  const answered = await answers(page);
  await page.getByRole("button", { name: "Show what decided" }).click();
  const decided = page.getByRole("region", { name: "What decided" });
  await expect(decided.getByRole("list", { name: "Before: the strongest words" })).toBeAttached({ timeout: 60_000 });
  await decided.getByRole("combobox", { name: "What speaks for" }).selectOption("tool");
  const strongest = decided.getByRole("list", { name: "Fine-tuned: the strongest words" });
  await expect(strongest).toContainText(/hammer, (for|against) it by [\d.]+ log-odds/, { timeout: 60_000 });
  await expect(decided.getByRole("group", { name: "Fine-tuned: what decided" }).getByRole("paragraph")).toHaveText("a hammer and a 🔨");
  await expectAccessible(page);
  const words = await strongest.innerText();
  const download = await downloadTo(page, folder);
  await page.goto("./");
  await chooseFiles(page, "Open a Graft download", download);
  await page.getByRole("textbox", { name: "Try a text" }).fill("a hammer and a 🔨");
  expect(await answers(page)).toEqual(answered);
  await page.getByRole("button", { name: "Show what decided" }).click();
  await decided.getByRole("combobox", { name: "What speaks for" }).selectOption("tool");
  await expect(strongest).toHaveText(words.replaceAll("\n", ""), { timeout: 60_000 });
  await expect(decided.getByRole("group", { name: "Before: what decided" })).toBeHidden();
  await expectAccessible(page);
});

test("a number of a pair: predicted stands against true, and the download gives the same number, at a phone's width", async ({ page, folder }) => {
  test.setTimeout(300_000);
  await page.setViewportSize({ width: 420, height: 900 });
  const pairs = Array.from({ length: 15 }, (_, i) => [
    [`I ate ${i} sweet apples`, "apples are sweet food", String(4 + (i % 3) / 2)],
    [`I ate ${i} sweet apples`, "the hammer is in the workshop", String(1 + (i % 3) / 2)],
  ]).flat();
  writeFileSync(join(folder, "pairs.csv"), asCsv([["first", "second", "likeness"], ...pairs]));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "pairs.csv"));
  await page.getByRole("combobox", { name: "Text column" }).selectOption("first");
  await page.getByRole("combobox", { name: "Second text" }).selectOption("second");
  await page.getByRole("radio", { name: "A number" }).click();
  await page.getByRole("combobox", { name: "Number column" }).selectOption("likeness");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 2 });
  await train(page);

  const scatter = page.getByRole("region", { name: "Predicted and true" });
  await expect(scatter.getByRole("figure")).toContainText(/\d examples; .* Half of the predictions are at most [\d.]+ off/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(420);
  await expectAccessible(page);
  const ask = async (): Promise<string> => {
    await page.getByRole("textbox", { name: "Try a pair: first" }).fill("I ate sweet apples");
    await page.getByRole("textbox", { name: "second", exact: true }).fill("the hammer is in the workshop");
    const answer = page.getByRole("status").filter({ hasText: /^-?[\d.]+ likeness$/ });
    await expect(answer).toBeVisible();
    return answer.innerText();
  };
  const answered = await ask();
  await expect(page.getByRole("button", { name: "Show what decided" })).toBeHidden();
  const download = await downloadTo(page, folder);
  await page.goto("./");
  await chooseFiles(page, "Open a Graft download", download);
  expect(await ask()).toBe(answered);
  await expectAccessible(page);
});
