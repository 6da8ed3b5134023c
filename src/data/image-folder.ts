/**
 * Which class and which split the place of an image file says. Class: the folder directly above the file. Split: a folder
 * named train, val, validation, valid or test further up. Looks at bytes only to tell images from other files.
 */
import { GraftError } from "../core/errors.ts";
import type { DataIssue, SourceFile, Split } from "../protocol/data.ts";
import { detectFile, isMeasured, isOversized, largestMegapixels, type FileKind } from "./image-header.ts";
import { mapConcurrently, Pace, type JobOptions } from "./pace.ts";
import { extensionOf, foldersOf } from "./source-names.ts";
import { compareNaturally, counted, listed } from "./wording.ts";

export interface FolderImage {
  readonly path: string;
  readonly blob: Blob;
  readonly label: string;
  readonly folder: Split | null;
}

export interface ImageFolder {
  /** Sorted by path, so that an item's index does not depend on the order in which files were dropped. */
  readonly images: readonly FolderImage[];
  /** Files that are named as images and are none. */
  readonly unreadable: readonly string[];
  /** Classes that have a folder, with images or without. */
  readonly classFolders: readonly string[];
  readonly issues: readonly DataIssue[];
}

const filesReadAtOnce = 8;

const splitFolders: ReadonlyMap<string, Split> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["test", "test"],
  ["testing", "test"],
]);
const splitOfFolder = (folder: string): Split | null => splitFolders.get(folder.toLowerCase()) ?? null;

export const imageExtensions = new Set(["png", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "avif"]);
const layout = "a folder for each class, such as cat/1.jpg and dog/2.jpg, or the same inside train/, val/ and test/ folders";

/** What paths do not tell of what was dropped. */
export interface FolderSource {
  readonly name: string;
  /** Further folders that may be classes without any file. */
  readonly folders: readonly string[];
}

/**
 * @throws GraftError if there are no images, or they do not stand in class folders.
 */
export async function readImageFolder(files: readonly SourceFile[], { name, folders }: FolderSource, options: JobOptions = {}): Promise<ImageFolder> {
  const { images, unreadable, issues } = await findImages(files, options);
  if (images.length === 0) {
    throw new GraftError({ where: name, what: unreadable.length > 0 ? `${counted(unreadable.length, "image")} and none can be read` : "there are no images in it", wanted: `PNG, JPEG, WebP, GIF, BMP or AVIF files in ${layout}` });
  }
  const { placed, unplaced } = placeImages(images, name);
  const allFolders = [...files.map(({ path }) => foldersOf(path)), ...folders.map((folder) => foldersOf(`${folder}/`))];
  return {
    images: placed,
    unreadable,
    classFolders: classFoldersOf(placed, allFolders),
    issues: [...issues, ...issueOf("note", unplaced, (count, names) => `${count === 1 ? "1 image stands" : `${counted(count, "image")} stand`} in no class folder and ${wasOrWere(count)} left out: ${names}.`)],
  };
}

interface FoundImages {
  readonly images: readonly SourceFile[];
  readonly unreadable: readonly string[];
  readonly issues: readonly DataIssue[];
}

async function findImages(files: readonly SourceFile[], options: JobOptions): Promise<FoundImages> {
  const pace = new Pace(options);
  const sorted = [...files].sort((a, b) => compareNaturally(a.path, b.path));
  const detect = async ({ blob }: SourceFile): Promise<FileKind> => {
    const kind = await detectFile(blob);
    await pace.breathe();
    return kind;
  };
  const kinds = await mapConcurrently(sorted, detect, { limit: filesReadAtOnce, check: () => pace.check(), onDone: (done) => pace.report("Looking at the files", done, sorted.length) });

  const images: SourceFile[] = [];
  const paths = { unreadable: [] as string[], oversized: [] as string[], markup: [] as string[], foreign: [] as string[], others: [] as string[] };
  sorted.forEach((file, i) => {
    const kind = kinds[i] as FileKind;
    if (kind.kind === "image" && !isMeasured(kind)) paths.unreadable.push(file.path);
    else if (kind.kind === "image" && !isOversized(kind)) images.push(file);
    else if (kind.kind === "image") paths.oversized.push(file.path);
    else if (kind.kind === "markup") paths.markup.push(file.path);
    else if (kind.kind === "foreign-image") paths.foreign.push(file.path);
    else if (imageExtensions.has(extensionOf(file.path))) paths.unreadable.push(file.path);
    else paths.others.push(file.path);
  });
  return {
    images,
    unreadable: paths.unreadable,
    issues: [
      ...issueOf("warning", paths.oversized, (count, names) => `${counted(count, "image")} with more than ${largestMegapixels} megapixels ${wasOrWere(count)} left out: ${names}. Scale ${count === 1 ? "it" : "them"} down first.`),
      ...issueOf("warning", paths.markup, (count, names) => `${counted(count, "file")} with SVG or HTML, which ${count === 1 ? "is a drawing or a page and has" : "are drawings or pages and have"} no pixels, ${wasOrWere(count)} left out: ${names}. Save as PNG or JPEG instead.`),
      ...issueOf("warning", paths.foreign, (count, names) => `${counted(count, "image")} in HEIC or TIFF, which browsers do not read, ${wasOrWere(count)} left out: ${names}. Save as PNG or JPEG instead.`),
      ...issueOf("note", paths.others, (count, names) => `${count === 1 ? "1 file is no image and was" : `${counted(count, "file")} are no images and were`} ignored: ${names}.`),
    ],
  };
}

