/**
 * The `test` that journeys use: it fails a journey that logged an error, threw one, or asked anything of a host that is not
 * this machine, and offers a folder that is gone afterwards.
 */
import { test as base, expect, type Page } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Options {
  /** Console errors that the journey provokes on purpose. */
  readonly expectedErrors: readonly RegExp[];
}

interface Fixtures {
  readonly guard: undefined;
  /** An empty folder, removed after the test. */
  readonly folder: string;
}

const localSchemes = new Set(["blob:", "data:", "about:", "chrome-error:"]);

function leavesTheMachine(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return !localSchemes.has(protocol) && hostname !== "127.0.0.1" && hostname !== "localhost";
}

/** Collects what must not happen; a new page of the same context is watched too. */
function watch(page: Page, problems: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console error: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack ?? error.message}`));
  page.on("crash", () => problems.push("the page crashed"));
}

export const test = base.extend<Fixtures & Options>({
  expectedErrors: [[], { option: true }],
  guard: [
    async ({ context, expectedErrors }, use) => {
      const problems: string[] = [];
      context.on("page", (page) => watch(page, problems));
      // The context hears the workers' requests as well as the pages'.
      context.on("request", (request) => {
        if (leavesTheMachine(request.url())) problems.push(`request left the machine: ${request.url()}`);
      });
      await use(undefined);
      expect(problems.filter((problem) => !expectedErrors.some((expected) => expected.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
  // Playwright reads a fixture's needs from its first parameter, which must be an object pattern.
  // eslint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "graft-e2e-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

export { expect };
