/** A project with something of everything, and what a reader sees of one. */
import type { Project } from "../project.ts";
import type { ProjectStore } from "../project-store.ts";

export async function exampleProject(store: ProjectStore): Promise<Project> {
  const project = await store.create({ name: "Birds of the <b>marsh</b>", task: "text-classification" });
  const data = await project.addSource({ kind: "data", name: "songs.csv" }, [{ path: "songs/2024.csv", blob: new Blob(["text,label\ncroak,frog\n"]) }, { path: "songs/empty.txt", blob: new Blob([]) }]);
  await project.update({ notes: "Frogs are no birds.", recipes: [{ name: "slow", savedAt: 5, recipe: { task: "text-classification", epochs: 3 } }] });
  const finished = await project.addRun({ recipe: { epochs: 3 }, model: { id: "hub:someone/tiny@1234567" }, data: data.id });
  finished.append([{ kind: "steps", loss: Infinity }]);
  await finished.save({ progress: { step: 1 }, tensors: { weights: new Map([["head/bias", new Float32Array([1, NaN, -0])]]) } });
  finished.append([{ kind: "epoch" }]);
  await finished.finish({ state: "finished", results: { loss: 0.25, worst: -Infinity }, weights: new Map([["head/bias", new Float32Array([4, 5, 6])]]) });
  const running = await project.addRun({ recipe: { epochs: 9 }, model: null, data: data.id, continues: finished.id });
  running.append([{ kind: "steps", loss: 2 }]);
  await running.save({ progress: { step: 7 }, tensors: { weights: new Map([["head/bias", new Float32Array([7, 8])]]), slots: new Map() } });
  return project;
}

/** All that can be read of a project, but its id. */
export async function seenOf(project: Project): Promise<unknown> {
  const record = await project.read();
  const files = await Promise.all(record.sources.map(async (source) => Promise.all((await project.files(source)).map(async ({ path, blob }) => [path, await blob.text()]))));
  const runs = await Promise.all(
    (await project.runs()).map(async ({ run, record: runRecord }) => ({ id: run.id, record: runRecord, weights: await run.finalWeights(), history: await run.history(), resume: runRecord?.state === "finished" ? null : await run.resume() })),
  );
  return { record, files, runs };
}
