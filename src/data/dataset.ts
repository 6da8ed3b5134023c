/** The kinds of data set, and those whose items are of one class each: images here, texts in text-dataset.ts. What all share is in item-dataset.ts. */
import { CancelledError } from "../core/errors.ts";
import type { DataSummary, Split } from "../protocol/data.ts";
import type { TextCorpus } from "./corpus/text-corpus.ts";
import { decodeImage, makeThumbnail } from "./image.ts";
import { examine, type NamedItem } from "./issues.ts";
import { ItemDataset } from "./item-dataset.ts";
import { mapConcurrently } from "./pace.ts";
import type { TextDataset } from "./text-dataset.ts";
import { compareNaturally } from "./wording.ts";

export type Dataset = ImageDataset | TextDataset | TextCorpus;

export interface Example {
  readonly index: number;
  /** Position in `classes`. */
  readonly label: number;
}

/** What follows from the items, the exclusions and the split options. */
interface Labelling {
  readonly classes: readonly string[];
  readonly examples: Readonly<Record<Split, readonly Example[]>>;
}

/** Items that are of one class each. */
export abstract class LabelledDataset<Item extends NamedItem = NamedItem> extends ItemDataset<Item> {
  private labelling: Labelling | null = null;

  /** In natural order; those with an included example. */
  get classes(): readonly string[] {
    return this.label().classes;
  }

  /** Included examples. */
  examples(split: Split): readonly Example[] {
    return this.label().examples[split];
  }

  summary(): DataSummary {
    const { splits } = this;
    const classes = new Map<string, { name: string; counts: Record<Split, number>; excluded: number }>();
    this.items.forEach(({ label }, index) => {
      const entry = classes.get(label) ?? { name: label, counts: { train: 0, validation: 0, test: 0 }, excluded: 0 };
      if (this.isExcluded(index)) entry.excluded++;
      else entry.counts[splits[index] as Split]++;
      classes.set(label, entry);
    });
    const issues = examine(this.items, { noun: this.noun, splits, isIncluded: (index) => !this.isExcluded(index) });
    return { ...this.counted(issues), classes: [...classes.values()].sort((a, b) => compareNaturally(a.name, b.name)) };
  }

  protected override rearrange(): void {
    super.rearrange();
    this.labelling = null;
  }

  private label(): Labelling {
    return (this.labelling ??= this.computeLabelling());
  }

  private computeLabelling(): Labelling {
    const { splits } = this;
    const included = [...this.items.keys()].filter((index) => !this.isExcluded(index));
    const classes = [...new Set(included.map((index) => this.item(index).label))].sort(compareNaturally);
    const position = new Map(classes.map((name, i) => [name, i]));
    const examples: Record<Split, Example[]> = { train: [], validation: [], test: [] };
    for (const index of included) examples[splits[index] as Split].push({ index, label: position.get(this.item(index).label) as number });
    return { classes, examples };
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

  override getItemBlob(index: number): Promise<Blob | null> {
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
