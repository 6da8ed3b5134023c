/**
 * Every job of the worker, cancelled at the first thing that it tells, at the second, and so on to the last: no tensor, no file and
 * no listener stays. Through the WorkerApi, with storage in memory; time goes so fast that nothing is left untold.
 */
import { strToU8, unzipSync, zipSync } from "fflate";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CancelledError } from "../core/errors.ts";
import { nextTask } from "../core/next-task.ts";
import { ListenerCount } from "../core/testing/listeners.ts";
import { memory } from "../engine/backend.ts";
import { byteGpt2 } from "../models/testing/byte-gpt2.ts";
import { textCheckpoint } from "../models/testing/checkpoint-files.ts";
import type { WorkerApi } from "../protocol/api.ts";
import { generationSchema } from "../protocol/generation.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "../protocol/recipe.ts";
import type { RunEvent } from "../protocol/run.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { createWorkerApi } from "./api.ts";
import { Device } from "./device.ts";

const embeddedBase = fileURLToPath(new URL("../../public/embedded/", import.meta.url));
const quiet = (): void => {};
const csv = `text,kind\n${Array.from({ length: 12 }, (_, i) => `${i % 2 ? "good" : "bad"} film ${"abcdefgh"[i % 8] as string},${i % 2 ? "up" : "down"}`).join("\n")}\n`;
const table = [{ path: "films.csv", blob: new Blob([csv]) }];
const columns = { text: "text", label: "kind" } as const;

beforeAll(async () => {
  await new Device(`${embeddedBase}wasm/`).activate("wasm");
});

let listeners: ListenerCount;
beforeEach(() => {
  // A tenth of a second goes by whenever somebody looks: every report is due, and every turn is over.
  let ms = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => (ms += 101));
  // A port that was closed goes with its listener, when it is collected.
  listeners = new ListenerCount((target) => !(target instanceof MessagePort));
});
afterEach(() => {
  listeners.restore();
  vi.restoreAllMocks();
});

interface Tab {
  readonly api: WorkerApi;
  readonly disk: MemoryStorage;
}

function tab(disk = new MemoryStorage()): Tab {
  return { api: createWorkerApi({ embeddedBase, projectStorage: disk }), disk };
}

/** What could be left behind. Of a file that is replaced as a whole, the generations have numbers. */
function left({ disk }: Tab): { readonly tensors: number; readonly files: readonly string[]; readonly listeners: Readonly<Record<string, number>> } {
  const files = [...disk.content].flatMap(([folder, content]) => [...content.keys()].map((name) => `${folder}/${name.replace(/\.\d+$/, "")}`));
  return { tensors: memory().tensors, files: [...new Set(files)].sort(), listeners: listeners.live() };
}

/** Lets go of what the job still had under way when its promise was settled. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTask();
}

type Job = (onEvent: () => void) => Promise<unknown>;

/**
 * Cancels the job at its first event, then anew at its second, until it comes to its end.
 * @returns how many events there were.
 */
async function cancelAtEach(at: Tab, job: Job, cancel: () => unknown = () => at.api.cancel()): Promise<number> {
  for (let moment = 1; ; moment++) {
    const before = left(at);
    let events = 0;
    const outcome = await job(() => void (++events === moment && cancel())).then(() => "ended", (error: unknown) => error);
    if (events < moment) {
      expect(outcome).toBe("ended");
      return events;
    }
    expect(outcome, `cancelled at event ${moment}`).toBeInstanceOf(CancelledError);
    await settled();
    expect(left(at), `cancelled at event ${moment}`).toEqual(before);
  }
}

/** Data, a model and a recipe, in a project. */
async function prepared(settings: Partial<RecipeInput> = {}): Promise<Tab & { readonly recipe: Recipe }> {
  const made = tab();
  const { api } = made;
  await api.openFiles(table, quiet);
  await api.mapColumns(columns, quiet);
  const model = await api.importModel(textCheckpoint("bert"), quiet);
  const recipe = parseRecipe({ task: "text-classification", model: model.id, backend: "wasm", columns, split: { validation: 0.25 }, unfreeze: "all", epochs: 2, batchSize: 6, maxTokens: 8, learningRate: 1e-3, ...settings });
  await api.keepData(recipe, quiet);
  return { ...made, recipe };
}

