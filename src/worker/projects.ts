/**
 * The projects of this browser, and the open one: its data, its draft, its runs. Without storage (private windows of some
 * browsers, tests), nothing is kept and everything else works.
 */
import { CancelledError, GraftError } from "../core/errors.ts";
import { Queue } from "../core/queue.ts";
import type { Dataset } from "../data/dataset.ts";
import type { JobOptions } from "../data/pace.ts";
import { exportProject, importProject } from "../projects/archive.ts";
import { nullIfRefused, Project, sourceOfModel } from "../projects/project.ts";
import { ProjectStore } from "../projects/project-store.ts";
import type { ProjectRecord, RunRecord } from "../projects/records.ts";
import type { StoredRun } from "../projects/stored-run.ts";
import type { OnProgress } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { ModelCard } from "../protocol/models.ts";
import type { OpenedProject, ProjectApi, ProjectList, ProjectView } from "../protocol/projects.ts";
import { parseRecipe, taskIds, type Recipe, type TaskId } from "../protocol/recipe.ts";
import { askToKeep } from "../storage/space.ts";
import type { FileStorage } from "../storage/storage.ts";
import type { ModelStore } from "./model-store.ts";
import type { InitialWeights } from "./run.ts";
import { choicesOf, isMadeBy, OpenData } from "./open-data.ts";
import { lockedProjects, lockProject, type Release } from "./project-lock.ts";
import { projectCard } from "./project-card.ts";
import { longestName, modelReference, projectName, replaceData } from "./project-sources.ts";
import { isListed, recipeOf, resultsOf, runCard } from "./run-cards.ts";

interface Open {
  readonly project: Project;
  /** Another tab writes to it. */
  readonly isReadOnly: boolean;
  /** What was last kept or brought back: the source, and the files that it was or became. */
  data: { readonly source: number; readonly files: OpenData["files"] } | null;
}

export interface ProjectsOptions {
  readonly storage: FileStorage | null;
  readonly data: OpenData;
  readonly models: ModelStore;
}

/** A run with everything that it needs to go on, or to be looked at again. */
export interface RunParts {
  /** The project's id. */
  readonly project: string;
  readonly stored: StoredRun;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly isOfOpenData: boolean;
  /** What it began with, in place of the model's own; null where it did not. */
  readonly initial: InitialWeights | null;
}

export class Projects {
  private readonly storage: FileStorage | null;
  private readonly data: OpenData;
  private readonly models: ModelStore;
  /** By the project's id: the open one, and that of a run which is under way. */
  private readonly locks = new Map<string, Release>();
  private open: Open | null = null;
  /** The run that is being written to, in the project that it belongs to. */
  private active: { readonly project: string; readonly run: number } | null = null;
  /** Records are read, changed and written: one change at a time. */
  private readonly turns = new Queue();

  constructor({ storage, data, models }: ProjectsOptions) {
    this.storage = storage;
    this.data = data;
    this.models = models;
  }

  async list(): Promise<ProjectList> {
    const { storage } = this;
    if (!storage) return { projects: [], storage: { quotaBytes: null, isPersistent: false } };
    const locked = await lockedProjects();
    const listed = await new ProjectStore(storage).list();
    const projects = await Promise.all(listed.map((entry) => projectCard(new Project(storage, entry.id), entry, { isOpenElsewhere: locked.has(entry.id) && entry.id !== this.open?.project.id, isTraining: this.active?.project === entry.id })));
    const { quotaBytes } = await storage.estimate();
    return { projects, storage: { quotaBytes, isPersistent: await storage.isPersistent() } };
  }

  keepData(recipe: Recipe, onProgress: OnProgress): Promise<ProjectView> {
    const { files } = this.data;
    return this.turns.run(async () => {
      // While it waited, others took their place.
      if (this.data.files !== files) throw new CancelledError();
      const dataset = this.data.open();
      const { name, task } = dataset.summary();
      const { open, isNew, replaced } = await this.projectFor(task, name);
      const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
      let done = 0;
      try {
        const source = await open.project.addSource({ kind: "data", name }, files, (bytes) => {
          onProgress({ what: "Keeping the data in this browser", done: (done += bytes), total });
          // Other data were opened, or none: these need not be kept.
          if (this.data.files !== files) throw new CancelledError();
        });
        open.data = { source: source.id, files };
        if (replaced) await replaceData(open.project, replaced, source, { task, name });
        await this.writeDraft(open, recipe);
      } catch (error) {
        if (isNew) await this.drop(open);
        throw error;
      }
      return this.view(open);
    });
  }

