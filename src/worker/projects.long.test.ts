/**
 * Projects through the WorkerApi, with storage in memory: what a tab that was closed in the middle of a run leaves is opened by the
 * next one, and its run goes on to the very losses, results and answers of one that nobody interrupted.
 */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GraftError } from "../core/errors.ts";
import { nextTask } from "../core/next-task.ts";
import { textCheckpoint } from "../models/testing/checkpoint-files.ts";
import type { WorkerApi } from "../protocol/api.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "../protocol/recipe.ts";
import type { RunEvent } from "../protocol/run.ts";
import { StorageFullError } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { createWorkerApi } from "./api.ts";

const embeddedBase = fileURLToPath(new URL("../../public/embedded/", import.meta.url));
const quiet = (): void => {};
const csv = `text,kind\n${Array.from({ length: 40 }, (_, i) => `${i % 2 ? "good" : "bad"} film ${"abcdefgh"[i % 8] as string},${i % 2 ? "up" : "down"}`).join("\n")}\n`;

const tab = (projectStorage: MemoryStorage): WorkerApi => createWorkerApi({ embeddedBase, projectStorage });

/** The disk as another tab would find it at this moment. */
function copyOf(disk: MemoryStorage): MemoryStorage {
  const copy = new MemoryStorage();
  for (const [folder, files] of disk.content) copy.content.set(folder, new Map([...files].map(([name, bytes]) => [name, bytes.slice()])));
  return copy;
}

/** While it is full, nothing can be written. */
function roomOf(disk: MemoryStorage): { isFull: boolean } {
  const room = { isFull: false };
  const append = disk.append.bind(disk);
  vi.spyOn(disk, "append").mockImplementation(async (...asked) => {
    if (room.isFull) throw new StorageFullError({ what: "the browser's storage is full" });
    return append(...asked);
  });
  return room;
}

const lossesOf = (events: readonly RunEvent[]): readonly (readonly [number, number])[] => events.flatMap((event) => (event.kind === "steps" ? event.points.map(({ step, loss }) => [step, loss] as const) : []));

/** Data with one item left out, an own model, and a recipe, as the page brings them about. */
async function prepared(disk: MemoryStorage, settings: Partial<RecipeInput> = {}): Promise<{ readonly api: WorkerApi; readonly recipe: Recipe }> {
  const api = tab(disk);
  await api.openFiles([{ path: "films.csv", blob: new Blob([csv]) }], quiet);
  const { columns } = await api.mapColumns({ text: "text", label: "kind" }, quiet);
  const model = await api.importModel(textCheckpoint("bert"), quiet);
  const recipe = parseRecipe({ task: "text-classification", model: model.id, backend: "wasm", columns, split: { validation: 0.25 }, seed: 5, unfreeze: "all", epochs: 6, batchSize: 4, maxTokens: 16, learningRate: 5e-3, ...settings });
  await api.keepData(recipe, quiet);
  await api.setSplit({ ...recipe.split, seed: recipe.seed });
  await api.setExcluded([3], true);
  await api.keepDraft(recipe);
  return { api, recipe };
}

