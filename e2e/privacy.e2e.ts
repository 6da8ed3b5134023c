/**
 * Nothing leaves the tab: every request of whole journeys, as the browser's parts attempt them and as they leave the browser. The
 * page's own host and no other; with a hub, the hub's too. And what the policy demands of strings that would become code.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "@playwright/test";
import { startHub } from "../src/hub/testing/server.ts";
import { textCheckpoint } from "../src/models/testing/checkpoint-files.ts";
import { expect, test as base } from "./support/fixtures.ts";
import { answers, chooseFiles, downloadTo, goTo, setAdvanced } from "./support/journey.ts";
import { startRecordingProxy, type RecordingProxy } from "./support/recording-proxy.ts";

const test = base.extend<{ readonly recorder: RecordingProxy }>({
  // Playwright reads a fixture's needs from its first parameter, which must be an object pattern.
  // eslint-disable-next-line no-empty-pattern
  recorder: async ({}, use) => {
    const recorder = await startRecordingProxy();
    await use(recorder);
    await recorder.close();
  },
  proxy: ({ recorder }, use) => use(recorder.option),
});

/** What the page and its workers ask for, whether or not the policy lets them. */
function attemptsOf(context: BrowserContext): readonly string[] {
  const addresses: string[] = [];
  context.on("request", (request) => addresses.push(request.url()));
  return addresses;
}

/** Chrome asks its maker what kind of form it sees (by hashes of the fields' names): the browser's doing, which no page can forbid. */
const ofTheBrowser = "https://content-autofill.googleapis.com";

/** `http://127.0.0.1:4319`: each once. What the tab made itself has no host. */
function originsOf(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.filter((address) => !/^(blob|data):/.test(address)).map((address) => new URL(address).origin))].filter((origin) => origin !== ofTheBrowser).toSorted();
}

const table = ["text,label", ...Array.from({ length: 12 }, (_, i) => `I ate ${i} sweet apples,food\nThe hammer number ${i} is in the workshop,tool`)].join("\n");

/** From the dropped table to the step at which a model is chosen. */
async function openTable(page: Page): Promise<void> {
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "things.csv", { type: "text/csv" }));
    return transfer;
  }, table);
  for (const kind of ["dragenter", "dragover", "drop"]) await page.getByRole("button", { name: "Choose files" }).dispatchEvent(kind, { dataTransfer: dropped });
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
}

/** From the chosen model to its download, opened again. */
async function trainDownloadOpen(page: Page, folder: string, goAgain: () => Promise<unknown>): Promise<void> {
  await setAdvanced(page, { Backend: "WebAssembly", Epochs: 1, "Longest text": 16 });
  await goTo(page, "Train");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("button", { name: "See results" }).click({ timeout: 120_000 });
  await page.getByRole("textbox", { name: "Try a text" }).fill("I ate a hammer");
  const answered = await answers(page);
  const download = await downloadTo(page, folder);
  await goAgain();
  await chooseFiles(page, "Open a Graft download", download);
  await page.getByRole("textbox", { name: "Try a text" }).fill("I ate a hammer");
  expect(await answers(page)).toEqual(answered);
}

test("from a drop to the download opened again: every request is for the page's own host", async ({ page, context, folder, recorder, baseURL }) => {
  test.setTimeout(300_000);
  const attempted = attemptsOf(context);
  await page.goto("./");
  await openTable(page);
  await trainDownloadOpen(page, folder, () => page.goto("./"));
  const own = new URL(baseURL as string).origin;
  expect(originsOf(recorder.addresses)).toEqual([own]);
  expect(originsOf(attempted)).toEqual([own]);
  // The page, its worker and the wasm backend were heard.
  for (const part of [/\/$/, /\/service-worker\.js$/, /\/assets\/.*\.js$/, /\/embedded\/models\/.*\.json$/, /\/embedded\/wasm\/.*\.wasm$/]) expect(recorder.addresses.some((address) => part.test(address)), String(part)).toBe(true);
});

