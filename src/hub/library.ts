/**
 * What was downloaded, in the browser's storage: a folder for each repository and commit, with its files, and a manifest that is
 * there only when all of them are. Knows no model: what the files mean is for who opens them.
 */
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import type { HubAccess, HubFile, HubRepository, StorageReport, StoredModel } from "../protocol/hub.ts";
import type { SourceFile } from "../protocol/data.ts";
import type { Progress } from "../protocol/api.ts";
import { asker, hubBase, type AskOptions } from "./ask.ts";
import { fileUrl, type RepositoryFacts } from "./client.ts";
import { fitOf } from "./fit.ts";
import { originalName, storedName, type FileStorage } from "../storage/storage.ts";
import { bytesHere, transfer, writeText, type TransferOptions } from "./transfer.ts";

/** Stored names have no dot, so these are nobody else's. The plan says what is wanted; renamed, it says that all of it is here. */
const planName = "plan.json";
const manifestName = "manifest.json";
const noteName = "note.json";
const progressMs = 100;

interface Manifest {
  readonly name: string;
  readonly revision: string;
  readonly licence: string | null;
  readonly files: readonly HubFile[];
  readonly startedAt: number;
}

export type DownloadOptions = AskOptions & Pick<TransferOptions, "pausesMs" | "stalledMs"> & { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void };

export function hubId({ name, revision }: { readonly name: string; readonly revision: string }): string {
  return `hub:${name}@${revision.slice(0, 7)}`;
}

const folderOf = ({ name, revision }: { readonly name: string; readonly revision: string }): string => storedName(`${name}@${revision}`);

export class HubLibrary {
  private readonly storage: FileStorage;

  constructor(storage: FileStorage) {
    this.storage = storage;
  }

  /** Adds what is here already, and whether the rest fits. */
  async complete({ parameterEstimate, ...facts }: RepositoryFacts): Promise<HubRepository> {
    const here = await Promise.all(facts.files.map((file) => bytesHere(this.storage, folderOf(facts), file)));
    const storedBytes = here.reduce((sum, bytes) => sum + bytes, 0);
    const { usedBytes, quotaBytes } = await this.storage.estimate();
    const freeStorageBytes = usedBytes === null || quotaBytes === null ? null : Math.max(0, quotaBytes - usedBytes);
    const memoryGigabytes = (globalThis.navigator as { readonly deviceMemory?: number } | undefined)?.deviceMemory;
    return { ...facts, storedBytes, fit: fitOf(parameterEstimate, facts.totalBytes - storedBytes, { freeStorageBytes, memoryGigabytes }) };
  }

  /**
   * Brings what is missing of a repository here. A cancelled or failed download keeps what arrived.
   * @throws GraftError @throws CancelledError
   * @returns the stored model's id
   */
  async download(repository: Pick<HubRepository, "name" | "revision" | "licence" | "files">, access: HubAccess, options: DownloadOptions): Promise<string> {
    const { name, revision, licence, files } = repository;
    const folder = folderOf(repository);
    const base = hubBase(access);
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    const manifest: Manifest = { name, revision, licence, files, startedAt: Date.now() };
    if ((await this.storage.file(folder, manifestName)) === null) await writeText(this.storage, folder, planName, JSON.stringify(manifest));
    // Asked when there is something to lose; the download does not depend on the answer.
    await this.storage.persist().catch(() => false);

    const here = new Map(await Promise.all(files.map(async (file) => [file.path, await bytesHere(this.storage, folder, file)] as const)));
    let reported = 0;
    const report = (what: string, now = false): void => {
      if (!now && Date.now() - reported < progressMs) return;
      reported = Date.now();
      options.onProgress({ what, done: [...here.values()].reduce((sum, bytes) => sum + bytes, 0), total });
    };
    report(`Downloading ${name}`, true);
    for (const file of files) {
      await transfer(file, fileUrl(base, name, revision, file.path), {
        ...options,
        storage: this.storage,
        folder,
        fetch: asker(access, options),
        onBytes: (bytes) => {
          here.set(file.path, bytes);
          report(`Downloading ${name}`);
        },
        onChecking: () => report(`Checking ${file.path}`),
      });
    }
    report(`Downloading ${name}`, true);
    if ((await this.storage.file(folder, manifestName)) === null) await this.storage.rename(folder, planName, manifestName);
    return hubId(repository);
  }