describe("cancelled at every stage, no tensor, file or listener stays of", () => {
  test.each([
    ["a table", table],
    ["a zip of texts", [{ path: "texts.zip", blob: new Blob([zipSync({ "a.txt": strToU8("One text."), "b.txt": strToU8("And another."), "c.txt": strToU8("A third.") })]) }]],
    ["JSON lines", [{ path: "lines.jsonl", blob: new Blob([`${JSON.stringify({ text: "A line." })}\n`.repeat(40)]) }]],
  ])("reading %s", async (_, files) => {
    const at = tab();
    expect(await cancelAtEach(at, (onEvent) => at.api.openFiles(files, onEvent))).toBeGreaterThan(0);
  });

  test("making data of a table's columns", async () => {
    const at = tab();
    await at.api.openFiles(table, quiet);
    expect(await cancelAtEach(at, (onEvent) => at.api.mapColumns(columns, onEvent))).toBeGreaterThan(0);
    await at.api.closeData();
  });

  test("opening a model: nor is it listed", async () => {
    const at = tab();
    const names = async (): Promise<readonly string[]> => (await at.api.listModels("text-classification").catch(() => [])).map(({ id }) => id);
    const before = await names();
    const isListed: boolean[] = [];
    expect(await cancelAtEach(at, async (onEvent) => {
      isListed.push((await names()).length > before.length);
      return at.api.importModel(textCheckpoint("bert"), onEvent);
    })).toBe(1);
    expect(isListed).toEqual([false, false]);
  });

  test("keeping data, when others are opened: their copies go, in a new project and in one with runs", async () => {
    const many = [...table, { path: "notes.txt", blob: new Blob(["Of these films."]) }, { path: "more.txt", blob: new Blob(["And others."]) }];
    const { api, disk, recipe } = await prepared({ epochs: 1 });
    await api.startRun(recipe, quiet);
    for (const at of [{ ...tab(), recipe }, { api, disk, recipe }]) {
      const events = await cancelAtEach(at, async (onEvent) => {
        await at.api.openFiles(many, quiet);
        await at.api.mapColumns(columns, quiet);
        return at.api.keepData(recipe, onEvent);
      }, () => at.api.closeData());
      expect(events).toBe(3);
    }
  });

  test("exporting a project, bringing it in, and opening it: nor is it open", async () => {
    const { api, disk, recipe } = await prepared();
    await api.startRun(recipe, quiet);
    const id = (await api.viewProject())?.id ?? "";
    const before = left({ api, disk });
    let zip = new Blob();
    const exporting = async (onEvent: () => void): Promise<void> => void (zip = await api.exportProject(id, onEvent));
    expect(await cancelAtEach({ api, disk }, exporting, () => api.cancelExport("project"))).toBeGreaterThan(5);
    expect(left({ api, disk })).toEqual(before);
    const at = tab();
    expect(await cancelAtEach(at, (onEvent) => at.api.importProject({ path: "project.zip", blob: zip }, onEvent))).toBeGreaterThan(5);
    const [project] = (await at.api.listProjects()).projects;
    const isOpen: boolean[] = [];
    const events = await cancelAtEach(at, async (onEvent) => {
      isOpen.push((await at.api.viewProject()) !== null);
      return at.api.openProject(project?.id ?? "", onEvent);
    });
    expect(isOpen).toEqual(new Array(events + 1).fill(false));
    expect(events).toBeGreaterThan(0);
    const opening = (onEvent: () => void): Promise<unknown> => at.api.reopenRun(1, onEvent);
    expect(await cancelAtEach(at, opening)).toBeGreaterThan(0);
  });
});

describe("a run, stopped at everything that it tells", () => {
  /** Its folder, as a run that ended with results leaves it. */
  const ended = ["history", "run", "weights"];

  test.each<[string, Partial<RecipeInput>]>([
    ["the whole model", {}],
    ["a new head, on features that are kept", { unfreeze: "head" }],
    ["adapters", { unfreeze: "head", lora: { enabled: true, rank: 2, alpha: 4 } }],
  ])("%s: it leaves nothing before its first step, and after it what a run that ended does", { timeout: 300_000 }, async (_, settings) => {
    const { api, disk, recipe } = await prepared(settings);
    const run = async (stopsAt: number, job: (onEvent: (event: RunEvent) => void) => Promise<void>): Promise<readonly RunEvent[]> => {
      const events: RunEvent[] = [];
      await job((event) => {
        if (events.push(event) === stopsAt) void api.controlRun({ kind: "stop" });
      });
      await settled();
      return events;
    };
    // The model's files join the project with the first run.
    const whole = await run(Infinity, (onEvent) => api.startRun(recipe, onEvent));
    expect(whole.at(-1)).toMatchObject({ kind: "finished", reason: "completed" });
    const held = left({ api, disk });
    await run(1, (onEvent) => api.startRun(recipe, onEvent));
    const idle = left({ api, disk });
    expect(idle).toMatchObject({ files: held.files, listeners: held.listeners });
    expect(idle.tensors).toBeLessThan(held.tensors);

    const folderOf = (files: readonly string[], number: number): string[] => files.flatMap((path) => [...(path.match(new RegExp(`~${number}/([a-z]+)`)) ?? [])].slice(1));
    let [cancelled, stopped] = [0, 0];
    for (let moment = 2, runs = 1; moment <= whole.length; moment++) {
      const before = left({ api, disk });
      const end = (await run(moment, (onEvent) => api.startRun(recipe, onEvent))).at(-1);
      const after = left({ api, disk });
      const where = `stopped at ${JSON.stringify(whole[moment - 1])}`;
      expect(after.listeners, where).toEqual(held.listeners);
      if (end?.kind === "cancelled") {
        cancelled++;
        expect([after.tensors, after.files], where).toEqual([idle.tensors, before.files]);
      } else {
        stopped++;
        expect(end, where).toMatchObject({ kind: "finished" });
        expect(after.tensors, where).toBe(held.tensors);
        expect([...new Set(folderOf(after.files, ++runs))], where).toEqual(ended);
        expect(after.files.filter((path) => !path.includes(`~${runs}/`)), where).toEqual(before.files);
      }
    }
    expect([cancelled > 1, stopped > 3]).toEqual([true, true]);
  });

  test("that was interrupted, each time that it goes on: its checkpoint stays", { timeout: 300_000 }, async () => {
    const { api, disk, recipe } = await prepared({ epochs: 12 });
    let closed: MemoryStorage | null = null;
    await api.startRun(recipe, (event) => {
      if (event.kind !== "epoch" || event.point.epoch < 10) return;
      closed ??= new MemoryStorage();
      for (const [folder, files] of disk.content) closed.content.set(folder, new Map([...files].map(([name, bytes]) => [name, bytes.slice()])));
    });
    const at = tab(closed ?? undefined);
    const [project] = (await at.api.listProjects()).projects;
    await at.api.openProject(project?.id ?? "", quiet);
    const isStored = (): boolean => left(at).files.some((path) => path.endsWith("~1/checkpoint"));
    expect(isStored()).toBe(true);
    const before = left(at);
    let cancelled = 0;
    for (let moment = 1; ; moment++) {
      const events: RunEvent[] = [];
      await at.api.resumeRun(1, (event) => {
        if (events.push(event) === moment) void at.api.controlRun({ kind: "stop" });
      });
      await settled();
      if (events.at(-1)?.kind !== "cancelled") break;
      cancelled++;
      expect(left(at), `stopped at ${JSON.stringify(events[moment - 1])}`).toEqual(before);
    }
    expect(cancelled).toBeGreaterThan(2);
  });
});

