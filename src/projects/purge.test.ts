/** What a project sheds when it is opened: what nobody needs any more, and nothing that somebody might. */
import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import type { Project } from "./project.ts";
import { ProjectStore } from "./project-store.ts";

const file = (text: string): { readonly path: string; readonly blob: Blob } => ({ path: "data.csv", blob: new Blob([text]) });

describe("purge", () => {
  let storage: MemoryStorage;
  let project: Project;
  const contents = async (): Promise<number> => (await storage.names(project.id)).filter((name) => name.startsWith("content-")).length;
  const sourceNames = async (): Promise<readonly string[]> => (await project.read()).sources.map(({ name }) => name);

  /** Data that a run learned from, data that were open for a while, the data that are open, a model of a run, and one of the draft. */
  beforeEach(async () => {
    storage = new MemoryStorage();
    project = await new ProjectStore(storage).create({ name: "Birds", task: "text-classification" });
    const add = async (kind: "data" | "model", name: string): Promise<number> => (await project.addSource({ kind, name }, [file(name)])).id;
    const [learned, , draft, model] = [await add("data", "learned"), await add("data", "passing"), await add("data", "open"), await add("model", "model-of-run")];
    await add("model", "model-of-draft");
    await add("model", "model-of-nobody");
    await project.addRun({ recipe: { model: "model-of-run" }, model: { source: model }, data: learned });
    await project.update({ draft: { recipe: { model: "model-of-draft" }, data: draft, excluded: [] } });
  });

  test("a source that no run, no recipe and no draft needs goes, with its content; the others stay whole", async () => {
    expect(await contents()).toBe(6);
    await project.purge();
    expect(await sourceNames()).toEqual(["learned", "open", "model-of-run", "model-of-draft"]);
    expect(await contents()).toBe(4);
    for (const source of (await project.read()).sources) expect(await (await project.files(source))[0]?.blob.text()).toBe(source.name);
  });

  test("what a run learned from stays while the run can be had back, and goes with it", async () => {
    await project.run(1).update({ deletedAt: 5 });
    expect(await sourceNames()).toContain("learned");
    await project.purge();
    expect(await sourceNames()).toEqual(["open", "model-of-draft"]);
    expect(await project.runs()).toEqual([]);
  });

  test("where a run cannot be read, or there is no draft, every source stays", async () => {
    await project.update({ draft: null });
    await project.purge();
    expect(await contents()).toBe(6);
    await project.update({ draft: { recipe: {}, data: 3, excluded: [] } });
    for (const [name, bytes] of storage.content.get(`${project.id}~1`) ?? []) if (name.startsWith("run.")) bytes.fill(0);
    await project.purge();
    expect(await contents()).toBe(6);
  });

  test("its size is that of everything that it keeps", async () => {
    const stored = [...storage.content].flatMap(([, files]) => [...files.values()]).reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(await project.bytes(await project.read())).toBe(stored);
  });
});
