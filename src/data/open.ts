/**
 * From whatever was dropped to a data set, or to a table whose columns are still to be named. What a single file is, its bytes
 * decide; among many, names only choose between images and tables.
 */
import { GraftError } from "../core/errors.ts";
import type { DataIssue, SourceFile, TablePreview } from "../protocol/data.ts";
import { guessDelimiter, hasKnownName, sampleRecords } from "./columns.ts";
import { corpusFromTable } from "./corpus/from-table.ts";
import { openJsonLines } from "./corpus/json-lines.ts";
import { openTexts, textExtensions } from "./corpus/open-texts.ts";
import type { TextCorpus } from "./corpus/text-corpus.ts";
import { ImageDataset, type ImageItem } from "./dataset.ts";
import { hashBlob } from "./duplicates.ts";
import { decodeText } from "./encoding.ts";
import { imageExtensions, readImageFolder, type FolderImage, type FolderSource } from "./image-folder.ts";
import { detectFile } from "./image-header.ts";
import { checkImage } from "./image.ts";
import { mapConcurrently, Pace, type JobOptions } from "./pace.ts";
import { extensionOf, fileNameOf, foldersOf, isHidden } from "./source-names.ts";
import { previewTable, readTable, type Table } from "./table.ts";
import { compareNaturally, counted, listed } from "./wording.ts";
import { readZip } from "./zip.ts";

export type { Table } from "./table.ts";
export { datasetFromTable } from "./text-table.ts";

export type OpenedFiles = { readonly kind: "table"; readonly table: Table; readonly preview: TablePreview } | { readonly kind: "images"; readonly dataset: ImageDataset } | { readonly kind: "texts"; readonly dataset: TextCorpus };

const tableExtensions = new Set(["csv", "tsv", "tab"]);
const lineExtensions = new Set(["jsonl", "ndjson"]);
const decodedAtOnce = 4;
const sampleBytes = 2 ** 16;
const wanted = "one CSV, TSV or JSONL file, texts, one zip, or a folder with one subfolder of images for each class";

/** @throws GraftError if there is nothing in the files to train on; CancelledError once the signal is aborted. */
export async function openFiles(files: readonly SourceFile[], options: JobOptions = {}): Promise<OpenedFiles> {
  const visible = files.filter(({ path }) => !isHidden(path));
  const [only] = visible;
  if (only === undefined) throw new GraftError({ what: files.length === 0 ? "no files" : "only hidden files", wanted });
  if (visible.length > 1) return openMany(visible, { name: commonFolder(visible) ?? unnamed(visible), folders: [] }, [], options);
  const { path } = only;
  const found = await detectFile(only.blob);
  if (found.kind === "zip") return openZip(only, options);
  if (found.kind === "image") return openImages(visible, { name: path, folders: [] }, [], options);
  if (found.kind !== "other") throw new GraftError({ where: path, what: `it is ${found.name}`, wanted });
  return openDocument(only, [], options);
}

/** A single file of text: by its name, and where that says little, by what is in it. */
async function openDocument(file: SourceFile, issues: readonly DataIssue[], options: JobOptions): Promise<OpenedFiles> {
  const extension = extensionOf(file.path);
  if (tableExtensions.has(extension)) return openTable(file, issues, options);
  if (lineExtensions.has(extension) || extension === "json" || (extension !== "md" && (await beginsAsJson(file.blob)))) return { kind: "texts", dataset: await openJsonLines(file, issues, options) };
  if (extension !== "md" && (await isTable(file, options))) return openTable(file, issues, options);
  return { kind: "texts", dataset: await openTexts([file], fileNameOf(file.path), issues, options) };
}

