/**
 * A project as one zip, to keep elsewhere or to hand on. In it stand the sealed files as they are stored, the newest whole state
 * of each, so that what is read from it is checked as what is read from the disk is; and the content, under its digest.
 */
import { strToU8, Zip, ZipPassThrough } from "fflate";
import { GraftError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { Pace, type JobOptions } from "../data/pace.ts";
import { readZip, type ZipEntry } from "../data/zip.ts";
import type { FileStorage } from "../storage/storage.ts";
import { spaceFor } from "../storage/space.ts";
import { writeFile } from "../storage/write-file.ts";
import { openCheckpoint } from "./checkpoint-file.ts";
import { headAs } from "./formats.ts";
import { Generations } from "./generations.ts";
import { runFolder, type Project } from "./project.ts";
import type { ProjectStore } from "./project-store.ts";
import { historyFormat, projectFormat, runFormat } from "./records.ts";
import { unseal, type Sealed } from "./sealed.ts";
import { finalWeightsOf, pieceName } from "./stored-run.ts";

const manifestName = "graft-project.json";
const manifestFormat = "graft-project";
const archiveVersion = 1;
/** What a zip without the extensions for large files holds, which the writer does not have. */
const largestBytes = 2 ** 32 - 2 ** 20;
const mostEntries = 65_000;
const readAtOnce = 4 * 2 ** 20;

/** What an archive may hold beside its manifest and record. */
const contentPath = /^content\/([0-9a-f]{64})$/;
const runPath = /^runs\/([1-9]\d{0,6})\/(run|checkpoint|weights|history-([1-9]\d{0,6}))$/;

/** @throws GraftError if it is too large for a zip; CancelledError. */
export async function exportProject(storage: FileStorage, project: Project, options: JobOptions = {}): Promise<Blob> {
  const { name, sources } = await project.read();
  const pace = new Pace(options);
  const files = new Map<string, Blob>([[manifestName, new Blob([strToU8(`${JSON.stringify({ format: manifestFormat, version: archiveVersion, name }, null, 2)}\n`)])]]);
  const add = async (path: string, folder: string, kind: string): Promise<void> => {
    pace.report(`Exporting ${name}`, 0, 0);
    await pace.breathe();
    const file = await new Generations(storage, folder, kind).newestFile();
    if (file) files.set(path, file);
  };
  await add("project", project.id, projectFormat.kind);
  for (const source of sources) {
    const blobs = await project.files(source);
    source.files.forEach(({ digest }, i) => files.set(`content/${digest}`, (blobs[i] as { readonly blob: Blob }).blob));
  }
  for (const { run, record } of await project.runs()) {
    if (record === null || record.deletedAt !== null) continue;
    const folder = runFolder(project.id, run.id);
    for (const kind of ["run", "checkpoint", "weights"]) await add(`runs/${run.id}/${kind}`, folder, kind);
    for (let piece = 1, file; (file = await storage.file(folder, pieceName(piece))) !== null; piece++) files.set(`runs/${run.id}/${pieceName(piece)}`, file);
  }
  const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > largestBytes || files.size > mostEntries) throw new GraftError({ where: name, what: `the project has ${Math.ceil(total / 1e6).toLocaleString("en")} MB in ${files.size} files`, wanted: "at most 4,293 MB in 65,000 files for one zip", next: "Delete runs that you do not need, or keep the data files apart" });
  let done = 0;
  return zipOf(files, async (bytes) => {
    pace.report(`Exporting ${name}`, (done += bytes), total);
    await pace.breathe();
  });
}

/**
 * As it is: data hardly compress, and weights not at all. Never all of it in memory.
 * @param through told how many bytes went in; what it throws ends the zip.
 */
async function zipOf(files: ReadonlyMap<string, Blob>, through: (bytes: number) => Promise<void>): Promise<Blob> {
  const parts: Blob[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else parts.push(new Blob([chunk]));
  });
  for (const [path, blob] of files) {
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    for (let at = 0; at < blob.size; at += readAtOnce) {
      const bytes = new Uint8Array(await blob.slice(at, at + readAtOnce).arrayBuffer());
      entry.push(bytes);
      await through(bytes.byteLength);
    }
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  if (failure) throw failure as Error;
  return new Blob(parts, { type: "application/zip" });
}

/**
 * A new project with what the zip holds. Everything is checked before the project is listed.
 * @param name of the file, for errors.
 * @throws GraftError for what is no project, or is damaged, hostile or too large; CancelledError. Nothing of it stays.
 */
