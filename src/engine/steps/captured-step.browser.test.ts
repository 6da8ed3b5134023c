/** A whole training step on WebGPU: replayed, it gives the eager step's bits through all that a run does between steps. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import { Rng } from "../../core/rng.ts";
import type { Graph, Model, WeightValues } from "../../graph/types.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { initialWeights } from "../../models/initial-weights.ts";
import { buildTransformerEncoder, initialiseTransformerEncoder } from "../../models/transformer-encoder/build.ts";
import { memory, useBackend } from "../backend.ts";
import { softmaxCrossEntropy } from "../losses.ts";
import { GraphModule } from "../module.ts";
import { tf, type Tensor } from "../tf.ts";
import { EagerStep } from "./eager-step.ts";
import { createTrainingStep, type StepFigures, type StepObjective, type StepSettings, type TrainingStep } from "./training-step.ts";

const objective: StepObjective = {
  loss: (logits, labels) => softmaxCrossEntropy(logits, labels),
  score: (logits, labels) => tf.tidy(() => tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.argMax(logits, -1), labels), "float32"))),
};
const settings: StepSettings = { optimizer: "adamw", weightDecay: 0.05, momentum: 0.9, gradientClipNorm: 1, learningRateScale: (name) => (name.startsWith("classifier") ? 1 : 0.3) };

interface Problem {
  readonly model: Model;
  /** The inputs of a batch of so many examples; other values at every call. */
  readonly input: (examples: number) => Tensor;
}

const problems: Readonly<Record<string, () => Problem>> = {
  transformer() {
    const graph = buildTransformerEncoder({ layers: 2, width: 16, heads: 2, tokens: 6, vocabulary: 20, classes: 3 });
    const rng = new Rng(3);
    return { model: { graph, weights: initialiseTransformerEncoder(graph, new Rng(1)) }, input: (examples) => tf.tensor(Int32Array.from({ length: examples * 6 }, () => rng.int(20)), [examples, 6], "int32") };
  },
  convolutions() {
    const graph = convolutions();
    const rng = new Rng(4);
    return { model: { graph, weights: initialWeights(graph, new Rng(1), () => 0.3) }, input: (examples) => tf.tensor(Float32Array.from({ length: examples * 9 * 8 * 3 }, () => rng.normal()), [examples, 9, 8, 3]) };
  },
  decoder() {
    const graph = decoder();
    const rng = new Rng(5);
    return { model: { graph, weights: initialWeights(graph, new Rng(1), () => 0.3) }, input: (examples) => tf.tensor(Int32Array.from({ length: examples * 6 }, () => rng.int(20)), [examples, 6], "int32") };
  },
};

/** A layer as Llama has it, and behind it what imported models do with places: picked, compared, mirrored, scattered. */
function decoder(): Graph {
  const builder = new GraphBuilder();
  const weight = (name: string, ...shape: number[]): string => builder.parameter(name, shape);
  const dense = (path: string, x: string, from: number, to: number): string => builder.add(`${path}/product`, "matMul", [x, weight(`${path}/kernel`, from, to)], { transposeA: false, transposeB: false });
  const norm = (path: string, x: string): string => builder.add(`${path}/norm`, "rmsNorm", [x, weight(`${path}/gamma`, 16)], { epsilon: 1e-5 });
  const ids = builder.input("ids", [null, 6], "int32");
  const positions = builder.add("positions", "positionIds", [ids], { offset: 0, paddingId: 0 });
  const mask = builder.add("mask", "paddingMask", [ids], { paddingId: 0 });
  const tokens = builder.add("tokens", "embedding", [weight("table", 20, 16), ids], {});
  const x = norm("attention", tokens);
  const rotated = (path: string, heads: number): string => builder.add(`${path}/rotary`, "rotaryEmbedding", [dense(path, x, 16, heads * 4), positions], { heads, frequencies: [1, 0.01] });
  const attended = builder.add("attention/mix", "attention", [rotated("query", 4), rotated("key", 2), dense("value", x, 16, 8), mask], { heads: 4, keyValueHeads: 2, scale: 0.5, causal: true });
  const residual = builder.add("residual", "add", [tokens, dense("output", attended, 16, 16)], {});
  const y = norm("feedForward", residual);
  const gated = builder.add("gated", "multiply", [builder.add("gate/silu", "silu", [dense("gate", y, 16, 12)], {}), dense("up", y, 16, 12)], {});
  const z = builder.add("result", "add", [residual, dense("down", gated, 12, 16)], {});
  const mirrored = builder.add("mirrored", "pad", [z], { paddings: [[0, 0], [1, 1], [0, 0]], mode: "reflect" });
  const everySecond = builder.add("every-second", "stridedSlice", [mirrored], { begin: [0, 0, 0], end: [null, null, null], strides: [1, 2, 1] });
  const isPositive = builder.add("is-positive", "compare", [everySecond, builder.add("zero", "constant", [], { shape: [], values: [0], dtype: "float32" })], { relation: "greater" });
  const bent = builder.add("bent", "select", [isPositive, everySecond, builder.add("waves", "sin", [everySecond], {})], {});
  const best = builder.add("best", "topKIndices", [bent], { k: 4, largest: true });
  const picked = builder.add("picked", "gatherElements", [bent, best], { axis: -1 });
  const sums = builder.add("sums", "cumulativeSum", [picked], { axis: 1, exclusive: false, reverse: true });
  const first = builder.add("first", "gather", [sums, builder.add("place", "constant", [], { shape: [], values: [0], dtype: "int32" })], { axis: 1 });
  return builder.build([dense("classifier", first, 4, 3)]);
}