  async report(): Promise<StorageReport> {
    const models = (await this.stored()).map(({ model }) => model).toSorted((a, b) => b.storedAt - a.storedAt);
    const { usedBytes, quotaBytes } = await this.storage.estimate();
    return { models, modelBytes: models.reduce((sum, { bytes }) => sum + bytes, 0), usedBytes, quotaBytes, isPersistent: await this.storage.isPersistent() };
  }

  /** The files of a stored model, as Blobs that are read only when somebody reads them. @throws GraftError if it is not here, or not whole. */
  async files(id: string): Promise<readonly SourceFile[]> {
    const { folder, manifest } = await this.find(id);
    return Promise.all(
      manifest.files.map(async ({ path, bytes }) => {
        const blob = await this.storage.file(folder, storedName(path));
        if (blob?.size !== bytes) throw new GraftError({ where: `${manifest.name}, ${path}`, what: "the browser has lost a part of the stored model", next: "Delete it in the list of stored models, and download it again" });
        return { path, blob };
      }),
    );
  }

  /** What its opener wrote down of a stored model, so that it need not be opened to be listed. */
  async note(id: string, note: unknown): Promise<void> {
    const { folder } = await this.find(id);
    await writeText(this.storage, folder, noteName, JSON.stringify(note));
  }

  /** The notes of all whole models that have one. */
  async notes(): Promise<ReadonlyMap<string, unknown>> {
    const notes = new Map<string, unknown>();
    for (const { folder, model } of await this.stored()) {
      const note = model.isWhole ? await this.json(folder, noteName) : undefined;
      if (note !== undefined) notes.set(model.id, note);
    }
    return notes;
  }

  async delete(id: string): Promise<void> {
    for (const { folder, model } of await this.stored()) if (model.id === id) await this.storage.remove(folder);
  }

  private async find(id: string): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
    const found = (await this.stored()).find(({ model }) => model.id === id && model.isWhole);
    if (found) return found;
    throw new GraftError({ where: `model "${id}"`, what: "it is not stored in this browser", next: "Download it in the Model step, From Hugging Face" });
  }

  private async stored(): Promise<readonly { readonly folder: string; readonly manifest: Manifest; readonly model: StoredModel }[]> {
    const all = await Promise.all(
      (await this.storage.folders()).map(async (folder) => {
        const whole = await this.json(folder, manifestName);
        const manifest = (whole ?? (await this.json(folder, planName))) as Manifest | undefined;
        // A folder whose plan was never finished: an id to delete it by is all there is to say.
        if (!manifest) {
          const [name = "", revision = ""] = originalName(folder).split("@");
          return { folder, manifest: { name, revision, licence: null, files: [], startedAt: 0 }, model: { id: hubId({ name, revision }), name, revision, licence: null, bytes: 0, totalBytes: 0, isWhole: false, storedAt: 0 } };
        }
        const { name, revision, licence, files, startedAt } = manifest;
        const bytes = (await Promise.all(files.map((file) => bytesHere(this.storage, folder, file)))).reduce((sum, here) => sum + here, 0);
        return { folder, manifest, model: { id: hubId(manifest), name, revision, licence, bytes, totalBytes: files.reduce((sum, file) => sum + file.bytes, 0), isWhole: whole !== undefined, storedAt: startedAt } };
      }),
    );
    return all;
  }

  /** Undefined where there is none, or the tab was closed while it was written. */
  private async json(folder: string, name: string): Promise<unknown> {
    try {
      const file = await this.storage.file(folder, name);
      return file ? parseJson(await file.text(), name) : undefined;
    } catch (error) {
      if (error instanceof GraftError) return undefined;
      throw error;
    }
  }
}
