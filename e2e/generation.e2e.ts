/** The job of a model that writes: texts dropped, a small GPT-2 brought, trained with samples on the way, written with on both sides, downloaded, opened again. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { byteGpt2 } from "../src/models/testing/byte-gpt2.ts";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { chooseFiles, downloadTo, goTo, setAdvanced } from "./support/journey.ts";

/** A text with a manner that a few steps teach: the same few sentences, numbered by words. */
function seaText(): string {
  const [things, deeds] = [["whale", "ship", "sea", "mate", "sail"], ["sleeps", "turns", "waits", "sings"]];
  return Array.from({ length: 60 }, (_, i) => `The ${things[i % 5]} ${deeds[i % 4]}. The ${things[(i * 3) % 5]} ${deeds[(i * 7) % 4]} and the ${things[(i + 2) % 5]} ${deeds[(i + 1) % 4]}.`).join("\n\n");
}

async function bringModel(page: Page, folder: string): Promise<void> {
  const paths = await Promise.all(
    byteGpt2().map(async ({ path, blob }) => {
      const target = join(folder, path.replace(/^.*\//, ""));
      writeFileSync(target, new Uint8Array(await blob.arrayBuffer()));
      return target;
    }),
  );
  await goTo(page, "Model");
  await chooseFiles(page, "Choose model files", paths);
  await expect(page.getByRole("treegrid", { name: "Layers" })).toContainText("transformer");
}

/** Greedy and short: the same model writes the same. */
async function writeGreedily(page: Page, draft: string): Promise<void> {
  const playground = page.getByRole("region", { name: "Playground" });
  await playground.getByRole("textbox", { name: "Draft" }).fill(draft);
  for (const [label, value] of [["Temperature", "0"], ["Repetition penalty", "1"], ["Length", "40"]] as const) {
    const field = playground.getByRole("textbox", { name: label, exact: true });
    await field.fill(value);
    await field.blur();
  }
  await playground.getByRole("button", { name: "Generate" }).click();
}

async function textOf(page: Page, side: "Fine-tuned" | "Before"): Promise<string> {
  const output = page.getByRole("region", { name: side, exact: true });
  await expect(output.getByText(/\d+ tokens?, .* a second/)).toBeVisible({ timeout: 60_000 });
  return output.locator("[data-written]").innerText();
}

for (const width of [1440, 420]) {
  test(`from a text to a model that writes like it and opens again, ${width} pixels wide`, async ({ page, folder }) => {
    test.setTimeout(300_000);
    await page.setViewportSize({ width, height: 900 });
    writeFileSync(join(folder, "sea.txt"), seaText());
    await page.goto("./");
    await chooseFiles(page, "Choose files", join(folder, "sea.txt"));
    await expect(page.getByRole("region", { name: "Texts" })).toContainText("Plain text");
    await expect(page.getByRole("group", { name: "Examples" })).toContainText("The whale sleeps");
    await expectAccessible(page);

    // The wide page brings a model of its own, the narrow one uses the embedded.
    if (width === 1440) await bringModel(page, folder);
    else await goTo(page, "Model");
    await page.getByRole("radio", { name: width === 1440 ? "Everything" : "Adapters only" }).click();
    await expect(page.getByRole("status", { name: "What learns" })).toContainText(/[1-9][\d.]*( k)? of [\d.]+ [kM] parameters/);
    await expectAccessible(page);

    await setAdvanced(page, { Backend: "WebAssembly", Epochs: 3, "Batch size": 4, Context: 32, "Learning rate": 0.01, "Sample length": 12 });
    await page.getByRole("button", { name: "Add a prompt" }).click();
    await page.getByRole("textbox", { name: "Prompt 1" }).fill("The whale");
    await expect(page.getByText("Label smoothing")).toBeHidden();
    await expectAccessible(page);

    await goTo(page, "Train");
    await page.getByRole("button", { name: "Start training" }).click();
    const samples = page.getByRole("list", { name: /^Written after “The whale”/ });
    await expect(samples.getByRole("listitem").last()).toContainText("Before", { timeout: 120_000 });
    await page.getByRole("button", { name: "See results" }).click({ timeout: 200_000, trial: true });
    await expect(samples.getByRole("listitem")).toHaveCount(4);
    await expect(samples.getByRole("listitem").first()).toContainText("Epoch 3");
    await expectAccessible(page);
    await page.getByRole("button", { name: "See results" }).click();

    const change = await page.getByRole("img", { name: /^Perplexity/ }).getAttribute("aria-label");
    const [, before, after] = /Perplexity ([\d.,]+) before, ([\d.,]+) after/.exec(change ?? "") ?? [];
    expect(Number(after)).toBeLessThan(Number(before?.replace(",", "")) * 0.8);

    await writeGreedily(page, "The whale");
    const tuned = await textOf(page, "Fine-tuned");
    expect(tuned).not.toBe(await textOf(page, "Before"));
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await page.getByRole("button", { name: "Add to the draft, fine-tuned" }).click();
    await expect(page.getByRole("textbox", { name: "Draft" })).toHaveValue(`The whale${tuned}`);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByRole("textbox", { name: "Draft" })).toHaveValue("The whale");

    const download = await downloadTo(page, folder);
    await page.goto("./");
    await chooseFiles(page, "Open a Graft download", download);
    await writeGreedily(page, "The whale");
    expect(await textOf(page, "Fine-tuned")).toBe(tuned);
    await expect(page.getByRole("region", { name: "Before", exact: true })).toBeHidden();
    await expectAccessible(page);
  });
}

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
