/** What a person should know of their examples before training: each finding one sentence with names, and the items to exclude. */
import type { DataIssue, Split } from "../protocol/data.ts";
import { findDuplicates, type ContentItem } from "./duplicates.ts";
import { compareNaturally, counted, listed } from "./wording.ts";

/** Below this, a class is too small to be learned or measured. */
const fewExamples = 5;
/** Beyond this, the largest class drowns the smallest. */
const tolerableImbalance = 3;
/** Groups of alike examples that a sentence names. */
const conflictsShown = 2;
const splitOrder: readonly Split[] = ["train", "validation", "test"];

export interface NamedItem extends ContentItem {
  readonly name: string;
}

export interface ExamineContext {
  /** `image` or `row`. */
  readonly noun: string;
  readonly splits: readonly Split[];
  readonly isIncluded: (index: number) => boolean;
}

/** Findings about the included examples, as they are split now. Training cannot start while one of them is an error. */
export function examine(items: readonly NamedItem[], { noun, splits, isIncluded }: ExamineContext): DataIssue[] {
  const included = [...items.keys()].filter(isIncluded);
  const byClass = new Map<string, Record<Split, number>>();
  for (const index of included) {
    const { label } = items[index] as NamedItem;
    const counts = byClass.get(label) ?? { train: 0, validation: 0, test: 0 };
    counts[splits[index] as Split]++;
    byClass.set(label, counts);
  }
  const classes = [...byClass].map(([name, counts]) => ({ name, counts, size: counts.train + counts.validation + counts.test })).sort((a, b) => compareNaturally(a.name, b.name));
  return [...untrainable(classes, noun), ...(classes.length < 2 ? [] : emptySplit(included, splits, noun)), ...smallClasses(classes), ...imbalance(classes), ...duplicateIssues(items, included, noun)];
}

export interface TaggedItem extends NamedItem {
  readonly labels: readonly string[];
}

/** As `examine`, for items that have any number of labels. */
export function examineLabels(items: readonly TaggedItem[], { noun, splits, isIncluded }: ExamineContext): DataIssue[] {
  const included = [...items.keys()].filter(isIncluded);
  if (included.length === 0) return [nothingIncluded(noun)];
  const counts = new Map<string, Record<Split, number>>();
  for (const index of included) {
    for (const label of (items[index] as TaggedItem).labels) {
      const count = counts.get(label) ?? { train: 0, validation: 0, test: 0 };
      count[splits[index] as Split]++;
      counts.set(label, count);
    }
  }
  const labels = [...counts].map(([name, count]) => ({ name, counts: count, size: count.train + count.validation + count.test })).sort((a, b) => compareNaturally(a.name, b.name));
  const everywhere = labels.filter(({ size }) => size === included.length);
  const unlabelled = included.filter((index) => (items[index] as TaggedItem).labels.length === 0).length;
  const issues: DataIssue[] = [];
  if (labels.length === 0) issues.push(issue("error", "one-class", `No ${noun} has a label. Training needs at least one label that some ${noun}s have and others have not.`, { count: 0 }));
  else if (everywhere.length === labels.length) issues.push(issue("error", "constant", `Every ${noun} has the same labels, so there is nothing to tell apart: ${listed(everywhere.map(({ name }) => name))}.`, { count: everywhere.length }));
  else if (everywhere.length > 0) issues.push(issue("warning", "constant", `Every ${noun} has ${everywhere.length === 1 ? "the label" : "the labels"} ${listed(everywhere.map(({ name }) => name))}, so nothing can be learned of ${everywhere.length === 1 ? "it" : "them"}.`, { count: everywhere.length }));
  if (labels.length > 0 && unlabelled > 0) issues.push(issue("note", "empty-cell", `${unlabelled === 1 ? `1 ${noun} has` : `${counted(unlabelled, noun)} have`} no label, and ${unlabelled === 1 ? "is an example" : "are examples"} of what has none.`, { count: unlabelled }));
  return [...issues, ...emptySplit(included, splits, noun), ...smallClasses(labels), ...imbalance(labels), ...duplicateIssues(items, included, noun)];
}

/** As `examine`, for items that have a number, which is their `label` in writing. */
export function examineNumbers(items: readonly (NamedItem & { readonly value: number })[], { noun, splits, isIncluded }: ExamineContext): DataIssue[] {
  const included = [...items.keys()].filter(isIncluded);
  const [first] = included;
  if (first === undefined) return [nothingIncluded(noun)];
  const { value, label } = items[first] as (typeof items)[number];
  const isConstant = included.every((index) => items[index]?.value === value);
  const constant = isConstant ? [issue("error", "constant", `The number is ${label} in every ${noun}, so there is nothing to predict.`, { count: included.length })] : [];
  return [...constant, ...emptySplit(included, splits, noun), ...duplicateIssues(items, included, noun)];
}

interface ClassCount {
  readonly name: string;
  readonly counts: Readonly<Record<Split, number>>;
  readonly size: number;
}

