/** The steps that every journey takes, named as a person would: each waits for what the person sees. */
import { expect, type Page } from "@playwright/test";
import { basename } from "node:path";

/** Chooses files through the button that a person would press. */
export async function chooseFiles(page: Page, button: string, paths: string | readonly string[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: button }).click();
  await (await chooser).setFiles(typeof paths === "string" ? paths : [...paths]);
}

export async function goTo(page: Page, step: "Data" | "Model" | "Settings" | "Train" | "Results"): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: step }).click();
  await expect(page.getByRole("heading", { level: 1, name: step })).toBeVisible();
}

/** Sets fields of the advanced settings by their labels: numbers are typed, choices chosen, switches set. */
export async function setAdvanced(page: Page, settings: Readonly<Record<string, string | number | boolean>>): Promise<void> {
  await goTo(page, "Settings");
  await page.getByRole("radio", { name: "Advanced" }).click();
  for (const [label, value] of Object.entries(settings)) {
    if (typeof value === "boolean") await page.getByRole("switch", { name: label, exact: true }).setChecked(value);
    else if (typeof value === "string") await page.getByRole("combobox", { name: label, exact: true }).selectOption({ label: value });
    else {
      const field = page.getByRole("textbox", { name: label, exact: true });
      await field.fill(String(value));
      await field.blur();
      await expect(field).toHaveValue(String(value));
    }
  }
}

/** The number beside a term such as "Accuracy" in a panel of the results. */
export async function figure(page: Page, panel: string, term: string): Promise<number> {
  const value = page.getByRole("region", { name: panel, exact: true }).locator(`dt:text-is("${term}") ~ dd`).first();
  return Number((await value.innerText()).replaceAll(",", ""));
}

/** What "Try it" answers: each class and how sure the tuned model is of it, in the shown order. */
export async function answers(page: Page): Promise<readonly string[]> {
  const rows = page.getByRole("table", { name: "Probabilities" }).locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  return Promise.all((await rows.all()).map(async (row) => `${await row.getByRole("rowheader").innerText()} ${await row.getByRole("cell").filter({ hasText: "%" }).first().innerText()}`));
}

/** Presses Download and keeps the file. */
export async function downloadTo(page: Page, folder: string): Promise<string> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const saved = await download;
  const path = `${folder}/${basename(saved.suggestedFilename())}`;
  await saved.saveAs(path);
  return path;
}
