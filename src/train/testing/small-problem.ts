/** A small training problem for the loop's tests, on whatever backend is current: a network with a batch norm and a dropout. */
import { Rng } from "../../core/rng.ts";
import { GraphModule } from "../../engine/module.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Model, WeightValues } from "../../graph/types.ts";
import { resolveUnfreeze } from "../../graph/unfreeze.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "../../protocol/recipe.ts";
import type { RunEvent, StepPoint } from "../../protocol/run.ts";
import { classificationObjective } from "../../tasks/classification/objective.ts";
import { ActivationCache } from "../activations.ts";
import type { Checkpoints, TrainingCheckpoint } from "../checkpoint.ts";
import { RunControl } from "../control.ts";
import type { ExampleSource } from "../examples.ts";
import { train, viewsOf, type TrainingOutcome } from "../loop.ts";

const features = 4;
const classes = 3;

/** A small network with a batch norm, so that statistics are at stake: block (dense, batch norm, relu), head (dropout, dense). */
export function network(dropout = 0.2): Model {
  const builder = new GraphBuilder();
  builder.input("x", [null, features], "float32");
  const weights = new Map<string, WeightValues>();
  const rng = new Rng(3);
  const parameter = (name: string, shape: number[], value?: number, role: "weight" | "statistic" = "weight"): string => {
    weights.set(name, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => value ?? 0.5 * rng.normal()));
    return builder.parameter(name, shape, { role });
  };
  let value = builder.add("block_1/matmul", "matMul", ["x", parameter("block_1/kernel", [features, 5])], { transposeA: false, transposeB: false });
  const statistics = [parameter("block_1/norm/gamma", [5], 1), parameter("block_1/norm/beta", [5], 0), parameter("block_1/norm/mean", [5], 0.1, "statistic"), parameter("block_1/norm/variance", [5], 1.5, "statistic")];
  value = builder.add("block_1/norm/out", "batchNorm", [value, ...statistics], { epsilon: 1e-3, momentum: 0.9 });
  value = builder.add("block_1/relu", "relu", [value], {});
  value = builder.add("head/dropout", "dropout", [value], { rate: dropout });
  value = builder.add("head/matmul", "matMul", [value, parameter("head/kernel", [5, classes])], { transposeA: false, transposeB: false });
  value = builder.add("head/logits", "add", [value, parameter("head/bias", [classes], 0)], {});
  return { graph: builder.build([value]), weights };
}

/** Ramps and sines that three linear rules tell apart; a view is shifted a little. */
function source(broken: number | undefined, augmentedViews: number): ExampleSource & { encoded: number } {
  return {
    encoded: 0,
    inputName: "x",
    dtype: "float32",
    augmentedViews,
    bucket: () => 0,
    async encode(example, view) {
      this.encoded++;
      return { data: Float32Array.from({ length: features }, (_, i) => (example === broken ? Infinity : 0) + Math.sin(example * 1.7 + i) + (example % classes) * (i - 1) + 0.1 * view), shape: [features] };
    },
    targetDtype: "int32",
    target: (example) => ({ data: Int32Array.of(example % classes), shape: [] }),
  };
}

export const examples = { train: Array.from({ length: 22 }, (_, i) => i), validation: Array.from({ length: 7 }, (_, i) => 22 + i) };

export interface Result {
  readonly outcome: TrainingOutcome;
  readonly events: RunEvent[];
  readonly steps: StepPoint[];
  readonly weights: ReadonlyMap<string, WeightValues>;
  readonly frozenOnBackend: ReadonlyMap<string, WeightValues | undefined>;
  readonly encoded: number;
}

interface RunOptions {
  readonly control?: RunControl;
  readonly onEvent?: (event: RunEvent) => void;
  /** An example that is not a number. */
  readonly broken?: number;
  readonly dropout?: number;
  readonly microBatchSize?: number;
  readonly augmentedViews?: number;
  readonly checkpoints?: Checkpoints;
  readonly resumeFrom?: TrainingCheckpoint;
}

/** A run of its own, on a module of its own. */
export async function runTraining(settings: Partial<RecipeInput>, { control = new RunControl(), onEvent = () => {}, broken, dropout = 0.2, microBatchSize, augmentedViews = 0, checkpoints, resumeFrom }: RunOptions = {}): Promise<Result> {
  const recipe: Recipe = parseRecipe({ task: "image-classification", model: "test", epochs: 3, batchSize: 8, learningRate: 0.05, dropout: 0, ...settings });
  const model = network(dropout);
  const trainable = resolveUnfreeze(model.graph, recipe.unfreeze, ["block_1"]);
  const module = new GraphModule(model, trainable);
  const examplesSource = source(broken, augmentedViews);
  const cache = new ActivationCache(module, examplesSource, { enabled: true });
  const events: RunEvent[] = [];
  try {
    const problem = { module, cache, source: examplesSource, objective: classificationObjective(recipe, [8, 7, 7]), ...examples, microBatchSize: microBatchSize ?? recipe.batchSize, learningRateScale: () => 1 };
    await cache.prepare(viewsOf(problem, recipe.epochs), { batchSize: 8, control, onProgress: () => {} });
    const outcome = await train(problem, recipe, {
      rng: new Rng(recipe.seed),
      control,
      checkpoints,
      resumeFrom,
      onEvent: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
    const frozen = model.graph.parameters.filter(({ name }) => !trainable.has(name));
    const frozenOnBackend = new Map(await Promise.all(frozen.map(async ({ name }) => [name, await module.readFrozen(name)] as const)));
    return { outcome, events, steps: events.flatMap((event) => (event.kind === "steps" ? event.points : [])), weights: await module.weights(), frozenOnBackend, encoded: examplesSource.encoded };
  } finally {
    module.dispose();
  }
}

export const losses = ({ steps }: Result): number[] => steps.map(({ loss }) => loss);
