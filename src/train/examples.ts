/**
 * What the loop trains on: examples as plain arrays that a task encodes, stacked to batches on the backend. A view is one
 * augmented version of an example; view 0 is the example as it is.
 */
import type { DType } from "../core/shape.ts";
import { tf, type Tensor } from "../engine/tf.ts";

/** One example's values for one input, activation or target; shape without the batch. */
export interface EncodedExample {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** A task's examples as model inputs and targets, by their index in the data set. */
export interface ExampleSource {
  /** The graph input that the examples feed. */
  readonly inputName: string;
  readonly dtype: DType;
  /** Augmented views per training example; 0 where augmentation is off. */
  readonly augmentedViews: number;
  /** Examples of one bucket have one shape; a batch holds one bucket. */
  bucket(example: number): number;
  /** @param view 0 is the plain example, 1 .. augmentedViews an augmented one; the same view is the same values every time. */
  encode(example: number, view: number): Promise<EncodedExample>;
  readonly targetDtype: DType;
  /** What the model should say: the class as an int32, one number, or the tokens that should come next. */
  target(example: number): EncodedExample;
  /** How much an example counts in the means of losses and scores, as the targets that it holds; 1 where it is not said. */
  weight?(example: number): number;
}

/** [examples, ...shape]; the caller disposes it. */
export function stack(examples: readonly EncodedExample[], dtype: DType): Tensor {
  const first = examples[0];
  if (first === undefined) throw new Error("A batch needs an example.");
  const size = first.data.length;
  const values = dtype === "int32" ? new Int32Array(size * examples.length) : new Float32Array(size * examples.length);
  examples.forEach((example, row) => values.set(example.data, row * size));
  return tf.tensor(values, [examples.length, ...first.shape], dtype);
}

/** The sum of the weights of some examples. */
export function weightOf({ weight }: Pick<ExampleSource, "weight">, examples: readonly number[]): number {
  return weight === undefined ? examples.length : examples.reduce((sum, example) => sum + weight(example), 0);
}

/** The targets of some examples, stacked; the caller disposes them. */
export function stackTargets(source: Pick<ExampleSource, "target" | "targetDtype">, examples: readonly number[]): Tensor {
  return stack(
    examples.map((example) => source.target(example)),
    source.targetDtype,
  );
}
