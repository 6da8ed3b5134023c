/**
 * One project in storage: what it is called, the files that it learns from, its recipes and its runs. Content is stored once, under
 * its digest, and only then named by the record, so that a record never speaks of what is not there.
 */
import { GraftError } from "../core/errors.ts";
import { mapConcurrently } from "../data/pace.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { FileStorage } from "../storage/storage.ts";
import { writeFile } from "../storage/write-file.ts";
import { digestOf } from "./digest.ts";
import { RecordFile } from "./record-file.ts";
import { projectFormat, type ProjectRecord, type RunRecord, type StoredFile, type StoredSource } from "./records.ts";
import { StoredRun } from "./stored-run.ts";

const contentPrefix = "content-";
/** What is on its way in. */
const partPrefix = "incoming-";
const readAtOnce = 4 * 2 ** 20;
/** Storage answers slowly and many at once: a picture by itself takes it 29 ms. */
const filesAtOnce = 8;

const contentName = (digest: string): string => `${contentPrefix}${digest}`;
/** Runs have folders of their own beside the project's. */
export const runFolder = (project: string, run: number): string => `${project}~${run}`;

export interface ListedRun {
  readonly run: StoredRun;
  /** Null where nothing of it is whole. */
  readonly record: RunRecord | null;
}

export class Project {
  readonly id: string;
  private readonly storage: FileStorage;
  private readonly record: RecordFile<ProjectRecord>;
  /** Contents on their way in, by digest: no two write the same file. */
  private readonly arriving = new Map<string, Promise<void>>();

  constructor(storage: FileStorage, id: string) {
    this.storage = storage;
    this.id = id;
    this.record = new RecordFile(storage, id, projectFormat, `project ${id}`);
  }

  /** @throws GraftError if there is no such project, or nothing of its record is whole. */
  async read(): Promise<ProjectRecord> {
    return this.known(await this.record.read());
  }

  update(changes: Partial<ProjectRecord>): Promise<void> {
    return this.record.change((record) => ({ ...this.known(record), ...changes }));
  }

  private known(record: ProjectRecord | null): ProjectRecord {
    if (record) return record;
    throw new GraftError({ where: `project ${this.id}`, what: "there is no such project in this browser", next: "Open another one, or import it" });
  }

  /** For whoever makes the project. */
  async begin(record: ProjectRecord): Promise<void> {
    await this.record.write(record);
  }

  /**
   * Copies files into the project; what it has already is not copied again.
   * @param onBytes told of each file, in any order; what it throws ends the copying.
   * @throws StorageFullError where there is no room; the project is as before.
   */
  async addSource({ kind, name }: Pick<StoredSource, "kind" | "name">, files: readonly SourceFile[], onBytes: (bytes: number) => void = () => {}): Promise<StoredSource> {
    try {
      const stored = await mapConcurrently(
        files,
        async ({ path, blob }): Promise<StoredFile> => {
          const file = { path, bytes: blob.size, digest: await this.addContent(blob) };
          onBytes(blob.size);
          return file;
        },
        { limit: filesAtOnce },
      );
      const { sources } = await this.read();
      const source: StoredSource = { id: 1 + Math.max(0, ...sources.map(({ id }) => id)), kind, name, addedAt: Date.now(), files: stored };
      await this.update({ sources: [...sources, source] });
      return source;
    } catch (error) {
      await this.dropUnnamed().catch(() => undefined);
      throw error;
    }
  }

  /** The files of a source, as Blobs that are read when somebody reads them. @throws GraftError where the browser lost one. */
  async files({ files }: Pick<StoredSource, "files">): Promise<readonly SourceFile[]> {
    return Promise.all(
      files.map(async ({ path, bytes, digest }) => {
        const blob = await this.storage.file(this.id, contentName(digest));
        if (blob?.size !== bytes) throw new GraftError({ where: path, what: "the browser has lost this file of the project", next: "Add it again" });
        return { path, blob };
      }),
    );
  }

  /** All runs, the newest first; also those that were deleted and not purged. */
  async runs(): Promise<readonly ListedRun[]> {
    const prefix = `${this.id}~`;
    const ids = (await this.storage.folders()).flatMap((folder) => (folder.startsWith(prefix) && /^[1-9]\d*$/.test(folder.slice(prefix.length)) ? [Number(folder.slice(prefix.length))] : []));
    return Promise.all(
      ids
        .toSorted((a, b) => b - a)
        .map(async (id) => {
          const run = this.run(id);
          return { run, record: await run.read().catch(nullIfRefused) };
        }),
    );
  }

  run(id: number): StoredRun {
    return new StoredRun(this.storage, runFolder(this.id, id), id);
  }

