/** What a project learns from and begins with: data that take the place of others, models that were brought along, and what it is called after. */
import type { Project } from "../projects/project.ts";
import type { ProjectRecord, StoredSource } from "../projects/records.ts";
import type { ModelStore } from "./model-store.ts";

/** Of a project, in characters. */
export const longestName = 200;

/** As long as nobody has named it. @param data the name of what it learns from */
export function projectName(data: string): string {
  return data.slice(0, longestName) || "Untitled";
}

/** Of a project without runs. It keeps the name that the person gave it; one that was called as its data is called as these. */
export async function replaceData(project: Project, before: ProjectRecord, source: StoredSource, { task, name }: Pick<ProjectRecord, "task" | "name">): Promise<void> {
  const { sources } = await project.read();
  const data = before.sources.findLast(({ kind }) => kind === "data");
  const isNamedByData = data !== undefined && before.name === projectName(data.name);
  await project.update({ task, draft: null, sources: sources.filter(({ id, kind }) => kind !== "data" || id === source.id), ...(isNamedByData && { name: projectName(name) }) });
  await project.purge();
}

/** Of a model that was brought along; its files are kept with the project. Null for another. */
export async function modelReference(project: Project, model: string, models: ModelStore): Promise<{ readonly source: number } | null> {
  const files = models.importedFiles(model);
  if (!files) return null;
  const { sources } = await project.read();
  const added = await project.addSource({ kind: "model", name: model }, files);
  const same = sources.find(({ kind, name, files: had }) => kind === "model" && name === model && JSON.stringify(had) === JSON.stringify(added.files));
  if (same) await project.update({ sources });
  return { source: (same ?? added).id };
}