const issue = (severity: DataIssue["severity"], kind: DataIssue["kind"], message: string, { count = 1, items = [] }: { readonly count?: number; readonly items?: readonly number[] } = {}): DataIssue => ({ severity, kind, message, count, items });

function untrainable(classes: readonly ClassCount[], noun: string): DataIssue[] {
  const [only] = classes;
  if (only === undefined) return [nothingIncluded(noun)];
  if (classes.length === 1) return [issue("error", "one-class", `There is only one class, ${only.name}, with ${counted(only.size, noun)}. Training needs at least two.`)];
  return [];
}

function nothingIncluded(noun: string): DataIssue {
  return issue("error", "one-class", `No ${noun} is included. Training needs examples.`, { count: 0 });
}

function emptySplit(included: readonly number[], splits: readonly Split[], noun: string): DataIssue[] {
  const empty = (["train", "validation"] as const).find((split) => included.every((index) => splits[index] !== split));
  if (empty === undefined) return [];
  const purpose = empty === "train" ? "train on" : "measure progress with";
  return [issue("error", "rare-class", `No ${noun} is left to ${purpose}: the ${empty} split is empty. Add examples, or change the split.`)];
}

function smallClasses(classes: readonly ClassCount[]): DataIssue[] {
  const rare = classes.filter(({ size }) => size < fewExamples);
  const untrained = classes.filter(({ counts, size }) => size >= fewExamples && counts.train === 0);
  const issues: DataIssue[] = [];
  if (rare.length > 0) {
    const names = listed(rare.map(({ name, size }) => `${name} (${size})`));
    issues.push(issue("warning", "rare-class", `${rare.length === 1 ? "1 class has" : `${counted(rare.length, "class", "classes")} have`} fewer than ${fewExamples} examples: ${names}. Add more, or expect little of ${rare.length === 1 ? "it" : "them"}.`, { count: rare.length }));
  }
  if (untrained.length > 0) {
    const names = listed(untrained.map(({ name }) => name));
    issues.push(issue("warning", "rare-class", `${untrained.length === 1 ? "1 class has" : `${counted(untrained.length, "class", "classes")} have`} no example in the train split, so the model cannot learn ${untrained.length === 1 ? "it" : "them"}: ${names}.`, { count: untrained.length }));
  }
  return issues;
}

function imbalance(classes: readonly ClassCount[]): DataIssue[] {
  const bySize = [...classes].sort((a, b) => b.size - a.size);
  const [largest, smallest] = [bySize[0], bySize.at(-1)];
  if (!largest || !smallest || largest.size <= tolerableImbalance * smallest.size) return [];
  const times = Math.round(largest.size / smallest.size);
  return [issue("warning", "imbalance", `The class ${largest.name} has ${counted(largest.size, "example")} and ${smallest.name} only ${smallest.size}, ${times} times fewer. Balanced class weights make both count the same.`)];
}

function duplicateIssues(items: readonly NamedItem[], included: readonly number[], noun: string): DataIssue[] {
  const { conflicting, leaking, copies } = findDuplicates(items, included);
  const item = (index: number): NamedItem => items[index] as NamedItem;
  const issues: DataIssue[] = [];

  const inConflict = conflicting.flat();
  if (inConflict.length > 0) {
    // One of each label is enough to see the conflict.
    const oneOfEach = (group: readonly number[]): number[] => [...new Map(group.toReversed().map((index) => [item(index).label, index])).values()].sort((a, b) => a - b);
    const shown = conflicting.slice(0, conflictsShown).map((group) => oneOfEach(group).map((index) => `${item(index).name} (${item(index).label})`)).map((group) => listed(group));
    issues.push(issue("warning", "conflicting-label", `${counted(inConflict.length, noun)} are alike but have different labels: ${[...shown, ...(conflicting.length > conflictsShown ? ["…"] : [])].join("; ")}. Exclude the wrong ones.`, { count: inConflict.length, items: inConflict }));
  }
  // The split that measures last keeps its copy: then the others can no longer flatter it.
  const leaked = leaking.flatMap((group) => {
    const kept = splitOrder[Math.max(...group.map((index) => splitOrder.indexOf(item(index).folder ?? "train")))];
    return group.filter((index) => item(index).folder !== kept);
  });
  if (leaked.length > 0) {
    issues.push(issue("warning", "leak", `${leaked.length === 1 ? `1 ${noun} stands` : `${counted(leaked.length, noun)} stand`} in more than one split, so the results would look better than they are: ${listed(names(items, leaked))}.`, { count: leaked.length, items: leaked }));
  }
  const spare = copies.flatMap((group) => group.slice(1));
  if (spare.length > 0) {
    issues.push(issue("note", "duplicate", `${spare.length === 1 ? `1 ${noun} is an exact copy of another` : `${counted(spare.length, noun)} are exact copies of others`}: ${listed(names(items, spare))}.`, { count: spare.length, items: spare }));
  }
  return issues;
}

function names(items: readonly NamedItem[], indices: readonly number[]): string[] {
  return indices.map((index) => (items[index] as NamedItem).name);
}
