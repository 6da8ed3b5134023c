/**
 * The honest yardstick beside a fine-tuned language model: a bag of words and word pairs with a linear model, trained on the same rows
 * in seconds. As scikit-learn's TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True) with LogisticRegression(C=10), or Ridge(alpha=1) for
 * numbers; its C is ten times the default, which is too strict for short texts. Deterministic: nothing is drawn.
 */
import { Pace, type JobOptions } from "../../data/pace.ts";
import { fitLinear, predictLinear, type LinearModel } from "./yardstick/linear-model.ts";
import { Vocabulary } from "./yardstick/vocabulary.ts";

export type YardstickTarget =
  /** `labels` [rows], each row's class. */
  | { readonly kind: "classes"; readonly classes: number; readonly labels: ArrayLike<number> }
  /** `targets` [rows, labels]: 1 where the row has the label, else 0. */
  | { readonly kind: "labels"; readonly labels: number; readonly targets: ArrayLike<number> }
  /** `targets` [rows]. */
  | { readonly kind: "number"; readonly targets: ArrayLike<number> };

const logisticC = 10;
const ridgeAlpha = 1;
const maximumTerms = 200_000;
/** Terms times outputs; the optimizer keeps about ten vectors of as many doubles. */
const maximumWeights = 2e6;

export class Yardstick {
  private readonly vocabulary: Vocabulary;
  private readonly model: LinearModel;
  private readonly toPredictions: (outputs: Float32Array) => Float32Array;

  private constructor(vocabulary: Vocabulary, model: LinearModel, toPredictions: (outputs: Float32Array) => Float32Array) {
    this.vocabulary = vocabulary;
    this.model = model;
    this.toPredictions = toPredictions;
  }

  /**
   * @param texts the training rows, and no others: what is predicted must not have been counted.
   * @throws CancelledError once the job is cancelled.
   */
  static async train(texts: readonly string[], target: YardstickTarget, options: JobOptions = {}): Promise<Yardstick> {
    const pace = new Pace(options);
    const { link, outputs, values, toPredictions } = problemOf(target, texts.length);
    const vocabulary = await Vocabulary.of(texts, { maximumTerms: Math.min(maximumTerms, Math.floor(maximumWeights / outputs)) }, pace);
    const rows = await vocabulary.vectorise(texts, pace, (done) => pace.report("Weighing words", done, texts.length));
    const model = await fitLinear(rows, values, { link, outputs, inverseRegularisation: link === "identity" ? 1 / ridgeAlpha : logisticC, onIteration: (done, maximum) => pace.report("Fitting the bag of words", done, maximum) }, pace);
    return new Yardstick(vocabulary, model, toPredictions);
  }

  /** Words and pairs that it knows. */
  get terms(): number {
    return this.vocabulary.size;
  }

  /** Probabilities [texts, classes] or [texts, labels], or numbers [texts]. */
  async predict(texts: readonly string[], options: JobOptions = {}): Promise<Float32Array> {
    const pace = new Pace(options);
    const rows = await this.vocabulary.vectorise(texts, pace, (done) => pace.report("Weighing words", done, texts.length));
    return this.toPredictions(await predictLinear(this.model, rows, pace));
  }
}

interface LinearProblem {
  readonly link: LinearModel["link"];
  readonly outputs: number;
  readonly values: ArrayLike<number>;
  readonly toPredictions: (outputs: Float32Array) => Float32Array;
}

function problemOf(target: YardstickTarget, rows: number): LinearProblem {
  const asTheyAre = (outputs: Float32Array): Float32Array => outputs;
  if (target.kind === "labels") return { link: "sigmoid", outputs: target.labels, values: target.targets, toPredictions: asTheyAre };
  if (target.kind === "number") {
    const numbers = Array.from({ length: rows }, (_, row) => target.targets[row] as number);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, rows);
    const deviation = Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows)) || 1;
    // Ridge regression of scaled targets is that of the targets, scaled; the optimizer's tolerance is for numbers around one.
    return { link: "identity", outputs: 1, values: numbers.map((value) => (value - mean) / deviation), toPredictions: (outputs) => outputs.map((output) => output * deviation + mean) };
  }
  const { classes, labels } = target;
  if (classes !== 2) {
    const values = new Uint8Array(rows * classes);
    for (let row = 0; row < rows; row++) values[row * classes + (labels[row] as number)] = 1;
    return { link: "softmax", outputs: classes, values, toPredictions: asTheyAre };
  }
  return { link: "sigmoid", outputs: 1, values: labels, toPredictions: (second) => Float32Array.from({ length: 2 * second.length }, (_, i) => (i % 2 === 1 ? (second[i >> 1] as number) : 1 - (second[i >> 1] as number))) };
}
