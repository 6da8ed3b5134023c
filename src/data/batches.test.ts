import { describe, expect, test } from "vitest";
import { Rng } from "../core/rng.ts";
import { bucketLength, planEpoch } from "./batches.ts";

const examples = Array.from({ length: 103 }, (_, i) => ({ index: i * 3 + 1, bucket: [8, 16, 64][(i * i) % 3] as number }));
const bucketOf = new Map(examples.map(({ index, bucket }) => [index, bucket]));
const shuffled = (seed: number): number[][] => planEpoch({ examples, batchSize: 10, shuffle: true, rng: new Rng(seed) });

describe("planEpoch", () => {
  test.each([true, false])("every example once, one bucket a batch, full but for a bucket's last (shuffle: %s)", (shuffle) => {
    const plan = shuffle ? shuffled(1) : planEpoch({ examples, batchSize: 10, shuffle: false });
    expect(plan.flat().sort((a, b) => a - b)).toEqual(examples.map(({ index }) => index));
    for (const batch of plan) expect(new Set(batch.map((index) => bucketOf.get(index))).size).toBe(1);
    expect(plan.length).toBe([8, 16, 64].reduce((sum, bucket) => sum + Math.ceil(examples.filter((example) => example.bucket === bucket).length / 10), 0));
  });

  test("the order is the seed's", () => {
    expect(shuffled(1)).toEqual(shuffled(1));
    expect(shuffled(1)).not.toEqual(shuffled(2));
    const firsts = shuffled(1).map((batch) => bucketOf.get(batch[0] as number));
    expect(firsts).not.toEqual([...firsts].sort((a, b) => (a as number) - (b as number)));
  });

  test("unshuffled, examples keep their order", () => {
    const plan = planEpoch({ examples: [5, 3, 9].map((index) => ({ index, bucket: 8 })), batchSize: 2, shuffle: false });
    expect(plan).toEqual([[5, 3], [9]]);
  });

  test("nothing makes no batch", () => {
    expect(planEpoch({ examples: [], batchSize: 4, shuffle: false })).toEqual([]);
  });
});

test.each([
  [0, 128, 8],
  [8, 128, 8],
  [9, 128, 16],
  [33, 128, 48],
  [97, 100, 100],
  [400, 128, 128],
  [500, 512, 512],
  [5, 6, 6],
])("%i tokens of at most %i are padded to %i", (tokens, max, length) => {
  expect(bucketLength(tokens, max)).toBe(length);
});
