/**
 * The suite for what a packed window teaches, on every backend: the losses of twenty steps on completions alone, as PyTorch has them
 * (tools/reference/masked_loss.py), from documents to windows, targets and the weight of each part of a batch.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../../core/backends.ts";
import { Rng } from "../../core/rng.ts";
import "../../core/testing/to-be-all-close.ts";
import { planEpoch } from "../../data/batches.ts";
import { memory, useBackend } from "../../engine/backend.ts";
import { IGNORED_LABEL } from "../../engine/losses.ts";
import { GraphModule } from "../../engine/module.ts";
import { createTrainingStep } from "../../engine/steps/training-step.ts";
import { buildCheckpoint, startingWeights } from "../../models/testing/checkpoint-problems.ts";
import { parseRecipe } from "../../protocol/recipe.ts";
import { stack } from "../../train/examples.ts";
import goldens from "./goldens/masked-loss.json" with { type: "json" };
import { graftWriter } from "./graft.ts";
import { generationObjective } from "./objective.ts";
import { inputOf, packedWhole, paddedLength, targetOf, type Window } from "./windows.ts";

type Golden = (typeof goldens.cases)[number];

/** @param parts how many micro-batches a batch is learned in, each by its share of the targets. */
async function lossesOf({ config, starts, contextLength, labelSmoothing, learningRate, weightDecay, documents, batch: batchSize }: Golden, { steps, parts }: { readonly steps: number; readonly parts: number }): Promise<number[]> {
  const { graph, input } = buildCheckpoint(config);
  const loaded = { model: { graph, weights: startingWeights(graph.parameters, starts) }, input, licence: "" };
  const model = graftWriter(loaded as unknown as Parameters<typeof graftWriter>[0], parseRecipe({ task: "text-generation", model: "tiny" }), new Rng(1));
  const module = new GraphModule(model, new Set(model.graph.parameters.map(({ name }) => name)));
  const objective = generationObjective({ labelSmoothing });
  const step = createTrainingStep(module, { ...objective, loss: (output, targets) => objective.loss(output, targets, { training: true }) }, { optimizer: "adamw", weightDecay, momentum: 0, gradientClipNorm: 0, learningRateScale: () => 1 });
  const windows = packedWhole(documents, contextLength);
  const paddingId = config.eos_token_id;
  const plan = planEpoch({ examples: windows.map((window, index) => ({ index, bucket: paddedLength(window, contextLength) })), batchSize, shuffle: false });
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const batch = (plan[index % plan.length] as number[]).map((number) => windows[number] as Window);
    const size = Math.ceil(batch.length / parts);
    for (let first = 0; first < batch.length; first += size) {
      const some = batch.slice(first, first + size);
      const ids = stack(some.map((window) => inputOf(window, contextLength, paddingId)), "int32");
      const activations = module.runTrunk(new Map([[input.name, ids]]));
      const targets = stack(some.map((window) => targetOf(window, contextLength)), "int32");
      step.accumulate({ activations, targets, share: countedIn(some) / countedIn(batch), seed: index });
      for (const tensor of [ids, targets, ...activations.values()]) tensor.dispose();
    }
    step.apply(learningRate);
    losses.push(...(await step.readFigures()).map(({ loss }) => loss));
  }
  step.dispose();
  module.dispose();
  return losses;
}

function countedIn(windows: readonly Window[]): number {
  return windows.reduce((sum, { counted }) => sum + counted, 0);
}

/** Registers the suite on one backend. A backend that is not there fails it. `steps`: fewer than the goldens' twenty where each is slow. */
export function describeMaskedLoss(backend: BackendName, wasmPath: string, { steps = 20 } = {}): void {
  describe(`learning completions of packed windows on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("packs as the golden does, into windows of two buckets", () => {
      expect(goldens.cases.map(({ losses }) => losses.length)).toEqual([20, 20]);
      for (const { documents, contextLength, windows } of goldens.cases) {
        const packed: readonly Window[] = packedWhole(documents, contextLength);
        expect(packed.map(({ ids, targets }) => ({ ids, targets }))).toEqual(windows);
        expect(new Set(packed.map((window) => paddedLength(window, contextLength)))).toEqual(new Set([8, 16]));
        expect(packed.map(({ counted }) => counted)).toEqual(windows.map(({ targets }) => targets.filter((target) => target !== IGNORED_LABEL).length));
      }
    });

    it.each(goldens.cases.flatMap((golden) => [1, 2].map((parts) => [golden.name, parts, golden] as const)))("%s, in %i part(s): the losses are PyTorch's", { timeout: 300_000 }, async (_, parts, golden) => {
      const before = memory();
      expect(await lossesOf(golden, { steps, parts })).toBeAllClose(golden.losses.slice(0, steps), { rtol: 2e-5 });
      expect(memory()).toEqual(before);
    });
  });
}
