/**
 * The suite for the families whose weights we make up, on every backend: what PyTorch computes on the same weights and batches.
 * The goldens come from tools/reference/families.py and, for families that read published checkpoints, checkpoints_text.py and checkpoints_vision.py.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendName } from "../core/backends.ts";
import "../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../engine/backend.ts";
import { softmaxCrossEntropy } from "../engine/losses.ts";
import { GraphModule } from "../engine/module.ts";
import { createTrainingStep, type StepObjective } from "../engine/steps/training-step.ts";
import { tf, type Tensor } from "../engine/tf.ts";
import families from "./goldens/families.json" with { type: "json" };
import { checkpointCases, checkpointProblem } from "./testing/checkpoint-problems.ts";
import { smallMobilenetV2, smallTransformer, type ReferenceProblem } from "./testing/reference-problems.ts";

/** A small tensor in full; of a large one its length, its largest element, and samples that are spread evenly. */
export type Summary = { readonly shape: number[]; readonly values: number[] } | { readonly shape: number[]; readonly norm: number; readonly largest: number; readonly samples: number[] };

interface Golden {
  readonly name: string;
  readonly losses: readonly number[];
  readonly logits: Summary;
  readonly gradients: Readonly<Record<string, unknown>>;
  readonly statistics: Readonly<Record<string, unknown>>;
}

const own: Readonly<Record<string, () => ReferenceProblem>> = {
  "mobilenet-v2": smallMobilenetV2,
  "transformer, norm before": () => smallTransformer("pre"),
  "transformer, norm after": () => smallTransformer("post"),
};

const problems: readonly (readonly [string, () => ReferenceProblem, Golden])[] = [
  ...families.cases.map((golden) => [golden.name, own[golden.name] as () => ReferenceProblem, golden] as const),
  ...checkpointCases.map((golden) => [`${golden.name}, from its config`, () => checkpointProblem(golden), golden] as const),
];

interface Batch {
  readonly activations: ReadonlyMap<string, Tensor>;
  readonly targets: Tensor;
}

export function batchOf(module: GraphModule, { inputName, batch }: ReferenceProblem, index: number): Batch {
  const { input, labels } = batch(index);
  const x = input.data instanceof Int32Array ? tf.tensor(input.data, input.shape, "int32") : tf.tensor(input.data, input.shape);
  const activations = module.runTrunk(new Map([[inputName, x]]));
  x.dispose();
  return { activations, targets: tf.tensor1d(labels, "int32") };
}

export function disposeBatch({ activations, targets }: Batch): void {
  for (const tensor of [...activations.values(), targets]) tensor.dispose();
}

function moduleOf({ graph, weights }: ReferenceProblem): GraphModule {
  return new GraphModule({ graph, weights }, new Set(graph.parameters.map((parameter) => parameter.name)));
}

export const objective: StepObjective = {
  loss: (logits, labels) => softmaxCrossEntropy(logits, labels),
  score: (logits, labels) => tf.tidy(() => tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.argMax(logits, -1), labels), "float32"))),
};

/**
 * An element near 0 is the rest of large ones that cancel, so the largest of its tensor judges it; twice, because at the edges of
 * ReLU6 rounding decides now and then whether an activation passes. Some gradients are 0 but for rounding: a shift before a batch norm.
 */
function absolute(tolerance: number, largest: number): number {
  return tolerance * Math.max(2 * largest, 1e-3);
}

export function expectClose(name: string, shape: readonly number[], got: ArrayLike<number>, want: Summary, tolerance: number): void {
  expect(shape, name).toEqual(want.shape);
  if ("values" in want) {
    expect(got, name).toBeAllClose(want.values, { rtol: tolerance, atol: absolute(tolerance, Math.max(...want.values.map(Math.abs))) });
    return;
  }
  const values = Array.from(got);
  expect([Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))], `${name}, its length`).toBeAllClose([want.norm], { rtol: tolerance, atol: 1e-5 });
  const samples = want.samples.map((_, k) => values[Math.floor((k * values.length) / want.samples.length)] as number);
  expect(samples, `${name}, samples`).toBeAllClose(want.samples, { rtol: tolerance, atol: absolute(tolerance, want.largest) });
}

export async function expectAllClose(got: ReadonlyMap<string, Tensor>, want: Readonly<Record<string, unknown>>, tolerance: number): Promise<void> {
  expect([...got.keys()].sort()).toEqual(Object.keys(want).sort());
  for (const [name, tensor] of got) expectClose(name, tensor.shape, await tensor.data(), want[name] as Summary, tolerance);
}

/** Logits, every gradient, and what the batch norms remember. */
async function expectFirstStep(problem: ReferenceProblem, golden: Golden): Promise<void> {
  const module = moduleOf(problem);
  const batch = batchOf(module, problem, 0);
  const { loss, output, gradients } = module.gradients(batch.activations, (logits) => softmaxCrossEntropy(logits, batch.targets), { value: 0, tensor: null });
  expectClose("logits", output.shape, await output.data(), golden.logits, 1e-4);
  expect(await loss.data()).toBeAllClose(golden.losses.slice(0, 1), { rtol: 1e-4 });
  await expectAllClose(gradients, golden.gradients, 1e-3);
  const after = await module.weights();
  const { statistics } = golden;
  expect(problem.graph.parameters.flatMap(({ name, role }) => (role === "statistic" ? [name] : [])).sort()).toEqual(Object.keys(statistics).sort());
  for (const [name, want] of Object.entries(statistics)) expectClose(name, (want as Summary).shape, after.get(name) ?? [], want as Summary, 1e-4);
  for (const tensor of [loss, output, ...gradients.values()]) tensor.dispose();
  disposeBatch(batch);
  module.dispose();
}

/** As the training loop steps: on WebGPU, the later ones are replayed. */
async function lossesOf(problem: ReferenceProblem, steps: number): Promise<number[]> {
  const module = moduleOf(problem);
  const step = createTrainingStep(module, objective, { optimizer: problem.weightDecay === undefined ? "adam" : "adamw", weightDecay: problem.weightDecay ?? 0, momentum: 0, gradientClipNorm: 0, learningRateScale: () => 1 });
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const batch = batchOf(module, problem, index);
    step.accumulate({ ...batch, share: 1, seed: 0 });
    step.apply(problem.learningRate);
    losses.push(...(await step.readFigures()).map(({ loss }) => loss));
    disposeBatch(batch);
  }
  step.dispose();
  module.dispose();
  return losses;
}

/** Registers the suite on one backend. A backend that is not there fails it. `steps`: fewer than the goldens have where each is slow. */
export function describeFamilies(backend: BackendName, wasmPath: string, { steps = 20 } = {}): void {
  describe(`model families on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
    });

    it("has a problem for each golden, and no others", () => {
      expect(families.cases.map(({ name }) => name)).toEqual(Object.keys(own));
      expect(checkpointCases.length).toBe(16);
    });

    it.each(problems)("%s: logits, loss, every gradient and the losses under Adam are PyTorch's", { timeout: 900_000 }, async (_, make, golden) => {
      const before = memory();
      const problem = make();
      await expectFirstStep(problem, golden);
      expect(golden.losses.length).toBeGreaterThanOrEqual(10);
      const want = golden.losses.slice(0, steps);
      expect(await lossesOf(problem, want.length)).toBeAllClose(want, { rtol: 1e-3 });
      expect(memory()).toEqual(before);
    });
  });
}