  async addRun(record: Pick<RunRecord, "recipe" | "model" | "data"> & Partial<RunRecord>): Promise<StoredRun> {
    const [newest] = await this.runs();
    const run = this.run(1 + (newest?.run.id ?? 0));
    await run.begin({ name: `Run ${run.id}`, createdAt: Date.now(), state: "running", excluded: [], split: null, continues: null, results: null, notes: "", deletedAt: null, ...record });
    return run;
  }

  /** A run that never began. */
  async discardRun(id: number): Promise<void> {
    await this.storage.remove(runFolder(this.id, id));
  }

  /**
   * For good: runs that were deleted, sources that neither a run nor the draft needs any more, and content that no source has.
   * Nothing else may write to the project meanwhile.
   */
  async purge(): Promise<void> {
    const kept: RunRecord[] = [];
    let isUnsure = false;
    for (const { run, record } of await this.runs()) {
      if (record && record.deletedAt !== null) await this.storage.remove(runFolder(this.id, run.id));
      else if (record) kept.push(record);
      else isUnsure = true;
    }
    const project = await this.read();
    // Of a run that cannot be read nobody knows what it needs, and without a draft's data nobody knows what the person was at.
    const sources = isUnsure || typeof project.draft?.data !== "number" ? project.sources : project.sources.filter((each) => isNeeded(each, project, kept));
    if (sources.length < project.sources.length) await this.update({ sources });
    await this.dropUnnamed();
  }

  /** Content that no source has. */
  private async dropUnnamed(): Promise<void> {
    const wanted = new Set((await this.read()).sources.flatMap(({ files }) => files.map(({ digest }) => contentName(digest))));
    for (const name of await this.storage.names(this.id)) if (name.startsWith(partPrefix) || (name.startsWith(contentPrefix) && !wanted.has(name))) await this.storage.remove(this.id, name);
  }

  /** What it takes in storage, with its runs. Content is counted by the record, which knows its size. */
  async bytes({ sources }: Pick<ProjectRecord, "sources">): Promise<number> {
    const content = new Map(sources.flatMap(({ files }) => files.map(({ digest, bytes }) => [digest, bytes] as const)));
    const sizes = [...content.values()];
    for (const folder of await this.storage.folders()) {
      if (folder !== this.id && !folder.startsWith(`${this.id}~`)) continue;
      for (const name of await this.storage.names(folder)) if (!name.startsWith(contentPrefix)) sizes.push((await this.storage.file(folder, name))?.size ?? 0);
    }
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** @returns its digest; it is there for good, and whole. */
  async addContent(blob: Blob): Promise<string> {
    const digest = await digestOf([blob]);
    const arrival = this.arriving.get(digest) ?? this.bringIn(blob, digest).finally(() => this.arriving.delete(digest));
    this.arriving.set(digest, arrival);
    await arrival;
    return digest;
  }

  private async bringIn(blob: Blob, digest: string): Promise<void> {
    const [name, partName] = [contentName(digest), `${partPrefix}${digest}`];
    if ((await this.storage.file(this.id, name))?.size === blob.size) return;
    try {
      await writeFile(this.storage, this.id, partName, slicesOf(blob));
      const written = await this.storage.file(this.id, partName);
      if (!written || (await digestOf([written])) !== digest) throw new GraftError({ what: "a file was not stored as it is", next: "See whether the disk is full or failing, and add it again" });
      await this.storage.rename(this.id, partName, name);
    } catch (error) {
      await this.storage.remove(this.id, partName).catch(() => undefined);
      throw error;
    }
  }
}

/** A model that was brought along is named by recipes, too. */
function isNeeded({ id, kind, name }: StoredSource, { draft, recipes }: ProjectRecord, runs: readonly RunRecord[]): boolean {
  if (kind === "data") return draft?.data === id || runs.some(({ data }) => data === id);
  const named = [draft?.recipe, ...recipes.map(({ recipe }) => recipe), ...runs.map(({ recipe }) => recipe)];
  return runs.some(({ model }) => sourceOfModel(model) === id) || named.some((recipe) => (recipe as { readonly model?: unknown } | null | undefined)?.model === name);
}

/** The source that a run's model came from; null for one of Graft's own, or of the hub. */
export function sourceOfModel(model: unknown): number | null {
  const source = (model as { readonly source?: unknown } | null)?.source;
  return typeof source === "number" ? source : null;
}

async function* slicesOf(blob: Blob): AsyncIterable<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < blob.size; at += readAtOnce) yield new Uint8Array(await blob.slice(at, at + readAtOnce).arrayBuffer());
}

/** What cannot be read is listed as such; what is a bug is thrown. */
export function nullIfRefused(error: unknown): null {
  if (error instanceof GraftError) return null;
  throw error;
}
