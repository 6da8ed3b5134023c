/** There and back as one zip, bit for bit; and zips that somebody made to do harm, or that were damaged on the way. */
import { strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { GraftError } from "../core/errors.ts";
import { writeSafetensors } from "../formats/safetensors/write.ts";
import { FaultyStorage } from "../storage/testing/faulty-storage.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { exportProject, importProject } from "./archive.ts";
import { Project } from "./project.ts";
import { ProjectStore } from "./project-store.ts";
import { seal } from "./sealed.ts";
import { exampleProject, seenOf } from "./testing/projects.ts";

type Files = Record<string, Uint8Array>;

async function exported(): Promise<{ readonly zip: Blob; readonly files: Files; readonly seen: unknown }> {
  const storage = new MemoryStorage();
  const project = await exampleProject(new ProjectStore(storage));
  const zip = await exportProject(storage, project);
  return { zip, files: unzipSync(new Uint8Array(await zip.arrayBuffer())), seen: await seenOf(project) };
}

const joined = async (parts: ReturnType<typeof seal>): Promise<Uint8Array> => new Uint8Array(await new Blob([...(await parts)]).arrayBuffer());
const zipped = (files: Files): Blob => new Blob([zipSync(files, { level: 0 })]);

test("a project comes back as it was, in another browser, and once more", async () => {
  const { zip, files, seen } = await exported();
  const content = expect.stringMatching(/^content\/[0-9a-f]{64}$/) as string;
  expect(Object.keys(files).toSorted()).toEqual([
    content,
    content,
    "graft-project.json",
    "project",
    "runs/1/history-1",
    "runs/1/history-2",
    "runs/1/run",
    "runs/1/weights",
    "runs/2/checkpoint",
    "runs/2/history-1",
    "runs/2/run",
  ]);
  const storage = new MemoryStorage();
  const store = new ProjectStore(storage);
  const [first, second] = [await importProject(storage, store, zip, "birds.zip"), await importProject(storage, store, zip, "birds.zip")];
  expect(await seenOf(first)).toEqual(seen);
  expect(await seenOf(second)).toEqual(seen);
  expect(await store.list()).toHaveLength(2);
  expect(await seenOf(await store.open(first.id))).toEqual(seen);
  await store.delete(first.id);
  expect((await store.list()).map(({ id }) => id)).toEqual([second.id]);
  expect([...storage.content.keys()].filter((folder) => folder.startsWith(first.id))).toEqual([]);
  // And again from there: the very same bytes.
  expect(unzipSync(new Uint8Array(await (await exportProject(storage, second)).arrayBuffer()))).toEqual(files);
});

test("runs that were deleted are not handed on", async () => {
  const storage = new MemoryStorage();
  const project = await exampleProject(new ProjectStore(storage));
  await project.run(1).update({ deletedAt: 1 });
  const files = unzipSync(new Uint8Array(await (await exportProject(storage, project)).arrayBuffer()));
  expect(Object.keys(files).filter((path) => path.startsWith("runs/1/"))).toEqual([]);
});

interface Hostile {
  readonly what: string;
  readonly make: (files: Files) => Blob | Files | Promise<Blob | Files>;
  readonly sentence: RegExp;
}

const changed = (bytes: Uint8Array | undefined, at: number): Uint8Array => {
  const copy = (bytes as Uint8Array).slice();
  const place = at < 0 ? copy.length + at : at;
  copy[place] = (copy[place] as number) ^ 1;
  return copy;
};
const record = { name: "x", task: "t", createdAt: 1, notes: "", sources: [], recipes: [] };
const withRecord = async (files: Files, head: unknown, version = 1): Promise<Files> => ({ ...files, project: await joined(seal({ kind: "project", version, head })) });
const without = (files: Files, ...paths: readonly string[]): Files => Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
const contentOf = (files: Files): string => Object.keys(files).find((path) => path.startsWith("content/") && (files[path] as Uint8Array).length > 0) as string;

const hostile: readonly Hostile[] = [
  { what: "no zip", make: () => new Blob(["hello"]), sentence: /the zip cannot be read/ },
  { what: "half of the zip", make: (files) => zipped(files).slice(0, 700), sentence: /the zip cannot be read/ },
  { what: "another zip", make: () => ({ "cats/1.png": strToU8("x") }), sentence: /it is no project of Graft.*use the Data step/ },
  { what: "another program's manifest", make: (files) => ({ ...files, "graft-project.json": strToU8('{"format":"other","version":1}') }), sentence: /does not say that it is a project of Graft/ },
  { what: "a manifest that is null", make: (files) => ({ ...files, "graft-project.json": strToU8("null") }), sentence: /does not say that it is a project of Graft/ },
  { what: "a manifest that is no JSON", make: (files) => ({ ...files, "graft-project.json": strToU8("{") }), sentence: /graft-project.json: it is not readable JSON/ },
  { what: "a newer zip", make: (files) => ({ ...files, "graft-project.json": strToU8('{"format":"graft-project","version":2}') }), sentence: /version 2 of the format, and this Graft knows 1/ },
  { what: "a path out of the zip", make: (files) => ({ ...files, "../../evil": strToU8("x") }), sentence: /points outside the zip/ },
  { what: "an absolute path", make: (files) => ({ ...files, "/etc/passwd": strToU8("x") }), sentence: /points outside the zip/ },
  { what: "a drive's path", make: (files) => ({ ...files, "C:/evil": strToU8("x") }), sentence: /points outside the zip/ },
  { what: "a stranger's file", make: (files) => ({ ...files, "evil.html": strToU8("<script>") }), sentence: /evil.html: a project has no such file/ },
  { what: "a run's path that leads elsewhere", make: (files) => ({ ...files, "runs/1/checkpoint.9": strToU8("x") }), sentence: /a project has no such file/ },
  { what: "a run without end", make: (files) => ({ ...files, "runs/99999999999/run": strToU8("x") }), sentence: /a project has no such file/ },
  { what: "no record", make: (files) => without(files, "project"), sentence: /project is missing in it/ },
  { what: "a bit of the record", make: (files) => ({ ...files, project: changed(files["project"], 40) }), sentence: /project: its digest does not match/ },
  { what: "a record cut off", make: (files) => ({ ...files, project: (files["project"] as Uint8Array).slice(0, -9) }), sentence: /project: it is cut off/ },
  { what: "a record of nothing", make: (files) => ({ ...files, project: new Uint8Array() }), sentence: /project: it has 0 bytes/ },
  { what: "a newer record", make: (files) => withRecord(files, record, 7), sentence: /version 7 of its format, and this Graft knows 2/ },
  { what: "a record of no version", make: (files) => withRecord(files, record, 0), sentence: /which no Graft has written/ },
  { what: "a record with the wrong types", make: (files) => withRecord(files, { ...record, createdAt: "now" }), sentence: /project, createdAt/ },
  { what: "a record with more than it should", make: (files) => withRecord(files, { ...record, admin: true }), sentence: /Unrecognized key.*admin/ },
  { what: "a name without end", make: (files) => withRecord(files, { ...record, name: "x".repeat(5000) }), sentence: /project, name/ },
  { what: "a digest that is a path", make: (files) => withRecord(files, { ...record, sources: [{ id: 1, kind: "data", name: "d", addedAt: 1, files: [{ path: "a", bytes: 1, digest: "../../x" }] }] }), sentence: /digest/ },
  { what: "a run where the record should be", make: (files) => ({ ...files, project: files["runs/1/run"] as Uint8Array }), sentence: /a file of the kind "run"/ },
  { what: "content that is missing", make: (files) => without(files, contentOf(files)), sentence: /content\/[0-9a-f]+… is missing|content\/[0-9a-f]{64} is missing/ },
  { what: "other content", make: (files) => ({ ...files, [contentOf(files)]: changed(files[contentOf(files)], 3) }), sentence: /not the file that the project had/ },
  { what: "longer content", make: (files) => ({ ...files, [contentOf(files)]: strToU8("x".repeat(100)) }), sentence: /not the file that the project had/ },
  { what: "a run without a record", make: (files) => without(files, "runs/1/run"), sentence: /runs\/1 has no record/ },
  { what: "a torn checkpoint", make: (files) => ({ ...files, "runs/2/checkpoint": changed(files["runs/2/checkpoint"], -100) }), sentence: /runs\/2\/checkpoint: its digest does not match/ },
  { what: "a checkpoint whose tensors lie", make: async (files) => ({ ...files, "runs/2/checkpoint": await joined(seal({ kind: "checkpoint", version: 1, head: { progress: 1, history: 0, groups: ["weights"] }, body: new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127, 1]) })) }), sentence: /runs\/2\/checkpoint: its header claims/ },
  { what: "groups that reach a prototype", make: async (files) => ({ ...files, "runs/2/checkpoint": await joined(seal({ kind: "checkpoint", version: 1, head: { progress: 1, history: 0, groups: ["__proto__"] }, body: writeSafetensors(new Map()) })) }), sentence: /groups\.0/ },
  { what: "weights that are a checkpoint", make: (files) => ({ ...files, "runs/1/weights": files["runs/2/checkpoint"] as Uint8Array }), sentence: /a file of the kind "checkpoint"/ },
  { what: "history that is no list", make: async (files) => ({ ...files, "runs/1/history-1": await joined(seal({ kind: "history", version: 1, head: { events: 5 } })) }), sentence: /runs\/1\/history-1, events/ },
  { what: "a head nested without end", make: async (files) => ({ ...files, "runs/1/history-1": await joined(seal({ kind: "history", version: 1, head: { events: nested(300) } })) }), sentence: /nested more than 200 levels/ },
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe("a zip that is not in order", () => {
  test.each(hostile.map((each) => [each.what, each] as const))("%s: is a sentence, and nothing of it stays", async (_, { make, sentence }) => {
    const made = await make((await exported()).files);
    const storage = new MemoryStorage();
    const store = new ProjectStore(storage);
    const error = await importProject(storage, store, made instanceof Blob ? made : zipped(made), "birds.zip").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GraftError);
    expect((error as GraftError).message).toMatch(sentence);
    expect(await store.list()).toEqual([]);
    expect([...storage.content.keys()]).toEqual([]);
  });

  test("names that would reach a prototype reach none", async () => {
    const { files } = await exported();
    const parts = await seal({ kind: "history", version: 1, head: { events: [JSON.parse('{"__proto__":{"polluted":1},"kind":"x"}')] } });
    const storage = new MemoryStorage();
    const project = await importProject(storage, new ProjectStore(storage), zipped({ ...files, "runs/1/history-1": await joined(Promise.resolve(parts)) }), "birds.zip");
    const { events } = await project.run(1).history();
    expect(Object.keys(events[0] as object)).toEqual(["kind"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("too large for the storage: said before anything is written", async () => {
    const { zip } = await exported();
    const storage = new FaultyStorage(null, 0);
    storage.disk.quotaBytes = 500;
    await expect(importProject(storage, new ProjectStore(storage), zip, "birds.zip")).rejects.toThrow(/1 MB are needed, and 1 MB of 1 MB are free/);
    expect(storage.operations).toBe(0);
  });

  test("storage that is full on the way: nothing of it stays", async () => {
    const { zip, seen } = await exported();
    let refused = 0;
    for (let at = 1; at < 40; at++) {
      const storage = new FaultyStorage("full half way", at);
      const outcome = await importProject(storage, new ProjectStore(storage), zip, "birds.zip").catch((error: unknown) => error);
      // A file that is closed is not written to.
      if (outcome instanceof Project) expect(await seenOf(outcome)).toEqual(seen);
      else {
        refused++;
        expect(String(outcome)).toMatch(/storage is full/);
        expect([...storage.disk.content.keys()]).toEqual([]);
      }
    }
    expect(refused).toBeGreaterThan(15);
  });
});
