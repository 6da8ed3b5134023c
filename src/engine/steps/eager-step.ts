/** A step as plain tensor ops, one after the other: on wasm and cpu, where issuing an op costs next to nothing. */
import type { GraphModule } from "../module.ts";
import { clipByGlobalNorm, createOptimizer, globalNorm, type Optimizer, type OptimizerState } from "../optimizers/index.ts";
import { tf, type Tensor } from "../tf.ts";
import type { MicroBatch, StepFigures, StepMode, StepObjective, StepSettings, TrainingStep } from "./training-step.ts";

export class EagerStep implements TrainingStep {
  readonly mode: StepMode = { kind: "plain" };
  private readonly module: GraphModule;
  private readonly objective: StepObjective;
  private readonly settings: StepSettings;
  private readonly optimizer: Optimizer;
  private sums: Map<string, Tensor> | null = null;
  /** [loss, score] of the step so far. */
  private partial: Tensor | null = null;
  /** [loss, score, gradient norm] of each applied step. */
  private figures: Tensor[] = [];

  constructor(module: GraphModule, objective: StepObjective, settings: StepSettings) {
    this.module = module;
    this.objective = objective;
    this.settings = settings;
    this.optimizer = createOptimizer(settings.optimizer, settings);
  }

  accumulate({ activations, targets, share, seed }: MicroBatch): void {
    const { loss, output, gradients } = this.module.gradients(activations, (logits) => this.objective.loss(logits, targets), { value: seed, tensor: null });
    const figures: Tensor = tf.tidy(() => tf.stack([loss, this.objective.score(output, targets)]).mul(share));
    loss.dispose();
    output.dispose();
    const { sums, partial } = this;
    if (sums === null || partial === null) {
      this.partial = figures;
      this.sums = share === 1 ? gradients : replaceAll(gradients, (gradient) => gradient.mul(share));
      return;
    }
    this.partial = tf.add(partial, figures);
    this.sums = replaceAll(sums, (sum, name) => tf.tidy(() => sum.add((gradients.get(name) as Tensor).mul(share))));
    for (const tensor of [partial, figures, ...gradients.values()]) tensor.dispose();
  }

  apply(learningRate: number): void {
    const { sums: gradients, partial } = this;
    if (gradients === null || partial === null) throw new Error("A step needs a micro-batch.");
    const { gradientClipNorm, learningRateScale } = this.settings;
    const norm = gradientClipNorm > 0 ? clipByGlobalNorm(gradients, gradientClipNorm) : globalNorm(gradients);
    this.optimizer.step(this.module.variables, gradients, (name) => learningRate * learningRateScale(name));
    this.figures.push(tf.tidy(() => tf.concat([partial, norm.reshape([1])])));
    for (const tensor of [...gradients.values(), partial, norm]) tensor.dispose();
    this.sums = null;
    this.partial = null;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  async readFigures(): Promise<readonly StepFigures[]> {
    const { figures } = this;
    this.figures = [];
    if (figures.length === 0) return [];
    const stacked = tf.stack(figures);
    for (const tensor of figures) tensor.dispose();
    const values = await stacked.data().finally(() => stacked.dispose());
    return figures.map((_, i) => ({ loss: values[3 * i] ?? NaN, score: values[3 * i + 1] ?? NaN, gradientNorm: values[3 * i + 2] ?? NaN }));
  }

  snapshot(): Promise<OptimizerState> {
    return this.optimizer.snapshot();
  }

  restore(state: OptimizerState): void {
    this.optimizer.restore(state);
  }

  dispose(): void {
    for (const tensor of [...(this.sums?.values() ?? []), ...this.figures]) tensor.dispose();
    this.partial?.dispose();
    this.sums = null;
    this.partial = null;
    this.figures = [];
    this.optimizer.dispose();
  }
}

/** Maps tensors to new ones and disposes the old. */
function replaceAll(tensors: Map<string, Tensor>, replace: (tensor: Tensor, name: string) => Tensor): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    result.set(name, replace(tensor, name));
    tensor.dispose();
  }
  return result;
}
