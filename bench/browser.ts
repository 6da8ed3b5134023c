/** Opens pages of the benchmark in real Chromium, served by Vite from the sources. */
import { chromium, type Browser } from "playwright";
import { createServer, type ViteDevServer } from "vite";
import { ensureBrowser, launchOptions } from "../tools/cli/browser.mjs";
import { freePort } from "../tools/cli/free-port.mjs";
import { projectRoot } from "../tools/cli/project.mjs";
import { SoakTab } from "./soak/tab.ts";
import type { BenchPage, Started, StartOptions } from "./page.ts";

/** What the page offers, from here. */
type Remote = Omit<{ readonly [Name in keyof BenchPage]: (...args: Parameters<BenchPage[Name]>) => Promise<Awaited<ReturnType<BenchPage[Name]>>> }, "start">;

export interface OpenPage extends Remote {
  close(): Promise<void>;
}

/** Found while a page already runs, a package would make Vite reload it; so what the engines import is named here. */
const prebundled = ["@huggingface/hub", "@huggingface/jinja", "@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu", "@jax-js/jax", "comlink", "fflate", "papaparse", "zod/mini", "zod/v4/locales/en.js"];

export class BenchBrowser {
  private constructor(
    private readonly server: ViteDevServer,
    private readonly browser: Browser,
    private readonly url: string,
  ) {}

  static async open(webgpu: "software" | "hardware"): Promise<BenchBrowser> {
    ensureBrowser();
    const port = await freePort();
    const server = await createServer({
      root: projectRoot,
      logLevel: "warn",
      cacheDir: "node_modules/.vite-bench",
      optimizeDeps: { include: prebundled, entries: ["bench/page.html", "bench/soak/page.html"] },
      server: { port, strictPort: true, hmr: false, watch: null },
    });
    await server.listen();
    try {
      return new BenchBrowser(server, await chromium.launch(launchOptions({ webgpu })), `http://127.0.0.1:${port}/bench/`);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** A page of its own for each engine: what one registers or keeps, no other sees. */
  async start(options: StartOptions): Promise<OpenPage & Started> {
    const tab = await this.browser.newPage();
    try {
      const failed = new Promise<never>((_, reject) => tab.on("pageerror", reject));
      failed.catch(() => undefined);
      await tab.goto(`${this.url}page.html`);
      await Promise.race([tab.waitForFunction(() => "graftBench" in window), failed]);
      const started = await tab.evaluate((wanted) => window.graftBench.start(wanted), options);
      return {
        ...started,
        steps: (count) => tab.evaluate((wanted) => window.graftBench.steps(wanted), count),
        countedStep: (isFirst) => tab.evaluate((first) => window.graftBench.countedStep(first), isFirst),
        allocatedNow: () => tab.evaluate(() => window.graftBench.allocatedNow()),
        close: () => tab.close(),
      };
    } catch (error) {
      await tab.close();
      throw error;
    }
  }

  /** A tab with the product's client and worker, and storage of its own. */
  async soak(): Promise<SoakTab> {
    return SoakTab.open(await this.browser.newPage(), `${this.url}soak/page.html`);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}
