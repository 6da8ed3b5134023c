import { describe, expect, test } from "vitest";
import { Rng } from "../core/rng.ts";
import type { Split } from "../protocol/data.ts";
import { hashText } from "./duplicates.ts";
import { assignSplits, type SplitItem } from "./splits.ts";

const make = (label: string, count: number, change: Partial<SplitItem> = {}): SplitItem[] =>
  Array.from({ length: count }, (_, i) => {
    const content = change.content ?? `${label} ${i} ${change.folder ?? ""}`;
    return { label, content, contentHash: hashText(content), folder: null, excluded: false, ...change };
  });
const options = { validation: 0.2, test: 0.1, seed: 1 };
const count = (items: readonly SplitItem[], splits: readonly Split[], label: string): Record<Split, number> => {
  const counts = { train: 0, validation: 0, test: 0 };
  items.forEach((item, i) => {
    if (item.label === label && !item.excluded) counts[splits[i] as Split]++;
  });
  return counts;
};

describe("seeded splits", () => {
  const items = [...make("cat", 200), ...make("dog", 50), ...make("owl", 7)];

  test("are stratified", () => {
    const splits = assignSplits(items, options);
    expect(count(items, splits, "cat")).toEqual({ train: 140, validation: 40, test: 20 });
    expect(count(items, splits, "dog")).toEqual({ train: 35, validation: 10, test: 5 });
    expect(count(items, splits, "owl")).toEqual({ train: 5, validation: 1, test: 1 });
  });

  test("repeat by seed, differ between seeds, and do not depend on the order of the items", () => {
    const splits = assignSplits(items, options);
    expect(assignSplits(items, options)).toEqual(splits);
    expect(assignSplits(items, { ...options, seed: 2 })).not.toEqual(splits);
    expect(assignSplits([...items].reverse(), options).reverse()).toEqual(splits);
  });

  test("excluding items moves no others while their classes stay covered", () => {
    const splits = assignSplits(items, options);
    const fewer = items.map((item, i) => ({ ...item, excluded: item.label !== "owl" && i % 3 === 0 }));
    expect(assignSplits(fewer, options)).toEqual(splits);
  });

  test("small classes have one in train, then one in validation, then one in test", () => {
    const small = [...make("one", 1), ...make("two", 2), ...make("three", 3)];
    const splits = assignSplits(small, options);
    expect(count(small, splits, "one")).toEqual({ train: 1, validation: 0, test: 0 });
    expect(count(small, splits, "two")).toEqual({ train: 1, validation: 1, test: 0 });
    expect(count(small, splits, "three")).toEqual({ train: 1, validation: 1, test: 1 });
  });

  test("shares of 0 and beyond the whole", () => {
    expect(new Set(assignSplits(items, { validation: 0, test: 0, seed: 1 }))).toEqual(new Set(["train"]));
    const counts = count(items, assignSplits(items, { validation: 0.9, test: 0.9, seed: 1 }), "cat");
    expect(counts).toEqual({ train: 20, validation: 90, test: 90 });
  });

  test("properties over random data: every rule, whatever is excluded", () => {
    const rng = new Rng(11);
    for (let trial = 0; trial < 300; trial++) {
      const random = Array.from({ length: 1 + rng.int(40) }, (): SplitItem => {
        const label = "abc"[rng.int(3)] as string;
        const content = `${label}${rng.int(25)}`;
        return { label, content, contentHash: hashText(content), folder: null, excluded: rng.uniform() < 0.4 };
      });
      const splits = assignSplits(random, { validation: 0.05 + rng.uniform() * 0.5, test: rng.int(2) * 0.3, seed: trial });
      const splitOf = new Map<string, Split>();
      random.forEach(({ content }, i) => {
        expect(splitOf.get(content) ?? splits[i]).toBe(splits[i]);
        splitOf.set(content, splits[i] as Split);
      });
      for (const label of "abc") {
        const contents = new Set(random.filter((item) => item.label === label && !item.excluded).map(({ content }) => content));
        const counts = count(random, splits, label);
        if (contents.size > 0) expect(counts.train, `trial ${trial}`).toBeGreaterThan(0);
        if (contents.size > 1) expect(counts.validation, `trial ${trial}`).toBeGreaterThan(0);
      }
    }
  });
});

describe("copies", () => {
  test("share a split, and a large family does not tip the shares", () => {
    const items = [...make("cat", 90), ...make("cat", 30, { content: "same" })];
    for (let seed = 0; seed < 20; seed++) {
      const splits = assignSplits(items, { validation: 0.2, test: 0, seed });
      expect(new Set(splits.slice(90)).size).toBe(1);
      expect(count(items, splits, "cat").validation).toBeGreaterThan(8);
      expect(count(items, splits, "cat").validation).toBeLessThan(40);
    }
  });
});

describe("folder splits", () => {
  const train = make("cat", 50, { folder: "train" });
  const held = make("cat", 20, { folder: "test" });

  test("win as they are", () => {
    const items = [...train, ...make("cat", 5, { folder: "validation" }), ...held];
    expect(assignSplits(items, options)).toEqual(items.map(({ folder }) => folder));
  });

  test("without validation, it is carved from train", () => {
    const items = [...train, ...held];
    const splits = assignSplits(items, options);
    expect(count(items, splits, "cat")).toEqual({ train: 40, validation: 10, test: 20 });
    expect(new Set(splits.slice(50))).toEqual(new Set(["test"]));
  });

  test("train and validation only: no test", () => {
    const items = [...train, ...make("cat", 9, { folder: "validation" })];
    expect(count(items, assignSplits(items, options), "cat")).toEqual({ train: 50, validation: 9, test: 0 });
  });
});
