/** Mean and spread of a trunk's features over training examples: with them in the head, one learning rate fits every trunk. */
import type { GraphModule } from "../engine/module.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import type { ActivationCache, ExampleView } from "./activations.ts";
import type { RunControl } from "./control.ts";

/** Statistics from more examples than this change little. */
const maximumExamples = 512;

export interface FeatureStatistics {
  /** [features] */
  readonly center: Float32Array;
  /** [features]: 1 / standard deviation, with a floor that keeps nearly constant features from being blown up. */
  readonly scale: Float32Array;
}

/** @param module a module whose one value at the cut holds the features, [batch, features] or [batch, height, width, features]. */
export async function featureStatistics(module: GraphModule, cache: ActivationCache, views: readonly ExampleView[], batchSize: number, control: RunControl): Promise<FeatureStatistics> {
  const name = module.tail.inputs[0]?.name;
  if (name === undefined || module.tail.inputs.length !== 1) throw new Error("Standardisation needs a cut with one value.");
  const stride = Math.max(1, Math.floor(views.length / maximumExamples));
  const chosen = views.filter((_, i) => i % stride === 0).slice(0, maximumExamples);
  let sum: Float64Array | null = null;
  let squares: Float64Array | null = null;
  for (let start = 0; start < chosen.length; start += batchSize) {
    for (const view of oneBucketRuns(chosen.slice(start, start + batchSize), cache)) {
      const activations = await cache.batch(view);
      const pooled = tf.tidy(() => {
        const features = activations.get(name) as Tensor;
        return features.rank === 4 ? features.mean([1, 2]) : features.clone();
      });
      const values = await pooled.data().finally(() => tf.dispose([...activations.values(), pooled]));
      const width = pooled.shape.at(-1) as number;
      sum ??= new Float64Array(width);
      squares ??= new Float64Array(width);
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as number;
        sum[i % width] = (sum[i % width] as number) + value;
        squares[i % width] = (squares[i % width] as number) + value * value;
      }
      await control.yield();
    }
  }
  const count = Math.max(1, chosen.length);
  const means = Array.from(sum ?? [], (total) => total / count);
  const variances = Array.from(squares ?? [], (total, i) => Math.max(0, total / count - (means[i] as number) ** 2));
  const floor = 1e-12 + (0.01 * variances.reduce((a, b) => a + b, 0)) / Math.max(1, variances.length);
  return { center: Float32Array.from(means), scale: Float32Array.from(variances, (variance) => 1 / Math.sqrt(variance + floor)) };
}

function oneBucketRuns(views: readonly ExampleView[], cache: ActivationCache): ExampleView[][] {
  const runs = new Map<number, ExampleView[]>();
  for (const view of views) {
    const bucket = cache.bucket(view);
    runs.set(bucket, [...(runs.get(bucket) ?? []), view]);
  }
  return [...runs.values()];
}
