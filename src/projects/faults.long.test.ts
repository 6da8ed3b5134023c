/**
 * Every way in which storage goes wrong, at every operation of writing a checkpoint, a record, a data set and a run's end; after
 * each, a new process opens what is left. The printed table is the answer to: what is lost?
 */
import { afterAll, describe, expect, test } from "vitest";
import { StorageFullError } from "../storage/storage.ts";
import { faults, FaultyStorage, TabClosed, type Fault } from "../storage/testing/faulty-storage.ts";
import { MemoryStorage } from "../storage/testing/memory-storage.ts";
import { Project } from "./project.ts";
import { ProjectStore } from "./project-store.ts";
import type { RunCheckpoint, StoredRun } from "./stored-run.ts";

const kinds = Object.keys(faults) as Fault[];
/** What these do, nobody notices before the next reading. */
const silent: readonly Fault[] = ["a bit is flipped"];
const stepsBetween = 10;

function checkpointAt(step: number): RunCheckpoint {
  return { progress: { step, best: { score: -Infinity } }, tensors: { weights: new Map([["head/kernel", Float32Array.from({ length: 300 }, (_, i) => Math.sin(i + step))]]), best: new Map(), slots: new Map([["head/kernel:mean", new Float32Array([step, NaN, -0])]]) } };
}

const stepEvents = (to: number): unknown[] => Array.from({ length: stepsBetween }, (_, i) => ({ kind: "steps", step: to - stepsBetween + 1 + i, gradientNorm: i === 3 ? NaN : i }));

async function saveAt(run: StoredRun, step: number): Promise<void> {
  run.append(stepEvents(step));
  await run.save(checkpointAt(step));
}

interface Found {
  /** 0 for none. */
  readonly step: number;
}

/** A new process: the newest whole checkpoint, with exactly the history that belongs before it. */
async function reopened(disk: MemoryStorage, project: string): Promise<{ readonly run: StoredRun; readonly found: Found }> {
  const run = new Project(disk, project).run(1);
  const { checkpoint, events, damaged } = await run.resume();
  const step = checkpoint === null ? 0 : (checkpoint.progress as { step: number }).step;
  if (checkpoint) expect(checkpoint).toEqual(checkpointAt(step));
  const told = Array.from({ length: step / stepsBetween }, (_, i) => stepEvents((i + 1) * stepsBetween)).flat();
  if (damaged.some((sentence) => sentence.includes("history"))) expect(told).toEqual(expect.arrayContaining([...events]));
  else expect(events).toEqual(told);
  return { run, found: { step } };
}

/** Work on a project with a run that has two checkpoints, whose n-th operation goes wrong. */
async function prepared(fault: Fault | null, at: number): Promise<{ readonly storage: FaultyStorage; readonly project: Project; readonly run: StoredRun; readonly first: number }> {
  const disk = new MemoryStorage();
  const made = await new ProjectStore(disk).create({ name: "Birds", task: "image-classification" });
  const begun = await made.addRun({ recipe: { task: "image-classification" }, model: null, data: null });
  for (const step of [10, 20]) await saveAt(begun, step);
  const storage = new FaultyStorage(fault, at, disk);
  const project = await new ProjectStore(storage).open(made.id);
  const run = project.run(1);
  expect((await run.resume()).checkpoint).toEqual(checkpointAt(20));
  return { storage, project, run, first: storage.operations };
}

async function attempt(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => null,
    (error: unknown) => error,
  );
}

interface Line {
  readonly what: string;
  readonly fault: Fault;
  readonly operations: number;
  readonly survived: number;
  readonly mostStepsLost: number;
}
const table: Line[] = [];

afterAll(() => {
  process.stdout.write(`${["what was written | fault | at each of n operations | survived | steps lost at most, of 10 between checkpoints", ...table.map((line) => Object.values(line).join(" | "))].join("\n")}\n`);
});

/** How many operations the work takes when nothing goes wrong. */
async function operationsOf(work: (project: Project, run: StoredRun) => Promise<unknown>): Promise<number> {
  const { storage, project, run, first } = await prepared(null, 0);
  await work(project, run);
  return storage.operations - first;
}