describe("what is asked of a finished run", () => {
  test("an explanation that is left for a question, however far it was: of a run and of a download", { timeout: 300_000 }, async () => {
    const at = await prepared({ epochs: 1 });
    const { api } = at;
    await api.startRun(at.recipe, quiet);
    const before = left(at);
    const zip = await api.exportRun();
    const int8 = await api.exportRun({ int8: true });
    expect(left(at)).toEqual(before);
    for (const options of [{}, { int8: true }]) expect(await cancelAtEach(at, (onEvent) => api.exportRun(options, onEvent), () => api.cancelExport("run"))).toBe(4);
    expect(int8.size).toBeLessThan(zip.size);
    const request = { input: { kind: "text", text: "good film a bad" }, name: "up" } as const;
    // What is shown of the model before its training never gets into a download.
    const weightsOf = async (blob: Blob): Promise<Uint8Array | undefined> => unzipSync(new Uint8Array(await blob.arrayBuffer()))["model.safetensors"];
    const trained = await weightsOf(zip);
    expect(trained).toBeDefined();
    for (let turns = 0; turns < 40; turns += 4) {
      const explaining = api.explain(request);
      for (let turn = 0; turn < turns; turn++) await nextTask();
      const meanwhile = await weightsOf(await api.exportRun());
      expect(Buffer.compare(meanwhile ?? new Uint8Array(), trained ?? new Uint8Array()), `exported after ${turns} turns`).toBe(0);
      await explaining;
    }
    await api.openDownload([{ path: "download.zip", blob: zip }]);
    const question = { kind: "text", text: "good film" } as const;
    for (const [explain, ask] of [[() => api.explain(request), () => api.predict(question)], [() => api.explainOpened(request), () => api.predictOpened(question)]] as const) {
      const idle = left(at);
      let ended = 0;
      for (let turns = 0; ended === 0; turns++) {
        const explaining = explain().then(() => ended++, (error: unknown) => expect(error).toBeInstanceOf(CancelledError));
        for (let turn = 0; turn < turns; turn++) await nextTask();
        await ask();
        await explaining;
        await settled();
        expect(left(at), `left after ${turns} turns`).toEqual(idle);
        if (turns === 0) expect(ended).toBe(0);
      }
    }
  });

  test("a text that is stopped at each of its pieces", { timeout: 300_000 }, async () => {
    const at = tab();
    const { api } = at;
    await api.openFiles([{ path: "animals.txt", blob: new Blob(["The cat sat on the mat.\n\n".repeat(60)]) }], quiet);
    const model = await api.importModel(byteGpt2(), quiet);
    await api.startRun(parseRecipe({ task: "text-generation", model: model.id, backend: "wasm", epochs: 1, batchSize: 8, generation: { contextLength: 32, sampleTokens: 4, prompts: ["The cat"] } }), quiet);
    const before = left(at);
    const options = { ...generationSchema.parse({}), maxNewTokens: 12 };
    for (const which of ["tuned", "base"] as const) {
      const reasons = new Set<string>();
      for (let moment = 1; !reasons.has("length") && !reasons.has("end-of-text"); moment++) {
        let pieces = 0;
        reasons.add((await api.generate({ which, prompt: "The cat", options }, () => void (++pieces === moment && api.stopGenerating()))).reason);
        await settled();
        expect(left(at), `${which}, stopped at piece ${moment}`).toEqual(before);
      }
      expect(reasons).toContain("cancelled");
    }
  });
});
