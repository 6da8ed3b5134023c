/** Values that are computed a second time instead of kept: the same gradients and statistics, bit for bit, in less memory. */
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../core/rng.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Model } from "../graph/types.ts";
import { initialWeights } from "../models/initial-weights.ts";
import { softmaxCrossEntropy } from "./losses.ts";
import { GraphModule } from "./module.ts";
import { tf } from "./tf.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Dense layers with batch norms, dropouts and residuals. */
function model(layers: number): Model {
  const builder = new GraphBuilder();
  let x = builder.input("x", [null, 6], "float32");
  for (let layer = 0; layer < layers; layer++) {
    const path = `layer_${layer}`;
    const product = builder.add(`${path}/product`, "matMul", [x, builder.parameter(`${path}/kernel`, [6, 6])], { transposeA: false, transposeB: false });
    const weights = ["gamma", "beta"].map((name) => builder.parameter(`${path}/${name}`, [6]));
    const statistics = ["mean", "variance"].map((name) => builder.parameter(`${path}/${name}`, [6], { role: "statistic" }));
    const norm = builder.add(`${path}/norm`, "batchNorm", [product, ...weights, ...statistics], { epsilon: 1e-3, momentum: 0.9 });
    x = builder.add(`${path}/sum`, "add", [x, builder.add(`${path}/dropout`, "dropout", [builder.add(`${path}/gelu`, "gelu", [norm], { approximate: false })], { rate: 0.3 })], {});
  }
  const graph = builder.build([builder.add("logits", "matMul", [x, builder.parameter("head/kernel", [6, 3])], { transposeA: false, transposeB: false })]);
  return { graph, weights: initialWeights(graph, new Rng(2), () => 0.5) };
}

interface Step {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, number[]>;
  readonly weights: unknown;
  readonly peakBytes: number;
  readonly left: number;
}

async function step(recompute: boolean, frozen: (name: string) => boolean = () => false): Promise<Step> {
  const tensorsBefore = tf.memory().numTensors;
  const made = model(12);
  const module = new GraphModule(made, new Set(made.graph.parameters.map(({ name }) => name).filter((name) => !frozen(name))), { recompute });
  const labels = tf.tensor1d([0, 2, 1, 1, 0, 2, 2, 1], "int32");
  const x = tf.tensor2d(Float32Array.from({ length: 48 }, (_, i) => Math.sin(i * 0.7)), [8, 6]);
  const activations = module.runTrunk(new Map([["x", x]]));
  let peakBytes = 0;
  const { loss, output, gradients } = module.gradients(
    activations,
    (logits) => {
      // The end of the forward pass: what is alive now waits for the backward pass.
      peakBytes = tf.memory().numBytes;
      return softmaxCrossEntropy(logits, labels);
    },
    { value: 7, tensor: null },
  );
  const result = { loss: loss.dataSync()[0] as number, gradients: new Map([...gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]])), weights: await module.weights(), peakBytes };
  for (const tensor of [loss, output, x, labels, ...gradients.values(), ...activations.values()]) (tensor).dispose();
  module.dispose();
  return { ...result, left: tf.memory().numTensors - tensorsBefore };
}

describe("recomputed activations", () => {
  test.each([
    ["everything learns", () => false],
    ["some layers between are frozen", (name: string) => name.startsWith("layer_5/") || name === "layer_8/kernel"],
  ] as const)("%s: the same loss, gradients and statistics, less memory, and nothing left", async (_, frozen) => {
    const kept = await step(false, frozen);
    const again = await step(true, frozen);
    expect(kept.gradients.size).toBeGreaterThan(20);
    expect(again.loss).toBe(kept.loss);
    expect(again.gradients).toEqual(kept.gradients);
    expect(again.weights).toEqual(kept.weights);
    expect(again.peakBytes).toBeLessThan(kept.peakBytes * 0.7);
    expect([kept.left, again.left]).toEqual([0, 0]);
  });
});
