/**
 * What older Grafts wrote is opened. The fixtures are zips as that version exported them (`exampleProject`); a new version adds
 * its own beside them and changes none.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "../core/zod.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { importProject } from "./archive.ts";
import { headAs, type Format } from "./formats.ts";
import { ProjectStore } from "./project-store.ts";
import { projectFormat, runFormat } from "./records.ts";
import { seal, unseal } from "./sealed.ts";
import { exampleProject, seenOf } from "./testing/projects.ts";

const folder = new URL("./testing/fixtures/", import.meta.url);
const fixtures = readdirSync(folder).toSorted();

test("there is a fixture of every version", () => {
  expect(fixtures).toEqual(Array.from({ length: Math.max(projectFormat.version, runFormat.version) }, (_, i) => `version-${i + 1}.zip`));
});

test.each(fixtures)("%s is opened as if it were written today", async (name) => {
  const storage = new MemoryStorage();
  const store = new ProjectStore(storage);
  const opened = await importProject(storage, store, new Blob([readFileSync(new URL(name, folder))]), name);
  const timeless = (seen: unknown): unknown => JSON.parse(JSON.stringify(seen, (key, value: unknown) => (key === "createdAt" || key === "addedAt" ? 0 : value instanceof Map ? [...value] : value)));
  expect(timeless(await seenOf(opened))).toEqual(timeless(await seenOf(await exampleProject(store))));
});

const third: Format<{ readonly name: string; readonly labels: readonly string[] }> = {
  kind: "thing",
  version: 3,
  schema: z.strictObject({ name: z.string(), labels: z.array(z.string()) }),
  migrations: {
    1: (head) => ({ ...(head as object), label: "none" }),
    2: (head) => {
      const { label, ...rest } = head as { label: string };
      return { ...rest, labels: [label] };
    },
  },
};

async function opened(version: number, head: unknown, kind = "thing"): Promise<unknown> {
  return headAs(third, await unseal(new Blob([...(await seal({ kind, version, head }))]), "a.thing"), "a.thing");
}

test("a file goes through every version between its own and today's", async () => {
  expect(await opened(1, { name: "x" })).toEqual({ name: "x", labels: ["none"] });
  expect(await opened(2, { name: "x", label: "y" })).toEqual({ name: "x", labels: ["y"] });
  expect(await opened(3, { name: "x", labels: [] })).toEqual({ name: "x", labels: [] });
});

test("what is newer, of no version, of another kind or not as it should be is a sentence", async () => {
  await expect(opened(4, {})).rejects.toThrow("a.thing: it is in version 4 of its format, and this Graft knows 3. Reload the page");
  await expect(opened(0, {})).rejects.toThrow("a.thing: it is in version 0 of its format, which no Graft has written");
  await expect(opened(3, {}, "other")).rejects.toThrow('a.thing: it is a file of the kind "other". Expected "thing"');
  await expect(opened(3, { name: 5, labels: [] })).rejects.toThrow(/a\.thing, name: .*Expected a thing as Graft writes it/);
});