/** An inverted residual with batch norms, as MobileNetV2 has seventeen. */
function convolutions(): Graph {
  const builder = new GraphBuilder();
  const attributes = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  const norm = (path: string, x: string, channels: number): string => {
    const [gamma, beta] = ["gamma", "beta"].map((name) => builder.parameter(`${path}/${name}`, [channels]));
    const [mean, variance] = ["mean", "variance"].map((name) => builder.parameter(`${path}/${name}`, [channels], { role: "statistic" }));
    return builder.add(`${path}/norm`, "batchNorm", [x, gamma, beta, mean, variance] as string[], { epsilon: 1e-3, momentum: 0.9 });
  };
  const relu6 = (path: string, x: string): string => builder.add(`${path}/relu6`, "relu6", [x], {});
  const conv = (path: string, x: string, kernel: readonly number[], strides: readonly [number, number] = [1, 1]): string => builder.add(`${path}/conv`, "conv2d", [x, builder.parameter(`${path}/kernel`, kernel)], { ...attributes, strides });
  const stem = relu6("stem", norm("stem", conv("stem", builder.input("images", [null, 9, 8, 3], "float32"), [3, 3, 3, 6], [2, 2]), 6));
  const wide = relu6("expand", norm("expand", conv("expand", stem, [1, 1, 6, 12]), 12));
  const filtered = builder.add("depthwise/conv", "depthwiseConv2d", [wide, builder.parameter("depthwise/kernel", [3, 3, 12, 1])], attributes);
  const narrow = norm("project", conv("project", relu6("depthwise", norm("depthwise", filtered, 12)), [1, 1, 12, 6]), 6);
  const pooled = builder.add("pool", "mean", [builder.add("sum", "add", [stem, narrow], {})], { axes: [1, 2], keepDims: false });
  return builder.build([builder.add("classifier/logits", "matMul", [pooled, builder.parameter("classifier/kernel", [6, 3])], { transposeA: false, transposeB: false })]);
}

interface Outcome {
  readonly figures: readonly StepFigures[];
  readonly weights: ReadonlyMap<string, WeightValues>;
  readonly mode: TrainingStep["mode"];
}

