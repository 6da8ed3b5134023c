/**
 * Unit tests, in two projects: `node` for `*.test.ts`, and `browser` for `*.browser.test.ts` in a real Chromium with a
 * software WebGPU adapter. Both read what tools/assets prepared; the browser finds it under /embedded/.
 */
import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { launchOptions } from "./tools/cli/browser.mjs";
import { isolationHeaders } from "./tools/cli/headers.mjs";

/** Found while a test already runs, a package would make Vite reload that test; so what the engine imports is named here. */
const prebundled = ["@huggingface/hub", "@huggingface/jinja", "@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu", "comlink", "fflate", "papaparse", "zod/mini", "zod/v4/locales/en.js"];
/** A file that is not there is answered with the page, as it would be for a person; Vite then looks into the page's modules. */
const ofThePage = ["@mantine/core", "@mantine/dropzone", "@mantine/hooks", "@tabler/icons-react", "react", "react/jsx-dev-runtime", "react-dom", "react-dom/client", "recharts", "zustand"];

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: ["{src,tools,bench}/**/*.test.{ts,tsx}"],
          // `npm run check` sets this: it leaves out what takes many seconds. A project's own list is the only one that counts.
          exclude: ["**/*.browser.test.*", "**/node_modules/**", ...(process.env.GRAFT_QUICK ? ["**/*.long.test.*"] : [])],
          pool: "forks",
          // The other core is the lint's, and then the browser's.
          maxWorkers: process.env.GRAFT_QUICK ? 2 : 1,
          execArgv: ["--max-old-space-size=4096"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        server: { headers: isolationHeaders },
        optimizeDeps: { include: [...prebundled, ...ofThePage], entries: ["src/**/*.browser.test.ts"] },
        test: {
          name: "browser",
          include: ["{src,bench}/**/*.browser.test.{ts,tsx}"],
          testTimeout: 60_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: launchOptions() }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
