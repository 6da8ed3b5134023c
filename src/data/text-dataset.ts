/** Texts, one or two an example, and what is predicted of them: a class, labels, or a number. What all data sets share is in item-dataset.ts. */
import { labelColumns } from "../core/label-columns.ts";
import type { ClassSummary, ClassificationColumns, DataSummary, HistogramBin, Split } from "../protocol/data.ts";
import { LabelledDataset } from "./dataset.ts";
import { examineLabels, examineNumbers, type NamedItem } from "./issues.ts";
import { ItemDataset } from "./item-dataset.ts";
import { compareNaturally } from "./wording.ts";

export interface TextPair {
  readonly text: string;
  readonly secondText?: string;
}

/** `content` is the text itself, or both. */
export type TextItem = NamedItem & TextPair;

/** `label` names all of them. */
export type TaggedItem = TextItem & { readonly labels: readonly string[] };

/** `label` is the number as it is shown. */
export type NumberItem = TextItem & { readonly value: number };

export type TextDataset = ClassTextDataset | LabelTextDataset | NumberTextDataset;

const task = "text-classification";
const noun = "row";
/** Strata that numbers are split by, and the least that each holds. */
const mostStrata = 10;
const leastInStratum = 10;
const histogramBins = 20;

/** What a page of examples shows of a text. */
const mostShown = 2000;

function shownOf({ text, secondText }: TextPair): TextPair {
  // A pair of surrogates stays whole.
  const cut = (whole: string): string => (whole.length <= mostShown ? whole : `${whole.slice(0, mostShown).replace(/[\uD800-\uDBFF]$/, "")}…`);
  return secondText === undefined ? { text: cut(text) } : { text: cut(text), secondText: cut(secondText) };
}

function textsOf({ text, secondText }: TextPair): TextPair {
  return secondText === undefined ? { text } : { text, secondText };
}

export class ClassTextDataset extends LabelledDataset<TextItem> {
  readonly task = task;
  readonly columns: ClassificationColumns;
  protected readonly noun = noun;

  constructor(name: string, items: readonly TextItem[], sourceIssues: ConstructorParameters<typeof LabelledDataset>[2], columns: ClassificationColumns) {
    super(name, items, sourceIssues);
    this.columns = columns;
  }

  texts(index: number): TextPair {
    return textsOf(this.item(index));
  }

  override summary(): DataSummary {
    return { ...super.summary(), columns: this.columns };
  }

  protected details(indices: readonly number[]): Promise<readonly TextPair[]> {
    return Promise.resolve(indices.map((index) => shownOf(this.texts(index))));
  }
}

/** What data of labels and of numbers share. */
abstract class TargetedTextDataset<Item extends TextItem> extends ItemDataset<Item> {
  readonly task = task;
  readonly columns: ClassificationColumns;
  protected readonly noun = noun;

  constructor(name: string, items: readonly Item[], sourceIssues: ConstructorParameters<typeof LabelledDataset>[2], columns: ClassificationColumns) {
    super(name, items, sourceIssues);
    this.columns = columns;
  }

  texts(index: number): TextPair {
    return textsOf(this.item(index));
  }

  protected details(indices: readonly number[]): Promise<readonly TextPair[]> {
    return Promise.resolve(indices.map((index) => shownOf(this.texts(index))));
  }

  protected get included(): number[] {
    return [...this.items.keys()].filter((index) => !this.isExcluded(index));
  }
}

/** Any number of labels a row. */
export class LabelTextDataset extends TargetedTextDataset<TaggedItem> {
  /** In the order of their columns, or in natural order; those that an included row has. */
  get classes(): readonly string[] {
    return this.summaries()
      .filter(({ counts }) => counts.train + counts.validation + counts.test > 0)
      .map(({ name }) => name);
  }

  labels(index: number): readonly string[] {
    return this.item(index).labels;
  }

  summary(): DataSummary {
    const issues = examineLabels(this.items, { noun, splits: this.splits, isIncluded: (index) => !this.isExcluded(index) });
    return { ...this.counted(issues), classes: this.summaries(), columns: this.columns };
  }

  protected override hasLabel(item: TaggedItem, label: string): boolean {
    return item.labels.includes(label);
  }

  /** By its rarest label, so that rare ones are in every split. */
  protected override strata(): readonly string[] {
    const counts = new Map<string, number>();
    for (const label of this.items.flatMap(({ labels }) => labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
    return this.items.map(({ labels }) => labels.toSorted((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0) || compareNaturally(a, b))[0] ?? "");
  }

  private summaries(): readonly ClassSummary[] {
    const { splits } = this;
    const summaries = new Map<string, { name: string; counts: Record<Split, number>; excluded: number }>();
    if (typeof this.columns.label !== "string") for (const name of labelColumns(this.columns)) summaries.set(name, { name, counts: { train: 0, validation: 0, test: 0 }, excluded: 0 });
    this.items.forEach(({ labels }, index) => {
      for (const name of labels) {
        const summary = summaries.get(name) ?? { name, counts: { train: 0, validation: 0, test: 0 }, excluded: 0 };
        if (this.isExcluded(index)) summary.excluded++;
        else summary.counts[splits[index] as Split]++;
        summaries.set(name, summary);
      }
    });
    const all = [...summaries.values()];
    return typeof this.columns.label === "string" ? all.sort((a, b) => compareNaturally(a.name, b.name)) : all;
  }
}

/** A number a row. */
export class NumberTextDataset extends TargetedTextDataset<NumberItem> {
  /** The one output. */
  get classes(): readonly string[] {
    return labelColumns(this.columns);
  }

  value(index: number): number {
    return this.item(index).value;
  }

  summary(): DataSummary {
    const issues = examineNumbers(this.items, { noun, splits: this.splits, isIncluded: (index) => !this.isExcluded(index) });
    const values = this.included.map((index) => this.value(index));
    const [least, greatest] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const numbers = values.length === 0 ? undefined : { name: this.classes.join(), least, greatest, mean: values.reduce((sum, value) => sum + value, 0) / values.length, bins: histogramOf(values, least, greatest) };
    return { ...this.counted(issues), classes: [], ...(numbers && { numbers }), columns: this.columns };
  }

  /** By size, so that large and small ones are in every split. */
  protected override strata(): readonly string[] {
    const { items } = this;
    const count = Math.max(1, Math.min(mostStrata, Math.floor(items.length / leastInStratum)));
    const order = [...items.keys()].sort((a, b) => (items[a] as NumberItem).value - (items[b] as NumberItem).value);
    const strata = new Array<string>(items.length);
    order.forEach((index, rank) => (strata[index] = String(Math.floor((rank * count) / items.length))));
    return strata;
  }
}

/** Bins of equal width from the least to the greatest; one where they are the same. */
function histogramOf(values: readonly number[], least: number, greatest: number): readonly HistogramBin[] {
  const count = greatest === least ? 1 : histogramBins;
  const width = (greatest - least) / count;
  const bins = Array.from({ length: count }, (_, i) => ({ from: least + i * width, to: least + (i + 1) * width, count: 0 }));
  for (const value of values) {
    const bin = bins[Math.min(count - 1, Math.floor((value - least) / width) || 0)];
    if (bin) bin.count++;
  }
  return bins;
}
