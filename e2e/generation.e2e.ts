/** A table for a model that writes: the question what it is for, and cells that are not in order. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { chooseFiles } from "./support/journey.ts";

test("a table is asked what it is for, and pairs with odd cells open: emoji, right to left, very long", async ({ page, folder }) => {
  const rows = Array.from({ length: 12 }, (_, i) => `question ${i},answer ${i}`);
  writeFileSync(join(folder, "pairs.csv"), ["prompt,completion", ...rows, "empty,", "emoji,😀 👩‍👩‍👧", "rtl,مرحبا بالعالم", `long,${"word ".repeat(10_000)}`].join("\n"));
  await page.goto("./");
  await chooseFiles(page, "Choose files", join(folder, "pairs.csv"));
  await expect(page.getByRole("radio", { name: "Write text" })).toBeChecked();
  await expect(page.getByRole("combobox", { name: "Prompt column" })).toHaveValue("prompt");
  await page.getByRole("combobox", { name: "Prompt column" }).selectOption("completion");
  await expect(page.getByText("“completion” is both the prompt and what is written after it.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Use these columns" })).toBeDisabled();
  await page.getByRole("radio", { name: "Sort or rate texts" }).click();
  await expect(page.getByRole("combobox", { name: "Label column" })).toBeVisible();
  await page.getByRole("radio", { name: "Write text" }).click();
  await page.getByRole("combobox", { name: "Prompt column" }).selectOption("prompt");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("region", { name: "Texts" })).toContainText("Pairs");
  await expect(page.getByRole("list", { name: "Issues" })).toContainText(/row 14|1 row/);
  await expectAccessible(page);
});
