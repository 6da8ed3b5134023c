/** A model from a hub: found, described, downloaded with an interruption, and without the hub still there, trained, and open again as a download. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startHub, type TestHub, type TestRepository } from "../src/hub/testing/server.ts";
import { byteGpt2 } from "../src/models/testing/byte-gpt2.ts";
import { textCheckpoint } from "../src/models/testing/checkpoint-files.ts";
import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { expect, test } from "./support/fixtures.ts";
import { answers, chooseFiles, downloadTo, goTo, setAdvanced } from "./support/journey.ts";

async function tinyBert(): Promise<TestRepository> {
  const files = new Map<string, Uint8Array>();
  for (const { path, blob } of textCheckpoint("bert")) files.set(path.replace(/^.*\//, ""), new Uint8Array(await blob.arrayBuffer()));
  // So large that its checksum is computed piece by piece, in WebAssembly that the page's policy has to allow.
  files.set("README.md", new TextEncoder().encode(`---\nlicense: apache-2.0\n---\n${"A small model. ".repeat(700_000)}`));
  return { name: "someone/tiny-bert", revision: "0123456789abcdef0123456789abcdef01234567", files, task: "fill-mask", tags: ["safetensors", "bert", "license:apache-2.0"], modelType: "bert", parameters: 12_345, downloads: 4321 };
}

/** With a chat template in a file of its own. */
async function tinyWriter(): Promise<TestRepository> {
  const files = new Map([["chat_template.jinja", new TextEncoder().encode("{% for message in messages %}<{{ message.role[0] }}>{{ message.content }}<e>{% endfor %}{% if add_generation_prompt %}<a>{% endif %}")]]);
  for (const { path, blob } of byteGpt2()) files.set(path.replace(/^.*\//, ""), new Uint8Array(await blob.arrayBuffer()));
  return { name: "someone/tiny-writer", revision: "89abcdef0123456789abcdef0123456789abcdef", files, task: "text-generation", tags: ["safetensors", "gpt2", "license:mit"], modelType: "gpt2", parameters: 37_000, downloads: 99 };
}

let hub: TestHub;
test.beforeEach(async () => {
  const plain = await tinyBert();
  hub = await startHub([plain, { ...plain, name: "someone/other-bert", gated: "auto", token: "hf_x" }, await tinyWriter()]);
});
test.afterEach(() => hub.close());

async function openTexts(page: Page, folder: string): Promise<void> {
  const table = join(folder, "things.csv");
  writeFileSync(table, ["text,label", ...Array.from({ length: 12 }, (_, i) => `I ate ${i} sweet apples,food\nThe hammer number ${i} is in the workshop,tool`)].join("\n"));
  await chooseFiles(page, "Choose files", table);
  await page.getByRole("button", { name: "Use these columns" }).click();
  await expect(page.getByRole("button", { name: "Continue to Model" })).toBeVisible();
  await goTo(page, "Model");
}

test.describe("from a hub", () => {
  // What is asked of a hub that is not there is an error for the console too.
  test.use({ expectedErrors: [/ERR_CONNECTION_REFUSED/, /status of 401/] });

  test("search, download, cancel, resume, layers; offline after a reload, trained, opened again; deleted", async ({ page, folder }) => {
    test.setTimeout(240_000);
    await page.goto("./");
    await openTexts(page, folder);
    await page.getByRole("button", { name: "From Hugging Face" }).click();
    const drawer = page.getByRole("dialog");
    await expect(drawer.getByRole("list", { name: "Good to start from" })).toContainText("distilbert-base-uncased");
    await expectAccessible(page);

    await drawer.getByRole("radio", { name: "Settings" }).click();
    await drawer.getByRole("textbox", { name: "Address of the hub" }).fill("hub");
    await drawer.getByRole("textbox", { name: "Address of the hub" }).blur();
    await expect(drawer.getByText("This is no web address")).toBeVisible();
    await drawer.getByRole("textbox", { name: "Address of the hub" }).fill(hub.url);
    await drawer.getByRole("textbox", { name: "Address of the hub" }).blur();
    await drawer.getByRole("radio", { name: "Find" }).click();
    await drawer.getByRole("searchbox", { name: "Search models" }).fill("bert");
    await drawer.getByRole("button", { name: /other-bert/ }).click();
    await expect(drawer.getByText("its owner wants you to accept terms first")).toBeVisible();
    await expect(drawer.getByRole("button", { name: /^Download/ })).toBeDisabled();
    await drawer.getByRole("button", { name: "All models" }).click();

    await drawer.getByRole("button", { name: /tiny-bert/ }).click();
    await expect(drawer.getByText("Fits on this device")).toBeVisible();
    await expect(drawer.getByText("apache-2.0")).toBeVisible();
    await expectAccessible(page);
    hub.pace = 100_000;
    await drawer.getByRole("button", { name: /^Download/ }).click();
    await expect(drawer.getByRole("progressbar", { name: /Downloading/ })).toHaveAttribute("aria-valuenow", /[1-9]/);
    await drawer.getByRole("button", { name: "Cancel" }).click();
    await expect(drawer.getByRole("button", { name: /^Resume, .* left/ })).toBeVisible();
    hub.pace = null;
    await drawer.getByRole("button", { name: /^Resume/ }).click();
    await expect(drawer).toBeHidden();
    expect(hub.asked.filter(({ range }) => range !== undefined).map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    await expect(page.getByRole("radio", { name: "someone/tiny-bert" })).toBeChecked();
    await expect(page.getByRole("heading", { name: "Layers" })).toBeVisible();
    await expect(page.getByText("encoder").first()).toBeVisible();

    await hub.close();
    await page.goto("./");
    await openTexts(page, folder);
    await page.getByRole("radio", { name: "someone/tiny-bert" }).check();
    await expect(page.getByText("encoder").first()).toBeVisible();
    await page.getByRole("radio", { name: "Everything" }).click();
    await setAdvanced(page, { Backend: "WebAssembly", Epochs: 2, "Longest text": 16 });
    await goTo(page, "Train");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByRole("button", { name: "See results" }).click({ timeout: 120_000 });
    await page.getByRole("textbox", { name: "Try a text" }).fill("I ate a hammer");
    const answered = await answers(page);
    const download = await downloadTo(page, folder);
    await page.goto("./");
    await chooseFiles(page, "Open a Graft download", download);
    await page.getByRole("textbox", { name: "Try a text" }).fill("I ate a hammer");
    expect(await answers(page)).toEqual(answered);

    await page.goto("./");
    await openTexts(page, folder);
    await page.getByRole("button", { name: "From Hugging Face" }).click();
    await drawer.getByRole("searchbox", { name: "Search models" }).fill("bert");
    await expect(drawer.getByText("no answer that this page may read")).toBeVisible();
    await drawer.getByRole("radio", { name: "Stored" }).click();
    await expect(drawer.getByRole("list", { name: "Stored models" })).toContainText("someone/tiny-bert");
    await expectAccessible(page);
    await drawer.getByRole("button", { name: "Delete someone/tiny-bert" }).click();
    await drawer.getByRole("button", { name: /^Delete \d/ }).click();
    await expect(drawer.getByText("Nothing stored yet")).toBeVisible();
    await drawer.getByRole("button", { name: "Close" }).click();
    await expect(page.getByRole("radio", { name: "someone/tiny-bert" })).toHaveCount(0);
  });

  test("to write with: only what writes is found, anything else says why not; what is found is downloaded and its layers are there", async ({ page, folder }) => {
    writeFileSync(join(folder, "sea.txt"), Array.from({ length: 60 }, (_, i) => `The whale number ${i % 7} sleeps and the ship waits.`).join("\n\n"));
    await page.goto("./");
    await chooseFiles(page, "Choose files", join(folder, "sea.txt"));
    await goTo(page, "Model");
    await page.getByRole("button", { name: "From Hugging Face" }).click();
    const drawer = page.getByRole("dialog");
    await expect(drawer.getByRole("list", { name: "Good to start from" })).toContainText("SmolLM2-135M-Instruct");
    await drawer.getByRole("radio", { name: "Settings" }).click();
    await drawer.getByRole("textbox", { name: "Address of the hub" }).fill(hub.url);
    await drawer.getByRole("textbox", { name: "Address of the hub" }).blur();
    await drawer.getByRole("radio", { name: "Find" }).click();
    const search = drawer.getByRole("searchbox", { name: "Search models" });
    await search.fill("tiny");
    await expect(drawer.getByRole("button", { name: /tiny-writer/ })).toBeVisible();
    await expect(drawer.getByRole("button", { name: /tiny-bert/ })).toBeHidden();
    await search.fill("someone/tiny-bert");
    await drawer.getByRole("button", { name: /tiny-bert/ }).click();
    await expect(drawer.getByText("it does not write text")).toBeVisible();
    await expect(drawer.getByRole("button", { name: /^Download/ })).toBeDisabled();
    await expectAccessible(page);
    await drawer.getByRole("button", { name: "All models" }).click();
    await search.fill("tiny");
    await drawer.getByRole("button", { name: /tiny-writer/ }).click();
    await drawer.getByRole("button", { name: /^Download/ }).click();
    await expect(page.getByRole("radio", { name: "someone/tiny-writer" })).toBeChecked();
    await expect(page.getByRole("treegrid", { name: "Layers" })).toContainText("transformer");
  });
});