  async openProject(id: string, { onProgress, signal }: JobOptions & { readonly onProgress: OnProgress }): Promise<OpenedProject> {
    return this.turns.run(async () => {
      const project = await new ProjectStore(this.needed()).open(id);
      const open = this.open?.project.id === id ? this.open : { project, isReadOnly: !(await this.lock(id)), data: null };
      if (open !== this.open) this.leave();
      this.open = open;
      open.data = null;
      if (!open.isReadOnly && this.active?.project !== id) await project.purge();
      const record = await project.read();
      const models = await this.bringModels(record, project);
      const recipe = record.draft && recipeOf(record.draft.recipe);
      const source = record.sources.find((each) => each.id === record.draft?.data);
      const opened = { project: await this.view(open), models, recipe };
      this.data.close();
      if (!source || !recipe) return { ...opened, summary: null, lost: null };
      try {
        const summary = await this.data.reopen(await project.files(source), choicesOf(recipe, record.draft?.excluded ?? []), { onProgress, signal });
        open.data = { source: source.id, files: this.data.files };
        return { ...opened, summary, lost: null };
      } catch (error) {
        if (error instanceof GraftError) return { ...opened, summary: null, lost: error.sentence };
        // Of what was cancelled, the page shows nothing: another tab may have it.
        if (error instanceof CancelledError) this.leave();
        throw error;
      }
    }, signal);
  }

  closeProject(): Promise<void> {
    return this.turns.run(async () => this.leave());
  }

  deleteProject(id: string): Promise<void> {
    return this.turns.run(async () => {
      if (this.active?.project === id) throw new GraftError({ what: "a run of this project is under way", next: "Stop it first" });
      if (this.open?.project.id === id && !this.open.isReadOnly) return this.drop(this.open);
      await this.whileLocked(id, "Close that tab, and delete it then", () => new ProjectStore(this.needed()).delete(id));
    });
  }

  async exportProject(id: string, options: JobOptions): Promise<Blob> {
    const storage = this.needed();
    // It replaces its files all the time.
    if (this.active?.project === id) throw new GraftError({ what: "a run of this project is under way", next: "Export it when the run has ended, or stop it first" });
    return exportProject(storage, await new ProjectStore(storage).open(id), options);
  }

  async importProject({ path, blob }: SourceFile, options: JobOptions): Promise<string> {
    const storage = this.needed();
    return (await importProject(storage, new ProjectStore(storage), blob, path, options)).id;
  }

  async viewProject(): Promise<ProjectView | null> {
    return this.open && this.view(this.open);
  }

  updateProject(id: string, changes: Parameters<ProjectApi["updateProject"]>[1]): Promise<void> {
    const name = changes.name?.trim();
    return this.turns.run(async () => {
      if (name === "") throw new GraftError({ what: "A project needs a name", next: "Write one, or press Escape to leave it as it was" });
      if (name !== undefined && name.length > longestName) throw new GraftError({ what: `The name has ${name.length} characters`, wanted: `${longestName} at most`, next: "Make it shorter: the notes have room for more" });
      const write = (project: Project): Promise<void> => project.update({ ...changes, ...(name !== undefined && { name }) });
      if (this.open?.project.id === id) return write(this.writable().project);
      await this.whileLocked(id, "Close that tab, and try it again", async () => write(await new ProjectStore(this.needed()).open(id)));
    });
  }

  keepDraft(recipe: Recipe): Promise<void> {
    return this.turns.run(async () => {
      if (this.open && !this.open.isReadOnly && this.sourceOf(this.open) !== null && this.data.dataset) await this.writeDraft(this.open, recipe);
    });
  }

  askToKeep(): ReturnType<typeof askToKeep> {
    return askToKeep(this.needed());
  }

  updateRun(run: number, { isDeleted, ...changes }: Parameters<ProjectApi["updateRun"]>[1]): Promise<void> {
    return this.turns.run(async () => {
      const { project } = this.writable();
      if (isDeleted && this.active?.run === run && this.active.project === project.id) throw new GraftError({ what: "this run is under way", next: "Stop it first" });
      await project.run(run).update({ ...changes, ...(isDeleted !== undefined && { deletedAt: isDeleted ? Date.now() : null }) });
    });
  }

