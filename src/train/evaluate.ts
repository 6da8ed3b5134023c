/** The model's outputs over a list of examples, in inference mode. */
import { planEpoch } from "../data/batches.ts";
import type { GraphModule } from "../engine/module.ts";
import { tf } from "../engine/tf.ts";
import type { ActivationCache } from "./activations.ts";
import type { RunControl } from "./control.ts";
import { stack, type ExampleSource } from "./examples.ts";
import type { Objective } from "./objective.ts";

export interface Evaluation {
  /** Means over the examples. */
  readonly loss: number;
  readonly accuracy: number;
  /** [examples, width], row-major, in the order of the examples. */
  readonly outputs: Float32Array;
}

export interface EvaluateContext {
  readonly module: GraphModule;
  readonly cache: ActivationCache;
  readonly source: ExampleSource;
  readonly objective: Objective;
  readonly batchSize: number;
  readonly control: RunControl;
}

export async function evaluate(examples: readonly number[], context: EvaluateContext): Promise<Evaluation> {
  const { module, cache, source, objective, batchSize, control } = context;
  const plan = planEpoch({ examples: examples.map((index) => ({ index, bucket: source.bucket(index) })), batchSize, shuffle: false });
  const position = new Map(examples.map((example, i) => [example, i]));
  let outputs = new Float32Array(0);
  let loss = 0;
  let accuracy = 0;
  for (const batch of plan) {
    const activations = await cache.batch(batch.map((example) => ({ example, view: 0 })));
    const targets = stack(batch.map((example) => source.target(example)), "int32");
    const output = module.runTail(activations);
    const figures = tf.tidy(() => tf.stack([objective.loss(output, targets, { training: false }), objective.accuracy(output, targets)]));
    const [values, figureValues] = await Promise.all([output.data(), figures.data()]);
    for (const tensor of [...activations.values(), targets, output, figures]) tensor.dispose();
    const width = values.length / batch.length;
    if (outputs.length === 0) outputs = new Float32Array(width * examples.length);
    batch.forEach((example, row) => outputs.set(values.subarray(row * width, (row + 1) * width), (position.get(example) ?? 0) * width));
    loss += (figureValues[0] ?? NaN) * batch.length;
    accuracy += (figureValues[1] ?? NaN) * batch.length;
    await control.yield();
  }
  return { loss: loss / examples.length, accuracy: accuracy / examples.length, outputs };
}
