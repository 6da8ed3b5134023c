/** On a static host that sends no headers at all, in a folder of its own, the page isolates itself: once, with the policy, and with wasm threads. */
import { cp, mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { distFolder } from "../tools/cli/project.mjs";
import { serve } from "../tools/cli/serve.mjs";
import { writeFiles } from "./support/files.ts";
import { expect, test } from "./support/fixtures.ts";
import { shapeFolder } from "./support/images.ts";
import { chooseFiles, goTo, setAdvanced } from "./support/journey.ts";

/** The built page in a folder of a host without headers. */
async function plainHost(folder: string): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const root = join(folder, "host");
  await mkdir(root);
  await cp(distFolder, join(root, "graft"), { recursive: true });
  const server = await serve({ root, headers: {} });
  return { url: `${server.url}graft/`, close: server.close };
}

test("the page isolates itself by loading anew once, and trains with threads", async ({ page, folder, request }) => {
  expect(cpus().length, "cores of this machine").toBeGreaterThan(1);
  const host = await plainHost(folder);
  try {
    expect((await request.get(host.url)).headers()).not.toHaveProperty("cross-origin-opener-policy");
    let loads = 0;
    page.on("load", () => loads++);
    await page.goto(host.url);
    await page.waitForFunction(() => crossOriginIsolated);
    await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
    expect(loads).toBe(2);
    const policy = await page.evaluate(async () => (await fetch(location.href)).headers.get("content-security-policy"));
    expect(policy).toContain("default-src 'self'");

    const pictures = join(folder, "shapes");
    writeFiles(pictures, shapeFolder(["disc", "stripes"], { perClass: 6, size: 32 }));
    await chooseFiles(page, "Choose a folder", pictures);
    await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
    await setAdvanced(page, { Backend: "WebAssembly", "Batch size": 4, Epochs: 1, "Image size": 32 });
    await goTo(page, "Train");
    await page.getByRole("button", { name: "Start training" }).click();
    await expect(page.getByText(/WebAssembly, ([2-9]|\d\d+) threads, SIMD/)).toBeVisible({ timeout: 120_000 });
    await expect(page.getByRole("button", { name: "See results" })).toBeVisible({ timeout: 120_000 });

    // Later visits are isolated at once.
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(loads).toBe(3);
  } finally {
    await host.close();
  }
});

test.describe("where the host lacks the service worker", () => {
  test.use({ expectedErrors: [/service-worker\.js|404/] });

  test("the page starts without isolation, and does not load again and again", async ({ page, folder, context }) => {
    const host = await plainHost(folder);
    try {
      await context.route("**/service-worker.js", (route) => route.fulfill({ status: 404, body: "Not found." }));
      let loads = 0;
      page.on("load", () => loads++);
      await page.goto(host.url);
      await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(loads).toBe(1);
    } finally {
      await host.close();
    }
  });
});
