/** The layer map: drawn, folded, a box frozen and unfrozen, and the table that shows the same to keyboards and screen readers. */
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";

test("the graph is drawn, a box is unfrozen by a click, and the table says the same", async ({ page }) => {
  await page.goto("./");
  await page.getByRole("button", { name: "Emoji names" }).click();
  await page.getByRole("button", { name: "Use these columns" }).click();
  await page.getByRole("button", { name: "Continue to Model" }).click();
  await page.getByRole("radio", { name: "Map" }).click();
  const map = page.getByRole("region", { name: "Layer map" });
  const tokens = map.getByRole("button", { name: /^tokens/ });
  await expect(tokens).toHaveAttribute("aria-pressed", "false");
  await expect(map.getByText("[?, 128, 256]").first()).toBeVisible();

  await tokens.click();
  await expect(tokens).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("status", { name: "What learns" })).toContainText("2.05 M of 6.98 M");
  await expectAccessible(page);

  await map.getByRole("button", { name: "Close embedding" }).click();
  await expect(tokens).toBeHidden();
  await page.getByRole("button", { name: "Open all" }).click();
  await expect(tokens).toBeVisible();

  await page.getByRole("radio", { name: "Every node" }).click();
  const table = page.getByRole("region", { name: "Layers as a table" });
  const checkbox = table.getByRole("checkbox", { name: "embedding/tokens learns" });
  await expect(checkbox).toBeChecked();
  await checkbox.focus();
  await page.keyboard.press("Space");
  await expect(checkbox).not.toBeChecked();
  await expect(table.getByRole("row", { name: /attention\/heads|heads/ }).first()).toContainText("[?, 128, 256]");
  await expectAccessible(page);
});
