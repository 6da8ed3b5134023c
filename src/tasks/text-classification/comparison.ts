/** The yardstick of one run: learned from its training rows before the model is measured, and what it says of the rows that are held back. */
import type { TextDataset } from "../../data/text-dataset.ts";
import type { Progress } from "../../protocol/api.ts";
import type { Split } from "../../protocol/data.ts";
import type { RunControl } from "../../train/control.ts";
import type { Comparison } from "../engine.ts";
import { Yardstick, type YardstickTarget } from "./yardstick.ts";

export class BagOfWords implements Comparison {
  private readonly dataset: TextDataset;
  private readonly targetOf: (training: readonly number[]) => YardstickTarget;
  private readonly said = new Map<Split, Float32Array>();

  /** @param targetOf what the training examples are to be learned as, in their order */
  constructor(dataset: TextDataset, targetOf: (training: readonly number[]) => YardstickTarget) {
    this.dataset = dataset;
    this.targetOf = targetOf;
  }

  /** @throws CancelledError soon after the control has stopped. */
  async prepare(onProgress: (progress: Progress) => void, { signal }: RunControl): Promise<void> {
    const options = { signal, onProgress: ({ what, done, total }: Progress) => onProgress({ what: `Measuring a bag of words, the yardstick: ${what.toLowerCase()}`, done, total }) };
    const training = this.dataset.indices("train");
    const yardstick = await Yardstick.train(this.texts(training), this.targetOf(training), options);
    for (const split of ["validation", "test"] as const) this.said.set(split, await yardstick.predict(this.texts(this.dataset.indices(split)), options));
  }

  predictions(split: Split): Float32Array | undefined {
    return this.said.get(split);
  }

  /** Of a pair, the words of both. */
  private texts(examples: readonly number[]): string[] {
    return examples.map((example) => {
      const { text, secondText } = this.dataset.texts(example);
      return secondText === undefined ? text : `${text}\n${secondText}`;
    });
  }
}