/** Whether the first line is a JSON object. */
async function beginsAsJson(blob: Blob): Promise<boolean> {
  return /^\uFEFF?\s*\{\s*"/.test(await blob.slice(0, sampleBytes).text());
}

const soundShare = 0.8;

/**
 * Prose has commas and semicolons too: as many in each line hardly ever, unless a space follows each. Tabs and bars it has not, nor a first
 * line of names that columns have; then some rows may be broken.
 */
async function isTable({ path, blob }: SourceFile, options: JobOptions): Promise<boolean> {
  const { text } = await decodeText(blob.slice(0, sampleBytes), path, options);
  const lines = text.split(/\r\n?|\n/).slice(0, -1);
  const sample = lines.length > 1 ? `${lines.join("\n")}\n` : text;
  const delimiter = guessDelimiter(sample);
  if (delimiter === null) return false;
  const rows = sampleRecords(sample, delimiter);
  const [first] = rows;
  if (first === undefined || rows.length < 2) return false;
  const sound = rows.filter(({ length }) => length === first.length).length;
  if (delimiter === "\t" || delimiter === "|" || hasKnownName(first)) return sound >= soundShare * rows.length;
  return sound === rows.length && rows.some((row) => row.slice(1).some((cell) => /^\S/.test(cell)));
}

async function openZip({ path, blob }: SourceFile, options: JobOptions): Promise<OpenedFiles> {
  const { entries, folders, issues } = await readZip(blob, path);
  if (entries.length === 0) throw new GraftError({ where: path, what: "the zip is empty", wanted: "images in class folders, one CSV, or texts" });
  if (entries.some((entry) => entry.path === "[Content_Types].xml")) throw new GraftError({ where: path, what: "it is an Office document", wanted, next: "Save the sheet as CSV first" });
  const pace = new Pace(options);
  const damaged: string[] = [];
  const unpack = async (entry: (typeof entries)[number]): Promise<SourceFile[]> => {
    try {
      const content = await entry.blob();
      await pace.breathe();
      return [{ path: entry.path, blob: content }];
    } catch (error) {
      if (!(error instanceof GraftError) || entries.length === 1) throw error;
      damaged.push(entry.path);
      return [];
    }
  };
  const files = (await mapConcurrently(entries, unpack, { limit: decodedAtOnce, check: () => pace.check(), onDone: (done) => pace.report("Unpacking", done, entries.length) })).flat();
  const damagedIssue: DataIssue[] =
    damaged.length === 0 ? [] : [{ severity: "warning", kind: "corrupt-file", message: `${path}: ${counted(damaged.length, "entry", "entries")} cannot be unpacked: ${listed(damaged)}.`, count: damaged.length, items: [] }];
  return openMany(files, { name: fileNameOf(path).replace(/\.zip$/i, ""), folders }, [...issues, ...damagedIssue], options);
}

function openMany(files: readonly SourceFile[], source: FolderSource, issues: readonly DataIssue[], options: JobOptions): Promise<OpenedFiles> {
  const having = (extensions: ReadonlySet<string>): SourceFile[] => files.filter(({ path }) => extensions.has(extensionOf(path)));
  if (having(imageExtensions).length > 0) return openImages(files, source, issues, options);
  const zips = having(new Set(["zip"]));
  if (zips.length > 0) throw new GraftError({ where: source.name, what: `${counted(zips.length, "zip")} among ${counted(files.length, "file")}: ${listed(zips.map(({ path }) => path))}`, wanted, next: "Drop one zip alone" });
  // Beside a CSV, text files are licences and notes.
  const sheets = having(new Set(["csv", "tsv"]));
  const lines = having(lineExtensions);
  const tables = sheets.length > 0 ? sheets : lines.length > 0 ? lines : having(tableExtensions);
  if (tables.length > 1) throw new GraftError({ where: source.name, what: `${counted(tables.length, "table")}: ${listed(tables.map(({ path }) => path))}`, wanted: "one table", next: "Drop the one to train on" });
  if (tables[0]) return openDocument(tables[0], issues, options);
  const texts = files.filter(isText);
  if (texts.length === 1 && texts[0]) return openDocument(texts[0], issues, options);
  return texts.length > 0 ? openManyTexts(files, source, issues, options) : openImages(files, source, issues, options);
}

const isText = ({ path }: SourceFile): boolean => textExtensions.has(extensionOf(path));

async function openManyTexts(files: readonly SourceFile[], source: FolderSource, issues: readonly DataIssue[], options: JobOptions): Promise<OpenedFiles> {
  const texts = files.filter(isText).sort((a, b) => compareNaturally(a.path, b.path));
  const others = files.filter((file) => !isText(file)).map(({ path }) => path);
  const message = `${counted(others.length, "file")} ${others.length === 1 ? "is no text and was" : "are no texts and were"} ignored: ${listed(others)}.`;
  const ignored: DataIssue[] = others.length === 0 ? [] : [{ severity: "note", kind: "ignored-file", message, count: others.length, items: [] }];
  return { kind: "texts", dataset: await openTexts(texts, source.name, [...issues, ...ignored], options) };
}

async function openTable(file: SourceFile, issues: readonly DataIssue[], options: JobOptions): Promise<OpenedFiles> {
  const read = await readTable(file, options);
  const table = { ...read, issues: [...issues, ...read.issues] };
  const [only, ...others] = table.columns;
  // With a single column there is nothing to choose.
  if (only !== undefined && others.length === 0) return { kind: "texts", dataset: await corpusFromTable(table, { completion: only }, options) };
  return { kind: "table", table, preview: await previewTable(table, options) };
}

async function openImages(files: readonly SourceFile[], source: FolderSource, issues: readonly DataIssue[], options: JobOptions): Promise<OpenedFiles> {
  const folder = await readImageFolder(files, source, options);
  const { items, damaged } = await checkImages(folder.images, options);
  const unreadable = [...folder.unreadable, ...damaged];
  if (items.length === 0) throw new GraftError({ where: source.name, what: `${counted(unreadable.length, "image")} and none can be read: ${listed(unreadable)}`, wanted: "PNG, JPEG, WebP, GIF, BMP or AVIF" });
  const labels = new Set(items.map(({ label }) => label));
  const empty = folder.classFolders.filter((name) => !labels.has(name));
  const found: DataIssue[] = [...issues];
  if (unreadable.length > 0) found.push({ severity: "warning", kind: "corrupt-file", message: `${counted(unreadable.length, "image")} cannot be read: ${listed(unreadable)}.`, count: unreadable.length, items: [] });
  if (empty.length > 0) {
    const message = empty.length === 1 ? `The class folder ${empty[0]} holds no readable image and was left out.` : `${counted(empty.length, "class folder")} hold no readable image and were left out: ${listed(empty)}.`;
    found.push({ severity: "warning", kind: "empty-class", message, count: empty.length, items: [] });
  }
  return { kind: "images", dataset: new ImageDataset(source.name, items, [...found, ...folder.issues]) };
}

/** Decodes and hashes each image once; the pixels are not kept. */
async function checkImages(images: readonly FolderImage[], options: JobOptions): Promise<{ readonly items: readonly ImageItem[]; readonly damaged: readonly string[] }> {
  const pace = new Pace(options);
  const check = async ({ path, blob, label, folder }: FolderImage): Promise<ImageItem | null> => {
    try {
      await checkImage(blob, path);
    } catch (error) {
      if (error instanceof GraftError) return null;
      throw error;
    }
    return { name: path, blob, label, folder, content: await hashBlob(blob) };
  };
  const checked = await mapConcurrently(images, check, { limit: decodedAtOnce, check: () => pace.check(), onDone: (done) => pace.report("Checking images", done, images.length) });
  return { items: checked.filter((item) => item !== null), damaged: images.filter((_, i) => checked[i] === null).map(({ path }) => path) };
}

/** The folder that everything stands in, if it is one. */
function commonFolder(files: readonly SourceFile[]): string | null {
  const [first, ...others] = files.map(({ path }) => foldersOf(path)[0] ?? "");
  return first && others.every((folder) => folder === first) ? first : null;
}

/** Of loose files. */
function unnamed(files: readonly SourceFile[]): string {
  const hasImages = files.some(({ path }) => imageExtensions.has(extensionOf(path)));
  return !hasImages && files.some(isText) ? "texts" : "images";
}
