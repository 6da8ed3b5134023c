/**
 * The open data set: labelled examples, who is excluded, who is trained on. What kind of example it is, image or text, is the
 * business of the two classes at the end; everything a person does with examples is the same for both.
 */
import { CancelledError } from "../core/errors.ts";
import type { SplitOptions } from "../protocol/api.ts";
import type { ColumnMapping, DataIssue, DataItem, DataSummary, ItemPage, ItemQuery, Split } from "../protocol/data.ts";
import type { TaskId } from "../protocol/recipe.ts";
import { hashText } from "./duplicates.ts";
import { decodeImage, makeThumbnail } from "./image.ts";
import { examine, type NamedItem } from "./issues.ts";
import { mapConcurrently } from "./pace.ts";
import { assignSplits } from "./splits.ts";
import { compareNaturally } from "./wording.ts";

export type Dataset = ImageDataset | TextDataset;

export interface Example {
  readonly index: number;
  /** Position in `classes`. */
  readonly label: number;
}

/** Until a recipe says otherwise; the recipe's own defaults. */
const initialSplit: SplitOptions = { validation: 0.2, test: 0, seed: 1 };

/** What follows from the items, the exclusions and the split options. */
interface Arrangement {
  readonly splits: readonly Split[];
  readonly classes: readonly string[];
  readonly examples: Readonly<Record<Split, readonly Example[]>>;
}

abstract class LabelledDataset<Item extends NamedItem> {
  abstract readonly task: TaskId;
  protected abstract readonly noun: string;
  readonly name: string;
  protected readonly items: readonly Item[];
  private readonly sourceIssues: readonly DataIssue[];
  private readonly contentHashes: readonly number[];
  private readonly excluded = new Set<number>();
  private splitOptions = initialSplit;
  private arranged: Arrangement | null = null;

  /** @param sourceIssues what was found while the files were read; they stay, whatever is excluded. */
  constructor(name: string, items: readonly Item[], sourceIssues: readonly DataIssue[]) {
    this.name = name;
    this.items = items;
    this.contentHashes = items.map(({ content }) => hashText(content));
    this.sourceIssues = sourceIssues;
  }

  /** In natural order; those with an included example. */
  get classes(): readonly string[] {
    return this.arrange().classes;
  }

  /** Included examples. */
  examples(split: Split): readonly Example[] {
    return this.arrange().examples[split];
  }

  setSplit(options: SplitOptions): void {
    this.splitOptions = options;
    this.arranged = null;
  }

  setExcluded(items: readonly number[], excluded: boolean): void {
    for (const index of items) {
      this.item(index);
      if (excluded) this.excluded.add(index);
      else this.excluded.delete(index);
    }
    this.arranged = null;
  }

  summary(): DataSummary {
    const { splits, examples } = this.arrange();
    const classes = new Map<string, { name: string; counts: Record<Split, number>; excluded: number }>();
    this.items.forEach(({ label }, index) => {
      const entry = classes.get(label) ?? { name: label, counts: { train: 0, validation: 0, test: 0 }, excluded: 0 };
      if (this.excluded.has(index)) entry.excluded++;
      else entry.counts[splits[index] as Split]++;
      classes.set(label, entry);
    });
    const issues = [...this.sourceIssues, ...examine(this.items, { noun: this.noun, splits, isIncluded: (index) => !this.excluded.has(index) })];
    return {
      name: this.name,
      task: this.task,
      classes: [...classes.values()].sort((a, b) => compareNaturally(a.name, b.name)),
      itemCount: this.items.length,
      counts: { train: examples.train.length, validation: examples.validation.length, test: examples.test.length },
      excluded: this.excluded.size,
      splitSource: this.items.some(({ folder }) => folder !== null) ? "folders" : "seeded",
      issues,
      trainable: !issues.some(({ severity }) => severity === "error"),
    };
  }

