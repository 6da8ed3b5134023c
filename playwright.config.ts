/** Journeys through the built page in a real Chromium with a software WebGPU adapter, one at a time. */
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./tools/cli/browser.mjs";

const port = Number(process.env.GRAFT_E2E_PORT ?? 4319);

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.e2e.ts",
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["line"], ["./e2e/support/faults.ts"]],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1440, height: 900 },
    launchOptions: launchOptions(),
    trace: "retain-on-failure",
  },
  webServer: {
    command: `node tools/cli/start.mjs --port ${port}`,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
    timeout: 180_000,
  },
});