/** Ten steps as a run takes them: a short last batch, two micro-batches to a step, validation between, a rate set by hand. */
async function tenSteps({ model, input }: Problem, options: { readonly capture: boolean; readonly plain?: boolean; readonly recompute?: boolean }): Promise<Outcome> {
  const trainable = new Set(model.graph.parameters.map(({ name }) => name));
  const module = new GraphModule(model, trainable, { recompute: options.recompute });
  const encode = (examples: number): Map<string, Tensor> => {
    const tensor = input(examples);
    const activations = module.runTrunk(new Map([[model.graph.inputs[0]?.name ?? "", tensor]]));
    tensor.dispose();
    return activations;
  };
  const step = options.plain ? new EagerStep(module, objective, settings) : createTrainingStep(module, objective, { ...settings, capture: options.capture });
  const labels = (examples: number): Tensor => tf.tensor1d(Int32Array.from({ length: examples }, (_, i) => i % 3), "int32");
  const give = (examples: number, share: number, seed: number): void => {
    const [activations, targets] = [encode(examples), labels(examples)];
    step.accumulate({ activations, targets, share, seed });
    for (const tensor of [...activations.values(), targets]) tensor.dispose();
  };
  const figures: StepFigures[] = [];
  for (let number = 0; number < 10; number++) {
    if (number % 5 === 4) give(3, 1, number);
    else if (number % 2 === 1) [2 / 3, 1 / 3].forEach((share, part) => give(share > 0.5 ? 4 : 2, share, 100 * number + part));
    else give(4, 1, number);
    step.apply(number < 7 ? 0.01 : 0.003);
    await step.ready();
    if (number % 3 !== 2) continue;
    figures.push(...(await step.readFigures()));
    const validation = encode(5);
    for (const tensor of [module.runTail(validation), ...validation.values()]) tensor.dispose();
  }
  figures.push(...(await step.readFigures()));
  const { mode } = step;
  const weights = await module.weights();
  step.dispose();
  module.dispose();
  return { figures, weights, mode };
}

describe("a training step on WebGPU", () => {
  beforeAll(async () => {
    expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
  });

  it.each(Object.keys(problems))("%s: replayed and eager give the same bits, plain tensor ops the same numbers, and nothing is left behind", { timeout: 180_000 }, async (name) => {
    const make = problems[name] as () => Problem;
    const before = memory();
    const eager = await tenSteps(make(), { capture: false });
    const replayed = await tenSteps(make(), { capture: true });
    expect(replayed.mode).toMatchObject({ kind: "replayed" });
    expect(eager.mode).toEqual({ kind: "eager", because: "capturing is switched off" });
    expect(eager.figures).toHaveLength(10);
    expect(new Set(eager.figures.map(({ loss }) => loss)).size).toBe(10);
    expect(replayed.figures).toEqual(eager.figures);
    expect(replayed.weights).toEqual(eager.weights);

    const again = await tenSteps(make(), { capture: true, recompute: true });
    expect(again.mode).toMatchObject({ kind: "replayed" });
    expect(again.figures).toEqual(eager.figures);
    expect(again.weights).toEqual(eager.weights);

    const plain = await tenSteps(make(), { capture: false, plain: true });
    expect(plain.figures.map(({ loss }) => loss)).toBeAllClose(eager.figures.map(({ loss }) => loss), { rtol: 1e-3 });
    expect(plain.figures.map(({ gradientNorm }) => gradientNorm)).toBeAllClose(eager.figures.map(({ gradientNorm }) => gradientNorm), { rtol: 1e-2 });
    expect(memory()).toEqual(before);
  });

  it("draws another dropout mask at every replayed step, the one that its seed says", { timeout: 60_000 }, async () => {
    const builder = new GraphBuilder();
    const dropped = builder.add("classifier/dropout", "dropout", [builder.input("x", [null, 32], "float32")], { rate: 0.5 });
    const graph = builder.build([builder.add("classifier/logits", "matMul", [dropped, builder.parameter("classifier/kernel", [32, 3])], { transposeA: false, transposeB: false })]);
    const model = { graph, weights: initialWeights(graph, new Rng(1), () => 0.5) };
    const seeds = [1, 2, 3, 4, 5, 6, 7, 1];
    const losses = async (capture: boolean): Promise<number[]> => {
      const module = new GraphModule(model, new Set(["classifier/kernel"]));
      const step = createTrainingStep(module, objective, { ...settings, capture });
      const [x, targets] = [tf.fill([4, 32], 1), tf.tensor1d([0, 1, 2, 0], "int32")];
      for (const seed of seeds) {
        step.accumulate({ activations: new Map([["x", x]]), targets, share: 1, seed });
        // A rate of 0: only the mask tells one step from another.
        step.apply(0);
      }
      const figures = await step.readFigures();
      expect(step.mode.kind).toBe(capture ? "replayed" : "eager");
      for (const part of [x, targets, step, module]) part.dispose();
      return figures.map(({ loss }) => loss);
    };
    const replayed = await losses(true);
    expect(new Set(replayed).size).toBe(7);
    expect(replayed.at(-1)).toBe(replayed[0]);
    expect(replayed).toEqual(await losses(false));
  });
});