// A second goes by in twenty milliseconds: checkpoints are a second apart.
beforeEach(() => {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => 50 * now());
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a project", () => {
  test("a run whose tab was closed goes on in the next one, to the same losses, results and answers", { timeout: 120_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk);
    const whole: RunEvent[] = [];
    let closed: MemoryStorage | null = null;
    await api.startRun(recipe, (event) => {
      whole.push(event);
      if (event.kind === "epoch" && event.point.epoch === 4) closed = copyOf(disk);
    });
    expect(whole.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
    const losses = lossesOf(whole);
    expect(losses).toHaveLength(6 * 8);

    const next = tab(closed as unknown as MemoryStorage);
    const { projects } = await next.listProjects();
    expect(projects).toMatchObject([{ name: "films.csv", task: "text-classification", runs: 1, interrupted: { run: 1, name: "Run 1" }, isOpenElsewhere: false }]);
    const opened = await next.openProject(projects[0]?.id ?? "", quiet);
    expect(opened).toMatchObject({ recipe, lost: null, summary: { name: "films.csv", excluded: 1, counts: { validation: 10 } }, project: { isReadOnly: false, runs: [{ run: 1, state: "interrupted" }] }, models: [{ id: recipe.model }] });

    const rest: RunEvent[] = [];
    await next.resumeRun(1, (event) => rest.push(event));
    const [restored] = rest;
    if (restored?.kind !== "restored") throw new Error(`The first event is ${JSON.stringify(restored)}.`);
    const before = lossesOf(restored.events);
    // How far its last checkpoint was depends on what they take on this machine.
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(4 * 8 + 1);
    expect([...before, ...lossesOf(rest)]).toEqual(losses);
    expect(rest.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
    const timeless = ({ epochs, ...results }: Awaited<ReturnType<WorkerApi["getResults"]>>): unknown => ({ ...results, seconds: 0, epochs: epochs.map((point) => ({ ...point, seconds: 0 })) });
    expect(timeless(await next.getResults())).toEqual(timeless(await api.getResults()));

    // And the finished run is there for the tab after that one, with the model's answers.
    const question = { kind: "text", text: "good film c" } as const;
    const answer = await next.predict(question);
    const last = tab(copyOf(closed as unknown as MemoryStorage));
    await last.openProject(projects[0]?.id ?? "", quiet);
    const reopened = await last.reopenRun(1, quiet);
    expect(reopened).toMatchObject({ recipe, isOfOpenData: true });
    expect(timeless(reopened.results)).toEqual(timeless(await next.getResults()));
    expect(lossesOf(reopened.events)).toEqual(losses);
    expect(await last.predict(question)).toEqual(answer);
    expect((await last.exportRun()).size).toBeGreaterThan(1000);
  });

  test("one that was stopped before its first step leaves nothing, and one that failed says why", { timeout: 60_000 }, async () => {
    const { api, recipe } = await prepared(new MemoryStorage());
    const events: RunEvent[] = [];
    await api.startRun(recipe, (event) => {
      events.push(event);
      if (event.kind === "started") void api.controlRun({ kind: "stop" });
    });
    expect(events.at(-1)).toEqual({ kind: "cancelled" });
    expect(await api.viewProject()).toMatchObject({ runs: [] });
    await api.startRun({ ...recipe, model: "no-such-model" }, (event) => events.push(event));
    expect(await api.viewProject()).toMatchObject({ runs: [{ state: "failed", error: { what: "no such model" } }] });
  });

  test("a run that waits for data to be kept says nothing yet, and ends at once when it is stopped; the data are kept, and the next run begins", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk, { epochs: 1 });
    // One that has ended is not the one that is stopped.
    await api.startRun(recipe, quiet);
    let letIn = (): void => {};
    const mayWrite = new Promise<void>((resolve) => (letIn = resolve));
    const append = disk.append.bind(disk);
    disk.append = (...file) => mayWrite.then(() => append(...file));
    await api.openFiles([{ path: "more.csv", blob: new Blob([`${csv}a film,up\n`]) }], quiet);
    await api.mapColumns({ text: "text", label: "kind" }, quiet);
    const keeping = api.keepData(recipe, quiet);

    const stopped: RunEvent[] = [];
    const run = api.startRun(recipe, (event) => stopped.push(event));
    await nextTask();
    expect(stopped).toEqual([]);
    await api.controlRun({ kind: "stop" });
    await run;
    expect(stopped).toEqual([{ kind: "cancelled" }]);
    letIn();
    expect((await keeping).runs).toMatchObject([{ run: 1 }]);
    const events: RunEvent[] = [];
    await api.startRun(recipe, (event) => events.push(event));
    expect(events.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
    expect((await api.viewProject())?.runs).toMatchObject([{ run: 2, state: "finished", data: "more.csv" }, { run: 1 }]);
  });

  test("storage that is full pauses the run, and with room it goes on to its end", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk);
    const room = roomOf(disk);
    const events: RunEvent[] = [];
    await api.startRun(recipe, (event) => {
      events.push(event);
      if (event.kind === "steps") room.isFull ||= events.filter(({ kind }) => kind === "paused").length === 0;
      if (event.kind === "paused") {
        room.isFull = false;
        void api.controlRun({ kind: "resume" });
      }
    });
    expect(events.filter(({ kind }) => kind === "paused")).toEqual([{ kind: "paused", because: { what: "the browser's storage is full", next: expect.stringContaining("and resume") as string } }]);
    expect(events.at(-1)).toMatchObject({ kind: "finished" });
    expect(await api.viewProject()).toMatchObject({ runs: [{ state: "finished", ended: { epochs: 6 }, headline: { name: "Accuracy" } }] });
  });

  test("results that have no room at the end of their run say so, are there all the same, and are kept when there is room", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk, { epochs: 1 });
    await expect(api.keepResults()).rejects.toThrow("there are no results that wait to be kept");
    const room = roomOf(disk);
    const events: RunEvent[] = [];
    await api.startRun(recipe, (event) => {
      events.push(event);
      room.isFull ||= event.kind === "finished";
    });
    expect(events.at(-1)).toEqual({ kind: "not-kept", error: { what: "the browser's storage is full", next: expect.stringContaining("keep them again") as string } });
    const { validation } = await api.getResults();
    await expect(api.keepResults()).rejects.toThrow("the browser's storage is full");
    room.isFull = false;
    await api.keepResults();
    await expect(api.keepResults()).rejects.toThrow("there are no results that wait to be kept");
    const next = tab(copyOf(disk));
    await next.openProject((await next.listProjects()).projects[0]?.id ?? "", quiet);
    expect((await next.reopenRun(1, quiet)).results.validation).toEqual(validation);
  });

  test("a run that was interrupted before its first checkpoint stays when it is stopped on its way on; one that is finished meanwhile is not begun again", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk, { epochs: 1 });
    let closed: MemoryStorage | null = null;
    await api.startRun(recipe, (event) => {
      if (event.kind === "started") closed = copyOf(disk);
    });
    const { validation } = await api.getResults();
    const events: RunEvent[] = [];
    await api.resumeRun(1, (event) => events.push(event));
    expect(events).toMatchObject([{ kind: "failed", error: { what: "it has been finished meanwhile" } }]);
    expect((await api.reopenRun(1, quiet)).results.validation).toEqual(validation);
    expect((await api.viewProject())?.runs).toMatchObject([{ run: 1, state: "finished" }]);

    const next = tab(closed as unknown as MemoryStorage);
    await next.openProject((await next.listProjects()).projects[0]?.id ?? "", quiet);
    const stopped: RunEvent[] = [];
    await next.resumeRun(1, (event) => {
      stopped.push(event);
      void next.controlRun({ kind: "stop" });
    });
    expect(stopped.at(-1)).toEqual({ kind: "cancelled" });
    expect((await next.viewProject())?.runs).toMatchObject([{ run: 1, state: "interrupted" }]);
  });

  test("a run goes on when another job is cancelled, and its project is exported only when it has ended", { timeout: 60_000 }, async () => {
    const { api, recipe } = await prepared(new MemoryStorage(), { epochs: 2 });
    const id = (await api.viewProject())?.id ?? "";
    const refused: unknown[] = [];
    const events: RunEvent[] = [];
    await api.startRun(recipe, (event) => {
      events.push(event);
      if (event.kind !== "steps") return;
      void api.cancel();
      void api.exportProject(id, quiet).catch((error: unknown) => refused.push(error));
    });
    expect(events.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
    expect(refused[0]).toMatchObject({ sentence: { what: "a run of this project is under way" } });
    expect((await api.exportProject(id, quiet)).size).toBeGreaterThan(1000);
  });

  test("a project is called what it is given, open or closed; no name, or one without end, is refused with a sentence", async () => {
    const disk = new MemoryStorage();
    const { api } = await prepared(disk);
    const id = (await api.viewProject())?.id ?? "";
    await api.updateProject(id, { name: "  Film reviews " });
    expect(await api.viewProject()).toMatchObject({ name: "Film reviews" });
    for (const name of ["", " \n ", "n".repeat(201)]) await expect(api.updateProject(id, { name })).rejects.toThrow(GraftError);
    await api.closeProject();
    await api.updateProject(id, { name: "Films" });
    const [card] = (await tab(disk).listProjects()).projects;
    expect(card).toMatchObject({ name: "Films", data: "films.csv", newestResult: null, runs: 0 });
    expect(card?.bytes).toBeGreaterThan(csv.length);
    await expect(api.updateProject("nosuchproject", { name: "x" })).rejects.toThrow(/no such project/);
    // Its file is called so, and so is what is made of it elsewhere.
    const other = tab(new MemoryStorage());
    await other.openProject(await other.importProject({ path: "project.zip", blob: await api.exportProject(id, quiet) }, quiet), quiet);
    expect(await other.viewProject()).toMatchObject({ name: "Films" });
  });

  test("other data of the same task joins a project with runs, and replaces what was never trained on", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk, { epochs: 1 });
    const open = async (name: string): Promise<void> => {
      await api.openFiles([{ path: name, blob: new Blob([csv]) }], quiet);
      await api.mapColumns({ text: "text", label: "kind" }, quiet);
      await api.keepData(recipe, quiet);
    };
    // What the person named stays, with other data in it.
    const { id, name } = (await api.viewProject()) ?? { id: "", name: "" };
    expect(name).toBe("films.csv");
    await api.updateProject(id, { name: "My films" });
    await open("first.csv");
    expect(await api.viewProject()).toMatchObject({ id, name: "My films", runs: [] });
    await api.updateProject(id, { name: "first.csv" });
    await open("second.csv");
    expect(await api.viewProject()).toMatchObject({ id, name: "second.csv" });
    const folder = [...(disk.content.get(id)?.keys() ?? [])];
    expect(folder.filter((file) => file.startsWith("content-"))).toHaveLength(new Set([csv]).size);
    expect((await api.listProjects()).projects.map(({ name }) => name)).toEqual(["second.csv"]);
    await api.startRun(recipe, quiet);
    await open("third.csv");
    await api.startRun(recipe, quiet);
    expect((await api.listProjects()).projects).toMatchObject([{ name: "second.csv", runs: 2 }]);
    expect((await api.viewProject())?.runs.map(({ data }) => data)).toEqual(["third.csv", "second.csv"]);
    // The first run's data are read again beside the open ones.
    expect(await api.reopenRun(1, quiet)).toMatchObject({ isOfOpenData: false });
  });

  test("a run begins with another's weights, refuses those of another model, is deleted and had back, and comes over as a zip", { timeout: 60_000 }, async () => {
    const disk = new MemoryStorage();
    const { api, recipe } = await prepared(disk, { epochs: 2 });
    await api.startRun(recipe, quiet);
    const first = (await api.getResults()).validation;
    await api.startRun({ ...recipe, epochs: 1 }, quiet, { continues: 1 });
    const { validation } = await api.getResults();
    // Before its first step it is what the other was after its last.
    expect(validation.before).toEqual(first.after);
    const events: RunEvent[] = [];
    // Adapters may be added to tuned layers; without them, what they learned has no place.
    await api.startRun({ ...recipe, epochs: 1, lora: { ...recipe.lora, enabled: true }, unfreeze: "head" }, (event) => events.push(event), { continues: 1 });
    expect(events.at(-1)).toMatchObject({ kind: "finished" });
    await api.startRun(recipe, (event) => events.push(event), { continues: 3 });
    expect(events.at(-1)).toMatchObject({ kind: "failed", error: { where: "the weights of Run 3" } });

    await api.updateRun(1, { notes: "The first", isDeleted: true });
    const runsOf = async (): Promise<readonly number[]> => (await api.viewProject())?.runs.map(({ run }) => run) ?? [];
    expect(await runsOf()).toEqual([4, 3, 2]);
    await api.updateRun(1, { isDeleted: false });
    expect(await runsOf()).toEqual([4, 3, 2, 1]);
    const id = (await api.viewProject())?.id ?? "";
    const other = tab(new MemoryStorage());
    const imported = await other.importProject({ path: "project.zip", blob: await api.exportProject(id, quiet) }, quiet);
    expect(await other.openProject(imported, quiet)).toMatchObject({ recipe, summary: { name: "films.csv", excluded: 1 }, project: { runs: [{ run: 4, state: "failed" }, { run: 3, state: "finished" }, { run: 2, continues: 1, state: "finished" }, { run: 1, notes: "The first" }] } });
    expect((await other.reopenRun(2, quiet)).results.validation).toEqual(validation);
  });
});
