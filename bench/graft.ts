/** Graft's training step as the benchmark takes it, apart from the loop: what src/train/loop.ts does with one batch, without the telemetry that plain code does not have either. */
import type { BackendName } from "../src/core/backends.ts";
import { useBackend } from "../src/engine/backend.ts";
import { softmaxCrossEntropy } from "../src/engine/losses.ts";
import { GraphModule } from "../src/engine/module.ts";
import { createOptimizer, type Optimizer } from "../src/engine/optimizers/index.ts";
import { tf, type Tensor } from "../src/engine/tf.ts";
import type { ReferenceBatch, ReferenceProblem } from "../src/models/testing/reference-problems.ts";
import type { StepEngine } from "./engine.ts";

/** Whether the engine can replay a captured step. Where it can, `graftStep` does so for the phase "replay". */
export const canReplay = false;

export interface GraftModel {
  readonly module: GraphModule;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly inputName: string;
  /** "steady": every op is issued anew. "replay": the captured step. */
  readonly phase: "steady" | "replay";
}

/** One step. The caller disposes the loss. `mark` hears which part begins. */
export function graftStep({ module, optimizer, learningRate, inputName, phase }: GraftModel, { input, labels }: ReferenceBatch, mark: (phase: string) => void): Tensor {
  if (phase === "replay") throw new Error("The engine has no captured step.");
  mark("trunk");
  const x = input.data instanceof Int32Array ? tf.tensor(input.data, input.shape, "int32") : tf.tensor(input.data, input.shape);
  const targets = tf.tensor1d(labels, "int32");
  // Where everything learns, the trunk is what depends on the input alone: a mask.
  const activations = module.runTrunk(new Map([[inputName, x]]));
  mark("gradients");
  const { loss, output, gradients } = module.gradients(
    activations,
    (logits) => softmaxCrossEntropy(logits, targets),
    () => 0,
  );
  mark("optimizer");
  optimizer.step(module.variables, gradients, () => learningRate);
  mark("");
  for (const tensor of [x, targets, output, ...activations.values(), ...gradients.values()]) tensor.dispose();
  return loss;
}

export function graftModel({ graph, weights, learningRate, inputName }: ReferenceProblem, phase: GraftModel["phase"]): GraftModel {
  const module = new GraphModule({ graph, weights }, new Set(graph.parameters.map(({ name }) => name)));
  return { module, optimizer: createOptimizer("adam", { weightDecay: 0, momentum: 0 }), learningRate, inputName, phase };
}

/** @param wasmPath where the wasm backend's binaries are. */
export async function startGraft(problem: ReferenceProblem, backend: BackendName, wasmPath: string, phase: GraftModel["phase"], mark: (phase: string) => void): Promise<StepEngine> {
  const { adapter } = await useBackend(backend, { wasmPath });
  const model = graftModel(problem, phase);
  return {
    adapter,
    variables: model.module.variables.size,
    step(batch) {
      const loss = graftStep(model, batch, mark);
      return async () => {
        const [value] = await loss.data();
        loss.dispose();
        return value as number;
      };
    },
  };
}