  /** Writes to a project that has to be the open one. @throws GraftError where it is not, or another tab writes to it. */
  inProject<T>(id: string, write: () => Promise<T>): Promise<T> {
    return this.turns.run(() => {
      if (this.writable().project.id !== id) throw new GraftError({ what: "the project that they belong to is not open", next: "Open it, and train again; or download the model" });
      return write();
    });
  }

  /** The run that is being kept. */
  get underWay(): { readonly project: string; readonly run: number } | null {
    return this.active;
  }

  /** A run of the open project, for reading. @throws GraftError if none is open. */
  run(id: number): StoredRun {
    return this.opened().project.run(id);
  }

  /**
   * A run that begins, in the open project; null where none is open, or its data is not kept there. Waits for data that are being kept.
   * @throws GraftError where another tab writes to the project, or there is no room; CancelledError as soon as the signal is aborted, and nothing is there of it.
   */
  beginRun(recipe: Recipe, { continues = null, signal }: { readonly continues?: number | null | undefined; readonly signal?: AbortSignal } = {}): Promise<StoredRun | null> {
    return this.turns.run(async () => {
      const { open } = this;
      const source = open && this.sourceOf(open);
      if (source === null) return null;
      const { project } = this.writable();
      const { excludedItems, split } = this.data.open();
      const stored = await project.addRun({ recipe, model: await modelReference(project, recipe.model, this.models), data: source, excluded: [...excludedItems], split, continues });
      this.active = { project: project.id, run: stored.id };
      return stored;
    }, signal);
  }

  /** A run of the open project that goes on. @throws as `beginRun`. */
  resumeRun(id: number, signal: AbortSignal): Promise<RunParts> {
    return this.turns.run(async () => {
      const { project } = this.writable();
      const parts = await this.parts(id, { signal });
      // In another tab, since the page looked.
      if (parts.record.state === "finished") throw new GraftError({ where: parts.record.name, what: "it has been finished meanwhile", next: "Open it from the list of runs to see its results" });
      await parts.stored.update({ state: "running", results: null });
      this.active = { project: project.id, run: id };
      return parts;
    }, signal);
  }

  /** @param isDiscarded of what never began, nothing stays. */
  async endRun(stored: StoredRun, isDiscarded: boolean): Promise<void> {
    const { active } = this;
    this.active = null;
    if (!active) return;
    if (active.project !== this.open?.project.id) this.unlock(active.project);
    if (isDiscarded) await new ProjectStore(this.needed()).open(active.project).then((project) => project.discardRun(stored.id)).catch(() => undefined);
  }

  /** To begin another run with. @throws GraftError where the run has none. */
  async weightsOf(id: number): Promise<InitialWeights> {
    const stored = this.run(id);
    const { name, results } = await stored.read();
    const weights = await stored.finalWeights();
    const measured = resultsOf(results);
    if (!weights || !measured) throw new GraftError({ where: name, what: "it has no weights to begin with", next: "Choose a run that is finished, or begin with the model's own" });
    return { name, weights, classes: measured.classes };
  }

  /** With its data, which are read again where they are not the open ones. */
  async parts(id: number, options: JobOptions): Promise<RunParts> {
    const open = this.opened();
    const { project } = open;
    const stored = project.run(id);
    const record = await stored.read();
    const recipe = parseRecipe(record.recipe, record.name);
    const { sources } = await project.read();
    await this.bringModel(record, sources, project);
    const source = sources.find((each) => each.id === record.data);
    if (!source) throw new GraftError({ where: record.name, what: "the data that it learned from is not in the project", next: "Open the data, and start a new run with the same recipe" });
    const asked = choicesOf(recipe, record.excluded);
    const choices = { ...asked, split: record.split ?? asked.split };
    const initial = record.continues === null ? null : await this.weightsOf(record.continues);
    const now = this.data.dataset;
    const isOfOpenData = this.sourceOf(open) === source.id && now !== null && JSON.stringify(now.summary().columns) === JSON.stringify(recipe.columns);
    if (isOfOpenData && isMadeBy(now, choices)) return { project: project.id, stored, record, recipe, dataset: now, isOfOpenData, initial };
    const own = new OpenData();
    await own.reopen(await project.files(source), choices, options);
    return { project: project.id, stored, record, recipe, dataset: own.open(), isOfOpenData, initial };
  }