test("with a hub set: the page's host and the hub's", async ({ page, context, folder, recorder, baseURL }) => {
  test.setTimeout(300_000);
  const files = new Map<string, Uint8Array>();
  for (const { path, blob } of textCheckpoint("bert")) files.set(path.replace(/^.*\//, ""), new Uint8Array(await blob.arrayBuffer()));
  const hub = await startHub([{ name: "someone/tiny-bert", revision: "0123456789abcdef0123456789abcdef01234567", files, task: "fill-mask", tags: ["safetensors", "bert"], modelType: "bert", parameters: 12_345, downloads: 4321 }]);
  try {
    const attempted = attemptsOf(context);
    await page.goto("./");
    await openTable(page);
    await goTo(page, "Model");
    await page.getByRole("button", { name: "From Hugging Face" }).click();
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("radio", { name: "Settings" }).click();
    await drawer.getByRole("textbox", { name: "Address of the hub" }).fill(hub.url);
    await drawer.getByRole("textbox", { name: "Address of the hub" }).blur();
    await drawer.getByRole("radio", { name: "Find" }).click();
    await drawer.getByRole("searchbox", { name: "Search models" }).fill("bert");
    await drawer.getByRole("button", { name: /tiny-bert/ }).click();
    await drawer.getByRole("button", { name: /^Download/ }).click();
    await expect(drawer).toBeHidden();
    await expect(page.getByRole("radio", { name: "someone/tiny-bert" })).toBeChecked();
    await trainDownloadOpen(page, folder, () => page.goto("./"));
    const allowed = [baseURL as string, hub.url, hub.storageUrl].map((address) => new URL(address).origin).toSorted();
    expect(originsOf(recorder.addresses)).toEqual(allowed);
    expect(originsOf(attempted)).toEqual(allowed);
  } finally {
    await hub.close();
  }
});

test.describe("the recorder itself", () => {
  test.use({ expectedErrors: [/graft\.invalid|502/] });

  test("hears a page, its worker, its service worker and a picture", async ({ page, context, recorder }) => {
    const ask = (from: string): string => `fetch("http://graft.invalid/${from}").catch(() => 0);`;
    const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
      "/": ["text/html", `<!doctype html><title>x</title><img src="http://graft.invalid/picture"><script>${ask("page")} new Worker("worker.js"); navigator.serviceWorker.register("service.js");</script>`],
      "/worker.js": ["text/javascript", ask("worker")],
      "/service.js": ["text/javascript", `addEventListener("install", (event) => event.waitUntil(${ask("service").replace(";", "")}));`],
    };
    const server = createServer(({ url }, response) => {
      const [type, text] = files[url ?? ""] ?? ["text/plain", ""];
      response.writeHead(200, { "Content-Type": type }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const attempted = attemptsOf(context);
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const wanted = ["page", "picture", "service", "worker"].map((from) => `http://graft.invalid/${from}`);
      const heard = (addresses: readonly string[]): readonly string[] => addresses.filter((address) => address.startsWith("http://graft.invalid/")).toSorted();
      await expect.poll(() => heard(recorder.addresses)).toEqual(wanted);
      // Playwright misses what a worker asks for before it is attached to it; which is why there is a proxy.
      expect(heard(attempted)).toEqual(expect.arrayContaining(wanted.slice(0, 2)));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

test.describe("trusted types", () => {
  test.use({ expectedErrors: [/Trusted|trusted|Content Security Policy/] });

  test("no string becomes an element, code or a worker", async ({ page }) => {
    await page.goto("./");
    await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeVisible();
    const outcomes = await page.evaluate(() => {
      const attempt = (run: () => unknown): string => {
        try {
          run();
          return "allowed";
        } catch (error) {
          return (error as Error).name;
        }
      };
      const other = URL.createObjectURL(new Blob(["postMessage(1)"]));
      return {
        element: attempt(() => (document.createElement("div").innerHTML = "<img src=x onerror=alert(1)>")),
        document: attempt(() => document.write("<p>x</p>")),
        parser: attempt(() => new DOMParser().parseFromString("<p>x</p>", "text/html")),
        worker: attempt(() => new Worker(other)),
        code: attempt(() => document.createElement("script").append("1") ?? ((document.createElement("script") as { text: string }).text = "1")),
        policy: attempt(() => (window as unknown as { trustedTypes: { createPolicy: (name: string, policy: object) => unknown } }).trustedTypes.createPolicy("mine", {})),
        style: attempt(() => (document.createElement("style").innerHTML = "a { color: red }")),
      };
    });
    expect(outcomes).toEqual({ element: "TypeError", document: "TypeError", parser: "TypeError", worker: "TypeError", code: "TypeError", policy: "TypeError", style: "allowed" });
  });
});
