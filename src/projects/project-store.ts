/**
 * All projects of this browser. The files are their own index: a list beside them, in IndexedDB say, would be written in another
 * transaction than they are, and after a crash the two could say different things. Listing reads one small record a project.
 */
import { GraftError } from "../core/errors.ts";
import type { FileStorage } from "../storage/storage.ts";
import { nullIfRefused, Project } from "./project.ts";
import type { ProjectRecord } from "./records.ts";

export interface ListedProject {
  readonly id: string;
  /** Null where nothing of its record is whole, or an import was interrupted: it can be deleted. */
  readonly record: ProjectRecord | null;
}

const isProject = (folder: string): boolean => /^[0-9a-z]+$/.test(folder);

export class ProjectStore {
  private readonly storage: FileStorage;

  constructor(storage: FileStorage) {
    this.storage = storage;
  }

  /** Newest first. */
  async list(): Promise<readonly ListedProject[]> {
    const folders = (await this.storage.folders()).filter(isProject);
    const listed = await Promise.all(folders.map(async (id) => ({ id, record: await new Project(this.storage, id).read().catch(nullIfRefused) })));
    return listed.toSorted((a, b) => (b.record?.createdAt ?? 0) - (a.record?.createdAt ?? 0));
  }

  async create({ name, task }: Pick<ProjectRecord, "name" | "task">): Promise<Project> {
    const project = this.blank();
    await project.begin({ name, task, createdAt: Date.now(), notes: "", sources: [], recipes: [], draft: null });
    return project;
  }

  /** @throws GraftError if there is none. */
  async open(id: string): Promise<Project> {
    if (!isProject(id)) throw new GraftError({ where: `project "${id}"`, what: "this is no project's id", next: "Open a project from the list" });
    const project = new Project(this.storage, id);
    await project.read();
    return project;
  }

  /** With its runs first, so that a crash on the way leaves a project that can be deleted again. */
  async delete(id: string): Promise<void> {
    for (const folder of await this.storage.folders()) if (folder.startsWith(`${id}~`)) await this.storage.remove(folder);
    await this.storage.remove(id);
  }

  /** A project that is listed once its record is written. */
  blank(): Project {
    return new Project(this.storage, crypto.randomUUID().replaceAll("-", ""));
  }
}
