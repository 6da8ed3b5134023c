/**
 * A run between two steps, as plain data: with the recipe and the same examples it is all that the rest of the run depends on,
 * so that on the same kind of device the rest has the same losses, bit for bit. Randomness needs nothing kept: every draw is
 * from a fork of the recipe's seed by the number of its epoch or step. How it becomes a file is for who keeps it.
 */
import { whole, z } from "../core/zod.ts";
import { GraftError } from "../core/errors.ts";
import { initialPlateau } from "../core/schedules.ts";
import type { Weights } from "../graph/types.ts";
import type { EpochPoint } from "../protocol/run.ts";

/** Any at all: a best loss begins at infinity, and a diverged one is none. */
const exact = z.custom<number>((value) => typeof value === "number", "a number was expected");
const count = whole(0);

const progressSchema = z.strictObject({
  /** Steps taken; also the optimizer's count. */
  step: count,
  /** Epochs finished. */
  epoch: count,
  /** Batches of the next epoch that were already learned from. */
  batch: count,
  examplesSeen: count,
  /** How the batches were computed: in other parts, sums round differently. */
  microBatchSize: whole(1),
  /** What a rate set by hand multiplies the schedule's by. */
  handFactor: exact,
  /** Of the last step. */
  learningRate: exact,
  plateau: z.strictObject({ best: exact, badEpochs: count, factor: exact }),
  best: z.nullable(z.strictObject({ epoch: count, score: exact })),
  epochsWithoutGain: count,
  /** The points of finished epochs. */
  epochs: z.array(z.pipe(z.record(z.string(), z.union([exact, z.boolean()])), z.transform((point) => point as unknown as EpochPoint))),
  /** Over the steps of the unfinished epoch. */
  epochSums: z.strictObject({ steps: count, loss: exact, score: exact }),
  /** Spent training, in all and in the unfinished epoch. */
  seconds: z.strictObject({ run: exact, epoch: exact }),
});

export type TrainingProgress = Readonly<z.output<typeof progressSchema>>;

export const noSums: TrainingProgress["epochSums"] = { steps: 0, loss: 0, score: 0 };

export interface TrainingCheckpoint {
  readonly progress: TrainingProgress;
  readonly tensors: {
    /** What training may change, as it is now. */
    readonly weights: Weights;
    /** The same of the best epoch; empty before an epoch has ended. */
    readonly best: Weights;
    /** The optimizer's, by `parameter:slot`. */
    readonly slots: Weights;
  };
}

/** What a run does about checkpoints. */
export interface Checkpoints {
  /**
   * Asked after every step, and after every epoch.
   * @param bytes about what the checkpoint would have.
   */
  due(moment: "step" | "epoch", bytes: number): boolean;
  /** Training waits for it, and what it throws ends the run: storage that is full is a reason to pause, not to throw. */
  save(checkpoint: TrainingCheckpoint): Promise<void>;
}

export function initialProgress(microBatchSize: number): TrainingProgress {
  return { step: 0, epoch: 0, batch: 0, examplesSeen: 0, microBatchSize, handFactor: 1, learningRate: 0, plateau: initialPlateau, best: null, epochsWithoutGain: 0, epochs: [], epochSums: noSums, seconds: { run: 0, epoch: 0 } };
}

/**
 * @param value read from a file; somebody else's claim.
 * @throws GraftError naming what does not fit, with `where` as the file.
 */
export function parseProgress(value: unknown, where: string): TrainingProgress {
  const parsed = progressSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GraftError({ where: `${where}${issue?.path.length ? `, ${issue.path.join(".")}` : ""}`, what: `it is no checkpoint of a run: ${issue?.message ?? "unreadable"}`, next: "Start the run again" });
}

/**
 * @param sizes how many values each of the parameters has that training may change.
 * @throws GraftError where the checkpoint is of another model, or of other layers.
 */
export function refuseMisfit({ progress, tensors: { weights, best, slots } }: TrainingCheckpoint, sizes: ReadonlyMap<string, number>, microBatchSize: number): void {
  const refused = (what: string): GraftError => new GraftError({ where: "the checkpoint", what, wanted: "the parameters that this run trains", next: "Resume with the recipe and the model that the run was started with, or start it again" });
  if (progress.microBatchSize !== microBatchSize) throw refused(`its batches were computed in parts of ${progress.microBatchSize}, and here in parts of ${microBatchSize}`);
  if ((progress.best === null) !== (best.size === 0)) throw refused("its best epoch and the weights of it do not belong together");
  for (const [name, size] of sizes) {
    for (const kept of best.size === 0 ? [weights] : [weights, best]) {
      const values = kept.get(name);
      if (values?.length !== size) throw refused(values === undefined ? `it has no values for "${name}"` : `"${name}" has ${values.length} values, the model has ${size}`);
    }
  }
  const known = (name: string, { length }: { readonly length: number }): boolean => sizes.get(name) === length;
  const stray = [...weights, ...best].find(([name, values]) => !known(name, values)) ?? [...slots].find(([key, values]) => !known(key.slice(0, key.lastIndexOf(":")), values));
  if (stray) throw refused(`"${stray[0]}" is not among what is trained`);
}
