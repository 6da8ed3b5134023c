/**
 * Who is trained on and who is held back. An item's place depends on its own content, the seed and how large its class is,
 * so that excluding or adding others moves as few items as possible.
 */
import { Rng } from "../core/rng.ts";
import type { SplitOptions } from "../protocol/api.ts";
import type { Split } from "../protocol/data.ts";
import type { ContentItem } from "./duplicates.ts";

/** Even if more is asked for, this share of a class is trained on. */
const leastTrainShare = 0.1;

export interface SplitItem extends ContentItem {
  /** `hashText(content)`, which is long to compute and never changes. */
  readonly contentHash: number;
  readonly excluded: boolean;
}

/**
 * The split of each item, stratified by label. Folders win: with some, only what they lack is drawn from the train folder.
 * Equal contents share a split, unless their folders differ. Among the included items a class with two different contents has
 * one in train and, if validation is wanted, one in validation.
 */
export function assignSplits(items: readonly SplitItem[], { validation, test, seed }: SplitOptions): Split[] {
  const splits = items.map(({ folder }): Split => folder ?? "train");
  const hasFolder = (split: Split): boolean => items.some(({ folder }) => folder === split);
  const byFolder = items.some(({ folder }) => folder !== null);
  if (byFolder && hasFolder("validation")) return splits;
  const shares = { validation, test: byFolder ? 0 : test };
  const wanted = shares.validation + shares.test;
  const scale = wanted > 1 - leastTrainShare ? (1 - leastTrainShare) / wanted : 1;

  for (const groups of groupsByLabel(items, splits, seed).values()) {
    const count = groups.reduce((sum, group) => sum + group.members.length, 0);
    const cut = cutOff(groups, { test: Math.round(count * shares.test * scale), validation: Math.round(count * shares.validation * scale) }, shares);
    repair(groups, cut, items, shares.validation > 0);
    groups.forEach((group, i) => group.members.forEach((index) => (splits[index] = cut[i] as Split)));
  }
  return splits;
}

/** Items of equal content. */
interface Group {
  readonly content: string;
  readonly order: number;
  readonly members: number[];
}

/** What may be moved, by label, in the seed's order. Contents under several labels count for the first. */
function groupsByLabel(items: readonly SplitItem[], splits: readonly Split[], seed: number): Map<string, Group[]> {
  const root = new Rng(seed).fork("split");
  const byContent = new Map<string, Group>();
  const byLabel = new Map<string, Group[]>();
  items.forEach(({ content, contentHash, label }, index) => {
    if (splits[index] !== "train") return;
    const known = byContent.get(content);
    if (known) {
      known.members.push(index);
      return;
    }
    const group = { content, order: root.fork(contentHash).uint32(), members: [index] };
    byContent.set(content, group);
    const groups = byLabel.get(label);
    if (groups) groups.push(group);
    else byLabel.set(label, [group]);
  });
  for (const groups of byLabel.values()) groups.sort((a, b) => a.order - b.order || (a.content < b.content ? -1 : 1));
  return byLabel;
}

/** Test first, then validation, the rest to train; each that is wanted gets a group as long as there are enough. */
function cutOff(groups: readonly Group[], targets: { readonly test: number; readonly validation: number }, wanted: { readonly test: number; readonly validation: number }): Split[] {
  const needed = { validation: wanted.validation > 0 && groups.length > 1 ? 1 : 0, test: 0 };
  needed.test = wanted.test > 0 && groups.length > 1 + needed.validation ? 1 : 0;
  let left = groups.length;
  const take = (target: number, least: number, reserved: number): number => {
    let taken = 0;
    for (let count = 0; left > reserved; ) {
      const size = groups[groups.length - left]?.members.length ?? 0;
      // A large group of copies is taken where it brings the count nearer to the target.
      if (taken >= least && count + size / 2 > target) break;
      count += size;
      taken++;
      left--;
    }
    return taken;
  };
  const testGroups = take(targets.test, needed.test, 1 + needed.validation);
  const validationGroups = take(targets.validation, needed.validation, 1);
  return groups.map((_, i) => (i < testGroups ? "test" : i < testGroups + validationGroups ? "validation" : "train"));
}

/** Exclusion may have emptied a class's train or validation; one group moves for each. */
function repair(groups: readonly Group[], cut: Split[], items: readonly SplitItem[], wantsValidation: boolean): void {
  const included = groups.map((group, i) => ({ i, included: group.members.some((index) => items[index]?.excluded === false) })).filter((group) => group.included);
  const inSplit = (split: Split): number[] => included.filter(({ i }) => cut[i] === split).map(({ i }) => i);
  if (included.length === 0) return;
  if (inSplit("train").length === 0) {
    const donor = inSplit("test").length > 1 || inSplit("validation").length === 0 ? inSplit("test") : inSplit("validation");
    cut[donor.at(-1) as number] = "train";
  }
  if (!wantsValidation || inSplit("validation").length > 0 || included.length < 2) return;
  const donor = inSplit("train").length > 1 ? inSplit("train") : inSplit("test");
  if (donor.length > 0) cut[donor[0] as number] = "validation";
}
