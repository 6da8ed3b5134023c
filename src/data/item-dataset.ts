/**
 * An open data set as far as every kind of example shares it: items in a stable order, who is excluded, who is trained on, and
 * pages of items to look at. What an item is (an image, a text, a document), and what it is labelled with, is the business of the classes in dataset.ts.
 */
import type { SplitOptions } from "../protocol/api.ts";
import type { DataIssue, DataItem, DataSummary, ItemPage, ItemQuery, Split } from "../protocol/data.ts";
import type { TaskId } from "../protocol/recipe.ts";
import { hashText } from "./duplicates.ts";
import type { NamedItem } from "./issues.ts";
import { assignSplits } from "./splits.ts";

/** Until a recipe says otherwise; the recipe's own defaults. */
const initialSplit: SplitOptions = { validation: 0.2, test: 0, seed: 1 };

export abstract class ItemDataset<Item extends NamedItem> {
  abstract readonly task: TaskId;
  /** `image`, `row`, … */
  protected abstract readonly noun: string;
  readonly name: string;
  protected readonly items: readonly Item[];
  private readonly sourceIssues: readonly DataIssue[];
  private readonly contentHashes: readonly number[];
  private readonly excluded = new Set<number>();
  protected splitOptions = initialSplit;
  private arranged: readonly Split[] | null = null;

  /** @param sourceIssues what was found while the files were read; they stay, whatever is excluded. */
  constructor(name: string, items: readonly Item[], sourceIssues: readonly DataIssue[]) {
    this.name = name;
    this.items = items;
    this.contentHashes = items.map(({ content }) => hashText(content));
    this.sourceIssues = sourceIssues;
  }

  /** The included items of a split, in order. */
  indices(split: Split): readonly number[] {
    const { splits } = this;
    return [...this.items.keys()].filter((index) => !this.excluded.has(index) && splits[index] === split);
  }

  setSplit(options: SplitOptions): void {
    this.splitOptions = options;
    this.rearrange();
  }

  setExcluded(items: readonly number[], excluded: boolean): void {
    for (const index of items) {
      this.item(index);
      if (excluded) this.excluded.add(index);
      else this.excluded.delete(index);
    }
    this.rearrange();
  }

  get split(): SplitOptions {
    return this.splitOptions;
  }

  /** Items that are left out, in order. */
  get excludedItems(): readonly number[] {
    return [...this.excluded].toSorted((a, b) => a - b);
  }

  abstract summary(): DataSummary;

  async listItems({ label, split, indices, offset, limit }: ItemQuery): Promise<ItemPage> {
    const { splits } = this;
    const asked = indices ?? [...this.items.keys()];
    const matching = asked.filter((index) => (label === undefined || this.hasLabel(this.item(index), label)) && (split === undefined || splits[index] === split));
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

  /** The original of one item, for a closer look; null where it has no file of its own. */
  getItemBlob(index: number): Promise<Blob | null> {
    this.item(index);
    return Promise.resolve(null);
  }

  /** What the summary of every kind of data says. */
  protected counted(found: readonly DataIssue[]): Omit<DataSummary, "classes"> {
    const issues = [...this.sourceIssues, ...found];
    const count = (split: Split): number => this.indices(split).length;
    return {
      name: this.name,
      task: this.task,
      itemCount: this.items.length,
      counts: { train: count("train"), validation: count("validation"), test: count("test") },
      excluded: this.excluded.size,
      splitSource: this.items.some(({ folder }) => folder !== null) ? "folders" : "seeded",
      issues,
      trainable: !issues.some(({ severity }) => severity === "error"),
    };
  }

  /** The split of each item, excluded ones included. */
  protected get splits(): readonly Split[] {
    return (this.arranged ??= this.assigned());
  }

  /** The split of each item by the split options. */
  protected assigned(): readonly Split[] {
    const strata = this.strata();
    return assignSplits(
      this.items.map(({ content, folder }, index) => ({ label: strata[index] as string, content, contentHash: this.contentHashes[index] as number, folder, excluded: this.excluded.has(index) })),
      this.splitOptions,
    );
  }

  protected isExcluded(index: number): boolean {
    return this.excluded.has(index);
  }

  /** What each item is split by: every stratum is divided in the same proportion. */
  protected strata(): readonly string[] {
    return this.items.map(({ label }) => label);
  }

  protected hasLabel(item: Item, label: string): boolean {
    return item.label === label;
  }

  /** What only this kind of example has, for each of these items. */
  protected abstract details(indices: readonly number[]): Promise<readonly Pick<DataItem, "text" | "secondText" | "thumbnail">[]>;

  protected item(index: number): Item {
    const item = this.items[index];
    if (item === undefined) throw new RangeError(`Item ${index} of ${this.items.length}.`);
    return item;
  }

  /** Exclusions or the split have changed. */
  protected rearrange(): void {
    this.arranged = null;
  }
}