export async function importProject(storage: FileStorage, store: ProjectStore, archive: Blob, name: string, options: JobOptions = {}): Promise<Project> {
  const { entries, issues } = await readZip(archive, name, { totalBytes: largestBytes, entryBytes: largestBytes });
  const [issue] = issues;
  if (issue) throw new GraftError({ where: name, what: issue.message, next: "A zip that Graft wrote has no such entries: export the project again" });
  const found = new Map(entries.map((entry) => [entry.path, entry]));
  await checkManifest(found.get(manifestName), name);
  const stranger = [...found.keys()].find((path) => path !== manifestName && path !== "project" && !contentPath.test(path) && !runPath.test(path));
  if (stranger !== undefined) throw new GraftError({ where: `${name}, ${stranger}`, what: "a project has no such file", next: "Export the project again, and do not add to the zip" });
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const lack = await spaceFor(storage, total);
  if (lack) throw lack;
  const project = store.blank();
  const pace = new Pace(options);
  let done = 0;
  const through = async ({ size }: ZipEntry): Promise<void> => {
    pace.report(`Bringing in ${name}`, (done += size), total);
    await pace.breathe();
  };
  try {
    await pace.breathe();
    await fill(storage, project, found, name, through);
  } catch (error) {
    await store.delete(project.id).catch(() => undefined);
    throw error;
  }
  return project;
}

async function checkManifest(entry: ZipEntry | undefined, name: string): Promise<void> {
  const noProject = (what: string): GraftError => new GraftError({ where: name, what, wanted: "a zip that Export project made", next: "For a zip of data, use the Data step; for a trained model, the Model step" });
  if (!entry) throw noProject("it is no project of Graft");
  const manifest = parseJson(await entry.bytes(), `${name}, ${manifestName}`, { longest: { bytes: 100_000, words: "a few lines" } });
  const { format, version } = (typeof manifest === "object" && manifest !== null ? manifest : {}) as { readonly format?: unknown; readonly version?: unknown };
  if (format !== manifestFormat || typeof version !== "number") throw noProject("its manifest does not say that it is a project of Graft");
  if (version > archiveVersion) throw new GraftError({ where: name, what: `it is in version ${version} of the format, and this Graft knows ${archiveVersion}`, next: "Reload the page to get the newest Graft, and import it again" });
}

/** Its record comes last: before it, there is no project. */
async function fill(storage: FileStorage, project: Project, found: ReadonlyMap<string, ZipEntry>, name: string, through: (entry: ZipEntry) => Promise<void>): Promise<void> {
  const entryOf = (path: string): ZipEntry => {
    const entry = found.get(path);
    if (entry) return entry;
    throw new GraftError({ where: name, what: `${path} is missing in it`, next: "Export the project again" });
  };
  /** Checked, and as its bytes. */
  const sealed = async (path: string, check: (sealed: Sealed, where: string) => unknown): Promise<Uint8Array<ArrayBuffer>> => {
    const entry = entryOf(path);
    const bytes = await entry.bytes();
    const where = `${name}, ${path}`;
    check(await unseal(new Blob([bytes]), where), where);
    await through(entry);
    return bytes;
  };
  const runs = new Map<number, string[]>();
  for (const path of found.keys()) {
    const [, run, file] = runPath.exec(path) ?? [];
    if (run && file) runs.set(Number(run), [...(runs.get(Number(run)) ?? []), file]);
  }
  const wanted = new Map<string, number>();
  const record = await sealed("project", (file, where) => {
    for (const { files } of headAs(projectFormat, file, where).sources) for (const { digest, bytes } of files) wanted.set(digest, bytes);
  });
  for (const [digest, bytes] of wanted) {
    const entry = entryOf(`content/${digest}`);
    if (entry.size !== bytes || (await project.addContent(await entry.blob())) !== digest) throw new GraftError({ where: `${name}, content/${digest}`, what: "it is not the file that the project had", next: "Export the project again" });
    await through(entry);
  }
  for (const [id, files] of runs) {
    const folder = runFolder(project.id, id);
    if (!files.includes("run")) throw new GraftError({ where: name, what: `runs/${id} has no record`, next: "Export the project again" });
    for (const file of files) {
      const bytes = await sealed(`runs/${id}/${file}`, checks[file.startsWith("history-") ? "history" : file] as (sealed: Sealed, where: string) => unknown);
      if (file.startsWith("history-")) await writeFile(storage, folder, file, [bytes]);
      else await new Generations(storage, folder, file).write([bytes], { readBack: true });
    }
  }
  await new Generations(storage, project.id, projectFormat.kind).write([record], { readBack: true });
}

const checks: Readonly<Record<string, (sealed: Sealed, where: string) => unknown>> = {
  run: (sealed, where) => headAs(runFormat, sealed, where),
  checkpoint: openCheckpoint,
  weights: finalWeightsOf,
  history: (sealed, where) => headAs(historyFormat, sealed, where),
};
