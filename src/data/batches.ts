/** Which examples share a batch. Every batch holds one bucket (one shape), so that shapes stay static over a run. */
import type { Rng } from "../core/rng.ts";

/** Padded lengths for texts: few enough to keep shapes static, close enough to waste little on padding. */
const lengths = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];

/** The padded length for `tokens` tokens, at most `max`; longer texts are cut to it. */
export function bucketLength(tokens: number, max: number): number {
  return Math.min(lengths.find((length) => length >= tokens) ?? max, max);
}

interface PlannedExample {
  readonly index: number;
  readonly bucket: number;
}

export type EpochPlanOptions = {
  readonly examples: readonly PlannedExample[];
  readonly batchSize: number;
} & ({ readonly shuffle: true; readonly rng: Rng } | { readonly shuffle: false });

/**
 * Batches of example indices: every example once, one bucket a batch, and only a bucket's last batch is not full.
 * Unshuffled, buckets ascend and examples keep their order.
 */
export function planEpoch({ examples, batchSize, ...order }: EpochPlanOptions): number[][] {
  const buckets = new Map<number, number[]>();
  for (const { index, bucket } of examples) {
    const members = buckets.get(bucket);
    if (members) members.push(index);
    else buckets.set(bucket, [index]);
  }
  const batches: number[][] = [];
  for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
    const members = buckets.get(bucket) as number[];
    if (order.shuffle) order.rng.fork(`bucket ${bucket}`).shuffle(members);
    for (let first = 0; first < members.length; first += batchSize) batches.push(members.slice(first, first + batchSize));
  }
  return order.shuffle ? order.rng.fork("batches").shuffle(batches) : batches;
}
