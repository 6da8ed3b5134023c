/** After one visit the page works without a connection: it loads, opens its sample, trains on it, and tries the model. A new version is offered, and waits. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { distFolder } from "../tools/cli/project.mjs";
import { serve } from "../tools/cli/serve.mjs";
import { expect, test } from "./support/fixtures.ts";
import { answers, chooseFiles, goTo, setAdvanced } from "./support/journey.ts";

/** The sample opens; what is trained on is smaller. */
async function openAndTrain(page: Page, table: string): Promise<void> {
  await page.getByRole("button", { name: "Emoji names" }).click();
  await expect(page.getByRole("combobox", { name: "Label column" })).toHaveValue("category");
  await page.reload();
  await chooseFiles(page, "Choose files", table);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 1 });
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 150_000 });
  await page.getByRole("textbox", { name: "Try a text" }).fill("I ate a sweet apple");
  expect(await answers(page)).toHaveLength(2);
}

const inCharge = (page: Page): Promise<unknown> => page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === "activated" && navigator.serviceWorker.controller !== null);
const keptCaches = (page: Page): Promise<readonly string[]> => page.evaluate(async () => (await caches.keys()).toSorted());

test.describe("without a connection", () => {
  test.use({ expectedErrors: [/ERR_INTERNET_DISCONNECTED|emoji-images\.zip/] });

  test("after one visit, the page loads, opens its sample, and trains", async ({ page, context, folder }) => {
    test.setTimeout(400_000);
    await page.goto("./");
    await inCharge(page);
    const table = join(folder, "things.csv");
    await writeFile(table, ["text,label", ...Array.from({ length: 8 }, (_, i) => `I ate ${i} sweet apples,food\nThe hammer number ${i} is in the workshop,tool`)].join("\n"));
    await openAndTrain(page, table);

    await context.setOffline(true);
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
    expect(await page.evaluate(() => [navigator.onLine, crossOriginIsolated])).toEqual([false, true]);
    await openAndTrain(page, table);
    expect(await page.evaluate(() => fetch("embedded/samples/emoji-images.zip").then((response) => response.status, () => "not kept"))).toBe("not kept");
  });
});

test("a new version is offered and waits; with it the old one's files go", async ({ page, folder }) => {
  const root = join(folder, "host");
  await cp(distFolder, root, { recursive: true });
  const server = await serve({ root });
  try {
    await page.goto(server.url);
    await inCharge(page);
    const before = await keptCaches(page);
    expect(before).toEqual([expect.stringMatching(/^graft-page-/)]);

    // What a new build changes, as far as the browser can tell: the page, and the names in the worker.
    const worker = await readFile(join(root, "service-worker.js"), "utf8");
    const version = /"version":"([0-9a-f]{12})"/.exec(worker)?.[1] ?? "";
    expect(before).toEqual([`graft-page-${version}`]);
    await writeFile(join(root, "service-worker.js"), worker.replaceAll(version, "0123456789ab"));
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const offer = page.getByRole("button", { name: "Reload with it" });
    await expect(offer).toBeVisible();
    // Both are kept while this page is open.
    expect(await keptCaches(page)).toEqual(["graft-page-0123456789ab", `graft-page-${version}`].toSorted());

    const loaded = page.waitForEvent("load");
    await offer.click();
    await loaded;
    await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
    await expect(offer).toBeHidden();
    expect(await keptCaches(page)).toEqual(["graft-page-0123456789ab"]);
  } finally {
    await server.close();
  }
});
