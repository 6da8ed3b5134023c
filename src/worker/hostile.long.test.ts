/**
 * Whatever is dropped on the page, it answers with a sentence: hundreds of hostile inputs, read as the page reads them. Pictures need a
 * browser's decoders: hostile.browser.test.ts.
 */
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { Device } from "./device.ts";
import { hostileDownloads, hostileModels } from "./testing/hostile/models.ts";
import { hostileProjects } from "./testing/hostile/projects.ts";
import { hostileRecipes } from "./testing/hostile/recipes.ts";
import { outcomeTable, survive, type HostileInput, type Outcome } from "./testing/hostile/survive.ts";
import { hostileTables } from "./testing/hostile/tables.ts";
import { hostileZips } from "./testing/hostile/zips.ts";

const wasmPath = fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url));

/** A new kind of file that the page reads is one line here. */
const kinds: Readonly<Record<string, () => readonly HostileInput[] | Promise<readonly HostileInput[]>>> = {
  "CSV": hostileTables,
  "zip": hostileZips,
  "recipes": hostileRecipes,
  "projects": hostileProjects,
  "models": hostileModels,
  "downloads": () => hostileDownloads(new Device(wasmPath)),
};

const outcomes: Outcome[] = [];

test.each(Object.entries(kinds))("%s", { timeout: 120_000 }, async (kind, inputs) => {
  const outcome = await survive(kind, await inputs());
  outcomes.push(outcome);
  expect(outcome.uncaught).toEqual([]);
  // Both happen: what is always refused proves as little as what is always taken.
  expect(Math.min(outcome.sentences, outcome.loaded), `${outcome.sentences} sentences, ${outcome.loaded} loaded`).toBeGreaterThan(0);
});

test("at least 300 of them", () => {
  expect(outcomes.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThanOrEqual(300);
});

afterAll(() => process.stdout.write(`\n${outcomeTable(outcomes)}\n`));
