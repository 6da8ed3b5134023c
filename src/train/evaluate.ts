/** The model's outputs over a list of examples, in inference mode. */
import { planEpoch } from "../data/batches.ts";
import type { GraphModule } from "../engine/module.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import type { ActivationCache } from "./activations.ts";
import type { RunControl } from "./control.ts";
import { stackTargets, weightOf, type ExampleSource } from "./examples.ts";
import type { Objective } from "./objective.ts";

export interface Evaluation {
  /** Means over the examples, by their weights. */
  readonly loss: number;
  readonly score: number;
  /** [examples, width], row-major, in the order of the examples; empty where they were not wanted. */
  readonly outputs: Float32Array;
}

export interface EvaluateContext {
  readonly module: GraphModule;
  readonly cache: ActivationCache;
  readonly source: ExampleSource;
  readonly objective: Objective;
  readonly batchSize: number;
  /** Its `yield` comes after every batch; what that throws ends it. */
  readonly control: Pick<RunControl, "yield">;
  /** Whether the outputs are wanted too; true by default. A language model's are too many to keep. */
  readonly keepOutputs?: boolean;
}

export async function evaluate(examples: readonly number[], context: EvaluateContext): Promise<Evaluation> {
  const { source, batchSize, control } = context;
  const plan = planEpoch({ examples: examples.map((index) => ({ index, bucket: source.bucket(index) })), batchSize, shuffle: false });
  const position = new Map(examples.map((example, i) => [example, i]));
  let outputs = new Float32Array(0);
  let loss = 0;
  let score = 0;
  for (const batch of plan) {
    const [values, figures] = await measured(batch, context);
    const width = values.length / batch.length;
    if (outputs.length === 0) outputs = new Float32Array(width * examples.length);
    batch.forEach((example, row) => outputs.set(values.subarray(row * width, (row + 1) * width), (position.get(example) ?? 0) * width));
    const weight = weightOf(source, batch);
    loss += (figures[0] ?? NaN) * weight;
    score += (figures[1] ?? NaN) * weight;
    await control.yield();
  }
  const total = weightOf(source, examples);
  return { loss: loss / total, score: score / total, outputs };
}

type Values = Float32Array | Int32Array | Uint8Array;

/** The outputs, where they are wanted, and [loss, score]. Leaves no tensor wherever the device goes away. */
async function measured(batch: readonly number[], { module, cache, source, objective, keepOutputs = true }: EvaluateContext): Promise<readonly [Values, Values]> {
  const activations = await cache.batch(batch.map((example) => ({ example, view: 0 })));
  const held: Tensor[] = [...activations.values()];
  try {
    const targets = stackTargets(source, batch);
    held.push(targets);
    const output = module.runTail(activations);
    held.push(output);
    const figures = tf.tidy(() => tf.stack([objective.loss(output, targets, { training: false }), objective.score(output, targets)]));
    held.push(figures);
    return await Promise.all([keepOutputs ? output.data() : new Float32Array(0), figures.data()]);
  } finally {
    tf.dispose(held);
  }
}
