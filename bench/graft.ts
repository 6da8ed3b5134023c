/** Graft's training step as the benchmark takes it, apart from the loop: what src/train/loop.ts does with one batch. */
import type { BackendName } from "../src/core/backends.ts";
import { useBackend } from "../src/engine/backend.ts";
import { softmaxCrossEntropy } from "../src/engine/losses.ts";
import { GraphModule } from "../src/engine/module.ts";
import { createTrainingStep, type StepObjective, type TrainingStep } from "../src/engine/steps/training-step.ts";
import { tf } from "../src/engine/tf.ts";
import type { ReferenceBatch, ReferenceProblem } from "../src/models/testing/reference-problems.ts";
import type { StepEngine } from "./engine.ts";

/** "steady": every op is issued anew. "replay": the captured step. */
export type GraftPhase = "steady" | "replay";

/** Steps after which the captured step has to be replayed: five recordings at most, and one to spare. */
const STEPS_TO_CAPTURE = 6;

const objective: StepObjective = {
  loss: (logits, labels) => softmaxCrossEntropy(logits, labels),
  score: (logits, labels) => tf.tidy(() => tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.argMax(logits, -1), labels), "float32"))),
};

interface GraftModel {
  readonly module: GraphModule;
  readonly step: TrainingStep;
  readonly inputName: string;
  readonly learningRate: number;
}

/** One step; its figures wait on the device. `mark` hears which part begins. */
function graftStep({ module, step, inputName, learningRate }: GraftModel, { input, labels }: ReferenceBatch, mark: (phase: string) => void): void {
  mark("gradients");
  const x = input.data instanceof Int32Array ? tf.tensor(input.data, input.shape, "int32") : tf.tensor(input.data, input.shape);
  const targets = tf.tensor1d(labels, "int32");
  // Where everything learns, the trunk is what depends on the input alone: a mask.
  const activations = module.runTrunk(new Map([[inputName, x]]));
  step.accumulate({ activations, targets, share: 1, seed: 0 });
  mark("optimizer");
  step.apply(learningRate);
  mark("");
  for (const tensor of [x, targets, ...activations.values()]) tensor.dispose();
}

/** @param wasmPath where the wasm backend's binaries are. */
export async function startGraft(problem: ReferenceProblem, backend: BackendName, wasmPath: string, phase: GraftPhase, mark: (phase: string) => void): Promise<StepEngine> {
  const { adapter } = await useBackend(backend, { wasmPath });
  const { graph, weights, inputName, learningRate } = problem;
  const module = new GraphModule({ graph, weights }, new Set(graph.parameters.map(({ name }) => name)));
  const step = createTrainingStep(module, objective, { optimizer: "adam", weightDecay: 0, momentum: 0, gradientClipNorm: 0, learningRateScale: () => 1, capture: phase === "replay" });
  const model = { module, step, inputName, learningRate };
  let steps = 0;
  return {
    adapter,
    variables: module.variables.size,
    step(batch) {
      graftStep(model, batch, mark);
      steps++;
      return async () => {
        const [figures] = await step.readFigures();
        if (phase === "replay" && steps >= STEPS_TO_CAPTURE && step.mode.kind !== "replayed") throw new Error(`Graft's step is not replayed: ${step.mode.kind === "eager" ? step.mode.because : "it is still being recorded"}.`);
        return figures?.loss ?? NaN;
      };
    },
  };
}
