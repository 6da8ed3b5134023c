/**
 * The suite for adapters, on every backend: what PyTorch computes on the same weights and batches with its layers wrapped as PEFT
 * wraps them. The goldens come from tools/reference/lora.py and, for families that read published checkpoints, lora_checkpoints.py.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../core/backends.ts";
import "../core/testing/to-be-all-close.ts";
import { Rng } from "../core/rng.ts";
import { memory, useBackend } from "../engine/backend.ts";
import { softmaxCrossEntropy } from "../engine/losses.ts";
import { GraphModule } from "../engine/module.ts";
import { createTrainingStep } from "../engine/steps/training-step.ts";
import { adaptersOf } from "../graph/surgery/merge-lora.ts";
import { insertLora, isAdapter } from "../graph/surgery/lora.ts";
import { resolveUnfreeze } from "../graph/unfreeze.ts";
import { batchOf, disposeBatch, expectAllClose, expectClose, objective, type Summary } from "./describe-families.ts";
import checkpoints from "./goldens/lora-checkpoints.json" with { type: "json" };
import families from "./goldens/lora.json" with { type: "json" };
import { checkpointCases, checkpointProblem, type CheckpointCase } from "./testing/checkpoint-problems.ts";
import { adapterValues, smallMobilenetV2, smallTransformer, type ReferenceProblem } from "./testing/reference-problems.ts";

interface Golden {
  readonly name: string;
  readonly rank: number;
  readonly alpha: number;
  readonly learningRate: number;
  readonly losses: readonly number[];
  readonly logits: Summary;
  readonly gradients: Readonly<Record<string, unknown>>;
}

interface LoraProblem {
  readonly golden: Golden;
  readonly make: () => ReferenceProblem;
  /** None for those that are adapted by default. */
  readonly targets: readonly string[];
  readonly adapters: number;
  /** Of the model's own, what learns beside them. */
  readonly head: readonly string[];
}

const own: Readonly<Record<string, { readonly make: () => ReferenceProblem; readonly targets: readonly string[] }>> = {
  "transformer, norm before, queries, keys and values": { make: () => smallTransformer("pre"), targets: [] },
  "transformer, norm after, all dense layers": { make: () => smallTransformer("post"), targets: ["encoder"] },
  "mobilenet-v2, stem and projections": { make: smallMobilenetV2, targets: ["stem/conv", "**/project/conv"] },
};

const problems: readonly LoraProblem[] = [
  ...families.cases.map((golden) => ({ golden, ...(own[golden.name] as (typeof own)[string]), adapters: golden.adapters, head: ["classifier/kernel", "classifier/bias"] })),
  ...checkpoints.cases.map((golden) => ({
    golden,
    make: () => checkpointProblem(checkpointCases.find(({ name }) => name === golden.name) as CheckpointCase),
    targets: golden.byDefault ? [] : golden.layers,
    adapters: golden.layers.length,
    head: golden.head,
  })),
];

function adapted({ make, golden: { rank, alpha }, targets }: LoraProblem): ReferenceProblem {
  const problem = make();
  const model = insertLora(problem, { rank, alpha, dropout: 0, targets }, new Rng(1));
  return { ...problem, graph: model.graph, weights: new Map([...model.weights, ...adapterValues(model.graph)]) };
}

function moduleOf({ graph, weights }: ReferenceProblem, head: readonly string[]): GraphModule {
  return new GraphModule({ graph, weights }, resolveUnfreeze(graph, head, []));
}

async function expectFirstStep(problem: ReferenceProblem, { golden, head }: LoraProblem): Promise<void> {
  const module = moduleOf(problem, head);
  const batch = batchOf(module, problem, 0);
  const { loss, output, gradients } = module.gradients(batch.activations, (logits) => softmaxCrossEntropy(logits, batch.targets), { value: 0, tensor: null });
  expectClose("logits", output.shape, await output.data(), golden.logits, 1e-4);
  expect(await loss.data()).toBeAllClose(golden.losses.slice(0, 1), { rtol: 1e-4 });
  await expectAllClose(gradients, golden.gradients, 1e-3);
  for (const tensor of [loss, output, ...gradients.values()]) tensor.dispose();
  disposeBatch(batch);
  module.dispose();
}

/** Steps of AdamW; what is frozen is read back from the backend. */
async function train(problem: ReferenceProblem, { golden: { learningRate }, head }: LoraProblem, steps: number): Promise<number[]> {
  const module = moduleOf(problem, head);
  const step = createTrainingStep(module, objective, { optimizer: "adamw", weightDecay: 0.01, momentum: 0, gradientClipNorm: 0, learningRateScale: () => 1 });
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const batch = batchOf(module, problem, index);
    step.accumulate({ ...batch, share: 1, seed: 0 });
    step.apply(learningRate);
    losses.push(...(await step.readFigures()).map(({ loss }) => loss));
    disposeBatch(batch);
  }
  for (const { name } of problem.graph.parameters) {
    const isLearned = isAdapter(name) || head.includes(name);
    expect(module.variables.has(name), name).toBe(isLearned);
    if (!isLearned) expect(await module.readFrozen(name), name).toEqual(problem.weights.get(name));
  }
  step.dispose();
  module.dispose();
  return losses;
}

/** Registers the suite on one backend. A backend that is not there fails it. `steps`: fewer than the goldens' ten where each is slow. */
export function describeLora(backend: BackendName, wasmPath: string, { steps = 10 } = {}): void {
  describe(`adapters on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("has a problem for each golden, and no others", () => {
      expect(families.cases.map(({ name }) => name)).toEqual(Object.keys(own));
      expect(checkpoints.cases.map(({ name }) => name)).toEqual(checkpointCases.map(({ name }) => name));
    });

    it.each(problems.map((entry) => [entry.golden.name, entry] as const))("%s: logits, loss, every gradient and the losses under AdamW are PyTorch's, and the base stays bit for bit", { timeout: 300_000 }, async (_, entry) => {
      const before = memory();
      const problem = adapted(entry);
      expect(adaptersOf(problem.graph)).toHaveLength(entry.adapters);
      await expectFirstStep(problem, entry);
      expect(entry.golden.losses).toHaveLength(10);
      expect(await train(problem, entry, steps)).toBeAllClose(entry.golden.losses.slice(0, steps), { rtol: 1e-3 });
      expect(memory()).toEqual(before);
    });
  });
}