describe("a checkpoint", () => {
  test.each(kinds)("%s: at every operation, the one before is still there, and the run goes on", async (fault) => {
    const work = async (_: Project, run: StoredRun): Promise<void> => {
      await saveAt(run, 30);
      await saveAt(run, 40);
    };
    const operations = await operationsOf(work);
    // History: open, write x3, close; checkpoint the same, and one old one removed; twice.
    expect(operations).toBe(22);
    let mostStepsLost = 0;
    for (let at = 1; at <= operations; at++) {
      const { storage, project, run } = await prepared(fault, at);
      let kept = 20;
      let reached = 20;
      for (const step of [30, 40]) {
        const error = await attempt(() => saveAt(run, step));
        reached = step;
        if (error === null) kept = step;
        else if (error instanceof TabClosed) break;
        // The run pauses where it is.
        else if (error instanceof StorageFullError) break;
      }
      expect(storage.hasStruck).toBe(true);
      const { run: again, found } = await reopened(storage.restarted(), project.id);
      // Where nothing was told, what was told to be kept is there.
      if (!silent.includes(fault)) expect(found.step, `at operation ${at}`).toBeGreaterThanOrEqual(kept);
      mostStepsLost = Math.max(mostStepsLost, reached - found.step);
      expect(found.step, `at operation ${at}`).toBeGreaterThanOrEqual(reached - stepsBetween);
      // And it goes on.
      await saveAt(again, found.step + stepsBetween);
      expect((await again.resume()).checkpoint).toEqual(checkpointAt(found.step + stepsBetween));
    }
    table.push({ what: "checkpoint", fault, operations, survived: operations, mostStepsLost });
  });

  test("when there is room again, the same process saves what it could not", async () => {
    for (let at = 1; at <= 10; at++) {
      const { storage, project, run } = await prepared("fails once", at);
      const error = await attempt(() => saveAt(run, 30));
      if (error) await run.save(checkpointAt(30));
      expect((await reopened(storage.restarted(), project.id)).found.step).toBe(30);
    }
  });

  test("checkpoints that the browser does not read at one moment are there at the next: nothing begins anew meanwhile", async () => {
    const { storage, project } = await prepared(null, 0);
    const { disk } = storage;
    const file = disk.file.bind(disk);
    disk.file = async (folder, name) => {
      const found = await file(folder, name);
      return found && name.startsWith("checkpoint.") ? Object.assign(found, { arrayBuffer: () => Promise.reject(new DOMException("Out of memory", "NotReadableError")) }) : found;
    };
    await expect(new Project(disk, project.id).run(1).resume()).rejects.toThrow("the browser does not read it");
    disk.file = file;
    expect((await reopened(disk, project.id)).found.step).toBe(20);
  });

  test("two damaged ones are no reason to lose the third, and are not counted as kept", async () => {
    const { storage, project, run } = await prepared(null, 0);
    await saveAt(run, 30);
    const disk = storage.restarted();
    const files = disk.content.get(`${project.id}~1`) as Map<string, Uint8Array<ArrayBuffer>>;
    const name = [...files.keys()].filter((each) => each.startsWith("checkpoint.")).at(-1) as string;
    files.set(name, (files.get(name) as Uint8Array<ArrayBuffer>).slice(0, -5));
    const opened = await reopened(disk, project.id);
    expect(opened.found.step).toBe(20);
    await saveAt(opened.run, 30);
    expect([...files.keys()].filter((each) => each.startsWith("checkpoint."))).toHaveLength(2);
    expect((await reopened(disk, project.id)).found.step).toBe(30);
    expect(files.has(name)).toBe(false);
  });
});

interface Work {
  readonly do: (project: Project, run: StoredRun) => Promise<unknown>;
  /** What a reader sees of it, before and after. */
  readonly see: (project: Project) => Promise<unknown>;
}

const works: Readonly<Record<string, Work>> = {
  "a record": {
    do: (project) => project.update({ notes: "Owls are hard." }),
    see: async (project) => (await project.read()).notes,
  },
  "a data set": {
    do: (project) => project.addSource({ kind: "data", name: "owls" }, [{ path: "a.csv", blob: new Blob(["text,label\n".repeat(50)]) }, { path: "b.csv", blob: new Blob(["other"]) }]),
    see: async (project) => {
      const { sources } = await project.read();
      return Promise.all(sources.map(async (source) => Promise.all((await project.files(source)).map(async ({ path, blob }) => [path, await blob.text()]))));
    },
  },
  "the end of a run": {
    do: async (_, run) => {
      run.append(stepEvents(30));
      await run.finish({ state: "finished", results: { accuracy: 0.9 }, weights: new Map([["head/bias", new Float32Array([1, 2, 3])]]) });
    },
    see: async (project) => {
      const run = project.run(1);
      const { state, results } = await run.read();
      return state === "finished" ? { state, results, weights: await run.finalWeights() } : { state, step: (await run.resume()).checkpoint?.progress };
    },
  },
};

describe.each(Object.entries(works))("%s", (what, { do: work, see }) => {
  test.each(kinds)("%s: at every operation, what is there is the old or the new, and never anything between", async (fault) => {
    const operations = await operationsOf(work);
    expect(operations).toBeGreaterThan(4);
    const { project: plain, run: plainRun } = await prepared(null, 0);
    const before = await see(plain);
    await work(plain, plainRun);
    const after = await see(plain);
    expect(after).not.toEqual(before);
    for (let at = 1; at <= operations; at++) {
      const { storage, project, run } = await prepared(fault, at);
      const error = await attempt(() => work(project, run));
      const disk = storage.restarted();
      const seen = await see(new Project(disk, project.id));
      if (error === null && !silent.includes(fault)) expect(seen, `at operation ${at}`).toEqual(after);
      else expect([before, after], `at operation ${at}`).toContainEqual(seen);
      // And what failed can be done again.
      const again = new Project(disk, project.id);
      const runAgain = again.run(1);
      if ((await runAgain.read()).state === "running") await runAgain.resume();
      if (!isSame(seen, after)) await work(again, runAgain);
      expect(await see(new Project(disk, project.id))).toEqual(after);
      await again.purge();
      expect(await see(again)).toEqual(after);
    }
    table.push({ what, fault, operations, survived: operations, mostStepsLost: 0 });
  });
});

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
