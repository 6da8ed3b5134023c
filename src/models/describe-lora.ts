/**
 * The suite for adapters, on every backend: what PyTorch computes on the same weights and batches with its layers wrapped as PEFT
 * wraps them. The goldens come from tools/reference/lora.py.
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
import { batchOf, disposeBatch, expectAllClose, objective } from "./describe-families.ts";
import goldens from "./goldens/lora.json" with { type: "json" };
import { adapterValues, smallMobilenetV2, smallTransformer, type ReferenceProblem } from "./testing/reference-problems.ts";

/** name -> the problem, and which layers have adapters there; none for those that are adapted by default. */
const problems: ReadonlyMap<string, { readonly make: () => ReferenceProblem; readonly targets: readonly string[] }> = new Map([
  ["transformer, norm before, queries, keys and values", { make: () => smallTransformer("pre"), targets: [] }],
  ["transformer, norm after, all dense layers", { make: () => smallTransformer("post"), targets: ["encoder"] }],
  ["mobilenet-v2, stem and projections", { make: smallMobilenetV2, targets: ["stem/conv", "**/project/conv"] }],
]);

type Golden = (typeof goldens.cases)[number];

function adapted({ name, rank, alpha }: Golden): ReferenceProblem {
  const entry = problems.get(name);
  if (!entry) throw new Error(`There is no problem for ${name}.`);
  const problem = entry.make();
  const model = insertLora(problem, { rank, alpha, dropout: 0, targets: entry.targets }, new Rng(1));
  return { ...problem, graph: model.graph, weights: new Map([...model.weights, ...adapterValues(model.graph)]) };
}

function moduleOf({ graph, weights }: ReferenceProblem): GraphModule {
  return new GraphModule({ graph, weights }, resolveUnfreeze(graph, ["classifier"], []));
}

async function expectFirstStep(problem: ReferenceProblem, golden: Golden): Promise<void> {
  const module = moduleOf(problem);
  const batch = batchOf(module, problem, 0);
  const { loss, output, gradients } = module.gradients(batch.activations, (logits) => softmaxCrossEntropy(logits, batch.targets), { value: 0, tensor: null });
  expect({ shape: output.shape, values: await output.data() }).toBeAllClose(golden.logits, { rtol: 1e-4 });
  expect(await loss.data()).toBeAllClose(golden.losses.slice(0, 1), { rtol: 1e-4 });
  await expectAllClose(gradients, golden.gradients, 1e-3);
  for (const tensor of [loss, output, ...gradients.values()]) tensor.dispose();
  disposeBatch(batch);
  module.dispose();
}

/** Ten steps of AdamW; what is frozen is read back from the backend. */
async function train(problem: ReferenceProblem, learningRate: number): Promise<number[]> {
  const module = moduleOf(problem);
  const step = createTrainingStep(module, objective, { optimizer: "adamw", weightDecay: 0.01, momentum: 0, gradientClipNorm: 0, learningRateScale: () => 1 });
  const losses: number[] = [];
  for (let index = 0; index < 10; index++) {
    const batch = batchOf(module, problem, index);
    step.accumulate({ ...batch, share: 1, seed: 0 });
    step.apply(learningRate);
    losses.push(...(await step.readFigures()).map(({ loss }) => loss));
    disposeBatch(batch);
  }
  for (const { name } of problem.graph.parameters) {
    const isLearned = isAdapter(name) || name.startsWith("classifier/");
    expect(module.variables.has(name), name).toBe(isLearned);
    if (!isLearned) expect(await module.readFrozen(name), name).toEqual(problem.weights.get(name));
  }
  step.dispose();
  module.dispose();
  return losses;
}

/** Registers the suite on one backend. A backend that is not there fails it. */
export function describeLora(backend: BackendName, wasmPath: string): void {
  describe(`adapters on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("has three problems to compare", () => expect(goldens.cases.map(({ name }) => name)).toEqual([...problems.keys()]));

    it.each(goldens.cases.map((golden) => [golden.name, golden] as const))("%s: logits, loss, every gradient and the losses under AdamW are PyTorch's, and the base stays bit for bit", { timeout: 300_000 }, async (_, golden) => {
      const before = memory();
      const problem = adapted(golden);
      expect(adaptersOf(problem.graph)).toHaveLength(golden.adapters);
      await expectFirstStep(problem, golden);
      expect(golden.losses).toHaveLength(10);
      expect(await train(problem, golden.learningRate)).toBeAllClose(golden.losses, { rtol: 1e-3 });
      expect(memory()).toEqual(before);
    });
  });
}
