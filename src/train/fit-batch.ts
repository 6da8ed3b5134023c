/**
 * How many examples the device holds at once, found out by a real step before the run: what does not fit is halved until
 * it does, and the loop adds the parts up to the same step.
 */
import { GraftError } from "../core/errors.ts";
import { refusalOf } from "../engine/backend.ts";
import { createTrainingStep, type TrainingStep } from "../engine/steps/training-step.ts";
import { stepObjective, type TrainingProblem } from "./loop.ts";
import { stackTargets } from "./examples.ts";
import type { Recipe } from "../protocol/recipe.ts";

/**
 * @returns the largest of batchSize, batchSize / 2, … (rounded up) whose training step fits.
 * @throws GraftError if not even one example does.
 */
export async function fitMicroBatch(problem: TrainingProblem, recipe: Recipe): Promise<number> {
  const examples = largestBatch(problem, recipe.batchSize);
  const before = await problem.module.snapshotStatistics();
  try {
    for (let size = Math.min(recipe.batchSize, examples.length); ; size = Math.ceil(size / 2)) {
      const refusal = await tryStep(problem, recipe, examples.slice(0, size));
      if (refusal === null) return size === examples.length ? recipe.batchSize : size;
      if (size === 1) throw new GraftError({ where: "this device's memory", what: `a training step with a single example does not fit: ${refusal}`, next: "Unfreeze fewer layers, make the images smaller or the texts shorter, or choose another backend" });
    }
  } finally {
    problem.module.restore(before);
  }
}

/** Of the bucket with the largest examples that a whole batch can be made of, or else of the largest. */
function largestBatch({ train, source }: TrainingProblem, batchSize: number): readonly number[] {
  const buckets = new Map<number, number[]>();
  for (const example of train) buckets.set(source.bucket(example), [...(buckets.get(source.bucket(example)) ?? []).slice(0, batchSize), example].slice(0, batchSize));
  const cost = ([bucket, examples]: readonly [number, readonly number[]]): number => bucket * examples.length;
  return [...buckets].reduce<readonly [number, readonly number[]]>((most, next) => (cost(next) > cost(most) || most[1].length === 0 ? next : most), [0, []])[1];
}

/** One micro-batch there and back. @returns why it does not fit, or null. */
async function tryStep(problem: TrainingProblem, recipe: Recipe, examples: readonly number[]): Promise<string | null> {
  let step: TrainingStep | null = null;
  try {
    return await refusalOf(async () => {
      step = createTrainingStep(problem.module, stepObjective(problem.objective), { ...recipe, learningRateScale: problem.learningRateScale });
      const activations = await problem.cache.batch(examples.map((example) => ({ example, view: 0 })));
      const targets = stackTargets(problem.source, examples);
      step.accumulate({ activations, targets, share: 1, seed: recipe.seed });
      for (const tensor of [...activations.values(), targets]) tensor.dispose();
    });
  } finally {
    (step as TrainingStep | null)?.dispose();
  }
}
