/** A tab that nobody looks at trains on, at the browser's strictest throttling of hidden tabs. */
import { chromium } from "@playwright/test";
import { launchOptions } from "../tools/cli/browser.mjs";
import { freePort } from "../tools/cli/free-port.mjs";
import { expect, test } from "./support/fixtures.ts";
import { epochs, prepareRun } from "./support/interrupted-run.ts";

/** After a second instead of five minutes, timers of a hidden tab are called once a minute. */
const throttling = ["--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"];
/** What Playwright sets so that hidden tabs behave as visible ones. */
const unthrottled = ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"];

test("a run goes on to its end in a tab that is hidden", async ({ baseURL, folder }) => {
  test.setTimeout(600_000);
  const options = launchOptions();
  const port = await freePort();
  const launched = await chromium.launch({ ...options, args: [...options.args, ...throttling, `--remote-debugging-port=${port}`], ignoreDefaultArgs: unthrottled });
  try {
    // Playwright's own pages count as looked at; those of a browser that it is connected to without its defaults can be hidden.
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const context = browser.contexts()[0];
    if (!context) throw new Error("The browser has no window.");
    const page = await context.newPage();
    await prepareRun(page, folder, "WebAssembly", baseURL);
    // From here on nobody looks: what waits for the next frame would wait for ever.
    await page.evaluate(() => {
      const start = [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Start training");
      document.addEventListener("visibilitychange", () => setTimeout(() => start?.click()), { once: true });
      Object.assign(window, { frames_: 0 });
      const count = (): void => {
        Object.assign(window, { frames_: (window as unknown as { frames_: number }).frames_ + 1 });
        requestAnimationFrame(count);
      };
      document.addEventListener("visibilitychange", () => requestAnimationFrame(count));
    });
    await (await context.newPage()).bringToFront();
    const seen = (): Promise<{ readonly visibility: string; readonly frames: number; readonly isDone: boolean }> =>
      page.evaluate((ending) => ({ visibility: document.visibilityState, frames: (window as unknown as { frames_: number }).frames_, isDone: document.body.innerText.includes(ending) }), `All ${epochs} epochs are done`);
    await expect.poll(seen, { timeout: 400_000, intervals: [1000] }).toEqual({ visibility: "hidden", frames: 0, isDone: true });
    await browser.close();
  } finally {
    await launched.close();
  }
});