  private async view({ project, isReadOnly }: Open): Promise<ProjectView> {
    const { name, task, notes, sources } = await project.read();
    const known = taskIds.find((each) => each === task);
    if (known === undefined) throw new GraftError({ where: name, what: `the project is for "${task}"`, wanted: taskIds.join(", "), next: "Reload the page to get the newest Graft" });
    const active = this.active?.project === project.id ? this.active.run : null;
    const runs = (await project.runs()).filter(isListed).map((listed) => runCard(listed, sources, active));
    return { id: project.id, name, task: known, notes, isReadOnly, runs };
  }

  /**
   * Where the open data goes: into the open project if it has runs of the same task, or none.
   * @returns replaced: what was in one without runs, whose data these take the place of.
   */
  private async projectFor(task: TaskId, name: string): Promise<{ readonly open: Open; readonly isNew: boolean; readonly replaced?: ProjectRecord }> {
    const { open } = this;
    if (open && !open.isReadOnly) {
      const [record, runs] = [await open.project.read(), await open.project.runs()];
      if (runs.length > 0 && record.task === task) return { open, isNew: false };
      if (runs.length === 0) return { open, isNew: false, replaced: record };
    }
    this.leave();
    const project = await new ProjectStore(this.needed()).create({ name: projectName(name), task });
    return { open: (this.open = { project, isReadOnly: !(await this.lock(project.id)), data: null }), isNew: true };
  }

  /** Of the open data; null where they are not kept in the project, or not yet. */
  private sourceOf({ data }: Open): number | null {
    return data && data.files === this.data.files ? data.source : null;
  }

  private async writeDraft(open: Open, recipe: Recipe): Promise<void> {
    await open.project.update({ draft: { recipe, data: this.sourceOf(open), excluded: [...this.data.open().excludedItems] } });
  }

  private async bringModels({ sources }: ProjectRecord, project: Project): Promise<readonly ModelCard[]> {
    const cards: ModelCard[] = [];
    for (const source of sources.filter(({ kind }) => kind === "model")) {
      const card = await project.files(source).then((files) => this.models.import(files)).catch(nullIfRefused);
      if (card) cards.push(card);
    }
    return cards;
  }

  /** The very files that the run began with. */
  private async bringModel({ model }: RunRecord, sources: ProjectRecord["sources"], project: Project): Promise<void> {
    const source = sources.find(({ id }) => id === sourceOfModel(model));
    if (source) await this.models.import(await project.files(source));
  }

  private async drop(open: Open): Promise<void> {
    this.open = null;
    try {
      await new ProjectStore(this.needed()).delete(open.project.id);
    } finally {
      this.unlock(open.project.id);
    }
  }

  /** The lock stays while a run of it is under way. */
  private leave(): void {
    const { open } = this;
    this.open = null;
    if (open && !open.isReadOnly && this.active?.project !== open.project.id) this.unlock(open.project.id);
  }

  /** @returns whether this tab has it. */
  private async lock(id: string): Promise<boolean> {
    if (this.locks.has(id)) return true;
    const release = await lockProject(id);
    if (release) this.locks.set(id, release);
    return release !== null;
  }

  /** For a project that is not the open one. @throws GraftError with `next`, where another tab works on it. */
  private async whileLocked(id: string, next: string, job: () => Promise<void>): Promise<void> {
    const isMine = this.locks.has(id);
    if (!(await this.lock(id))) throw new GraftError({ what: "another tab works on this project", next });
    try {
      await job();
    } finally {
      if (!isMine) this.unlock(id);
    }
  }

  private unlock(id: string): void {
    this.locks.get(id)?.();
    this.locks.delete(id);
  }

  private needed(): FileStorage {
    if (this.storage) return this.storage;
    throw new GraftError({ what: "this browser keeps no files for pages", next: "Use an ordinary window of an up-to-date browser" });
  }

  private opened(): Open {
    if (this.open) return this.open;
    throw new GraftError({ what: "no project is open", next: "Open one from the list in the Data step" });
  }

  private writable(): Open {
    const open = this.opened();
    if (!open.isReadOnly) return open;
    throw new GraftError({ what: "another tab works on this project, and here it can only be read", next: "Go on in that tab, or close it and open the project again" });
  }
}