function issueOf(severity: DataIssue["severity"], paths: readonly string[], message: (count: number, names: string) => string): DataIssue[] {
  return paths.length === 0 ? [] : [{ severity, kind: "ignored-file", message: message(paths.length, listed(paths)), count: paths.length, items: [] }];
}

const wasOrWere = (count: number): string => (count === 1 ? "was" : "were");

interface Placement {
  readonly placed: readonly FolderImage[];
  readonly unplaced: readonly string[];
}

/** Splits count only with a train folder and one more; otherwise such names are folders like any other. */
function placeImages(images: readonly SourceFile[], name: string): Placement {
  const found = images.map((file) => {
    const folders = foldersOf(file.path);
    const above = folders.slice(0, -1).map(splitOfFolder);
    return { file, folders, label: folders.at(-1), folder: above.find((split) => split !== null) ?? null };
  });
  const splits = new Set(found.map(({ folder }) => folder));
  const bySplit = splits.has("train") && (splits.has("validation") || splits.has("test"));

  const labels = new Set(found.map(({ label }) => label ?? ""));
  const root = commonFolders(found.map(({ folders }) => folders));
  if (labels.size === 1 && root.length < 2 && found.every(({ folders }) => folders.length === root.length)) {
    throw new GraftError({ where: name, what: `${counted(images.length, "image")} in one folder, so that nothing says which class each belongs to`, wanted: layout, next: "Sort the images into one folder a class and drop the folder above them" });
  }
  if (labels.size > 1 && [...labels].every((label) => splitOfFolder(label) !== null)) {
    throw new GraftError({ where: name, what: `the folders ${listed([...labels])} hold images directly, without class folders in them`, wanted: layout });
  }

  const placed: FolderImage[] = [];
  const unplaced: string[] = [];
  const onlyRoot = found.every(({ folders }) => folders.length === root.length);
  for (const { file, folders, label, folder } of found) {
    const isPlaced = bySplit ? folder !== null : onlyRoot || folders.length > root.length;
    if (isPlaced && label !== undefined) placed.push({ path: file.path, blob: file.blob, label, folder: bySplit ? folder : null });
    else unplaced.push(file.path);
  }
  return { placed, unplaced };
}

function commonFolders(all: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = all;
  const end = first.findIndex((folder, depth) => others.some((folders) => folders[depth] !== folder));
  return end === -1 ? first : first.slice(0, end);
}

/** The classes of the images, and the folders beside theirs: those were meant as classes too. */
function classFoldersOf(images: readonly FolderImage[], allFolders: readonly (readonly string[])[]): string[] {
  const classes = new Set(images.map(({ label }) => label));
  const used = new Set<string>();
  const parents = new Set<string>();
  for (const { path } of images) {
    const folders = foldersOf(path);
    parents.add(folders.slice(0, -1).join("/"));
    folders.forEach((_, depth) => used.add(folders.slice(0, depth + 1).join("/")));
  }
  for (const folders of allFolders) {
    folders.forEach((folder, depth) => {
      const isBesideAClass = parents.has(folders.slice(0, depth).join("/"));
      if (isBesideAClass && !used.has(folders.slice(0, depth + 1).join("/"))) classes.add(folder);
    });
  }
  return [...classes].sort(compareNaturally);
}