  async listItems({ label, split, indices, offset, limit }: ItemQuery): Promise<ItemPage> {
    const { splits } = this.arrange();
    const asked = indices ?? [...this.items.keys()];
    const matching = asked.filter((index) => (label === undefined || this.item(index).label === label) && (split === undefined || splits[index] === split));
    const page = matching.slice(offset, offset + limit);
    const details = await this.details(page);
    return {
      total: matching.length,
      items: page.map((index, i): DataItem => {
        const { name, label: itemLabel } = this.item(index);
        return { index, name, label: itemLabel, split: splits[index] as Split, excluded: this.excluded.has(index), ...details[i] };
      }),
    };
  }

  /** What only this kind of example has, for each of these items. */
  protected abstract details(indices: readonly number[]): Promise<readonly Pick<DataItem, "text" | "thumbnail">[]>;

  protected item(index: number): Item {
    const item = this.items[index];
    if (item === undefined) throw new RangeError(`Item ${index} of ${this.items.length}.`);
    return item;
  }

  private arrange(): Arrangement {
    return (this.arranged ??= this.computeArrangement());
  }

  private computeArrangement(): Arrangement {
    const splits = assignSplits(this.items.map(({ label, content, folder }, index) => ({ label, content, contentHash: this.contentHashes[index] as number, folder, excluded: this.excluded.has(index) })), this.splitOptions);
    const included = [...this.items.keys()].filter((index) => !this.excluded.has(index));
    const classes = [...new Set(included.map((index) => this.item(index).label))].sort(compareNaturally);
    const position = new Map(classes.map((name, i) => [name, i]));
    const examples: Record<Split, Example[]> = { train: [], validation: [], test: [] };
    for (const index of included) examples[splits[index] as Split].push({ index, label: position.get(this.item(index).label) as number });
    return { splits, classes, examples };
  }
}

/** `content` is the file's hash. */
export interface ImageItem extends NamedItem {
  readonly blob: Blob;
}

const thumbnailPixels = 128;
const thumbnailsKept = 600;
const decodedAtOnce = 4;

export class ImageDataset extends LabelledDataset<ImageItem> {
  readonly task = "image-classification";
  protected readonly noun = "image";
  /** Least recently asked for first. */
  private readonly thumbnails = new Map<number, Blob>();

  getItemBlob(index: number): Promise<Blob | null> {
    return Promise.resolve(this.item(index).blob);
  }

  /** RGB, [size, size, 3]. @throws CancelledError if the signal is aborted before the image is decoded. */
  async pixels(index: number, size: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (signal?.aborted) throw new CancelledError();
    const { blob, name } = this.item(index);
    return decodeImage(blob, size, name);
  }

  protected details(indices: readonly number[]): Promise<{ thumbnail: Blob }[]> {
    return mapConcurrently(indices, async (index) => ({ thumbnail: await this.thumbnail(index) }), { limit: decodedAtOnce });
  }

  private async thumbnail(index: number): Promise<Blob> {
    const { blob, name } = this.item(index);
    const thumbnail = this.thumbnails.get(index) ?? (await makeThumbnail(blob, thumbnailPixels, name));
    this.thumbnails.delete(index);
    this.thumbnails.set(index, thumbnail);
    for (const oldest of this.thumbnails.keys()) {
      if (this.thumbnails.size <= thumbnailsKept) break;
      this.thumbnails.delete(oldest);
    }
    return thumbnail;
  }
}

/** `content` is the text itself. */
export class TextDataset extends LabelledDataset<NamedItem> {
  readonly task = "text-classification";
  protected readonly noun = "row";
  private readonly columns: ColumnMapping;

  constructor(name: string, items: readonly NamedItem[], sourceIssues: readonly DataIssue[], columns: ColumnMapping) {
    super(name, items, sourceIssues);
    this.columns = columns;
  }

  text(index: number): string {
    return this.item(index).content;
  }

  override summary(): DataSummary {
    return { ...super.summary(), columns: this.columns };
  }

  /** A text has no file of its own. */
  getItemBlob(index: number): Promise<null> {
    this.item(index);
    return Promise.resolve(null);
  }

  protected details(indices: readonly number[]): Promise<{ text: string }[]> {
    return Promise.resolve(indices.map((index) => ({ text: this.text(index) })));
  }
}
