/** The suite for what training adds to the ops, on every backend: the loss and the optimizers as PyTorch has them, clipping, and the same bits twice. */
import { beforeAll, describe, expect, it } from "vitest";
import "../core/testing/to-be-all-close.ts";
import type { BackendName } from "../protocol/recipe.ts";
import { memory, useBackend } from "./backend.ts";
import lossGoldens from "./goldens/losses.json" with { type: "json" };
import targetGoldens from "./goldens/target-losses.json" with { type: "json" };
import { meanSquaredError, sigmoidCrossEntropy, softmaxCrossEntropy } from "./losses.ts";
import { runOp } from "./ops/describe-op.ts";
import optimizerGoldens from "./optimizers/goldens/optimizers.json" with { type: "json" };
import { clipByGlobalNorm, createOptimizer, globalNorm, type OptimizerKind } from "./optimizers/index.ts";
import { tf, type Tensor } from "./tf.ts";

interface Values {
  readonly shape: number[];
  readonly values: number[];
}

function toTensor({ values, shape }: Values): Tensor {
  return tf.tensor(values, shape, "float32");
}

async function valuesOf(tensor: Tensor): Promise<Values> {
  return { shape: tensor.shape, values: [...(await tensor.data())] };
}

/** A wave as the goldens have it, for sizes that no golden has. */
function wave(shape: number[], phase = 0): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tf.tensor(Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i + phase) + (0.3 * i) / size), shape);
}

function describeLoss(): void {
  it("has nine losses to compare", () => expect(lossGoldens.cases.length).toBe(9));

  it.each(lossGoldens.cases.map((lossCase) => [lossCase.name, lossCase] as const))("cross-entropy: %s", async (_, lossCase) => {
    const before = memory();
    const { exampleWeights, ...options } = lossCase.options as { labelSmoothing?: number; classWeights?: number[]; exampleWeights?: number[] };
    const logits = toTensor(lossCase.logits);
    const labels = tf.tensor1d(lossCase.labels.values, "int32");
    const weights = exampleWeights && tf.tensor1d(exampleWeights);
    const { value, grad } = tf.valueAndGrad((x: Tensor) => softmaxCrossEntropy(x, labels, { ...options, exampleWeights: weights }))(logits);
    expect((await valuesOf(value)).values).toBeAllClose([lossCase.loss], { rtol: 1e-5 });
    expect(await valuesOf(grad)).toBeAllClose(lossCase.gradient, { rtol: 1e-5 });
    for (const tensor of [value, grad, logits, labels, weights]) tensor?.dispose();
    expect(memory()).toEqual(before);
  });

  it("rows that do not count, or weigh nothing, have a gradient of exactly 0, whatever their logits are", async () => {
    const before = memory();
    const logits = tf.tidy(() => tf.mul(wave([6, 70]), tf.tensor2d([[1], [1000], [1], [300], [1], [1e30]])));
    const labels = tf.tensor1d([3, -100, 69, 5, -1, 0], "int32");
    const weights = tf.tensor1d([1, 1, 0, 2, 1, 0]);
    for (const options of [{}, { labelSmoothing: 0.1 }]) {
      const gradient = tf.grad((x: Tensor) => softmaxCrossEntropy(x, labels, { ...options, exampleWeights: weights }))(logits);
      const { values } = await valuesOf(gradient);
      const sizes = Array.from({ length: 6 }, (_, row) => values.slice(70 * row, 70 * (row + 1)).reduce((sum, value) => sum + Math.abs(value), 0));
      expect(sizes.map((size) => size > 0)).toEqual([true, false, false, true, false, false]);
      gradient.dispose();
    }
    for (const tensor of [logits, labels, weights]) tensor.dispose();
    expect(memory()).toEqual(before);
  });

  it.each([["plain", {}], ["smoothed, by class", { labelSmoothing: 0.2, classWeights: Array.from({ length: 130 }, (_, i) => 0.5 + (i % 3)) }]] as const)("the gradient is that of finite differences: %s", async (_, options) => {
    const logits = tf.tidy(() => tf.mul(wave([7, 130], 0.3), 3));
    const direction = wave([7, 130], 1.9);
    const labels = tf.tensor1d([129, 0, -100, 64, 7, 7, 128], "int32");
    const lossOf = (x: Tensor): tf.Scalar => softmaxCrossEntropy(x, labels, options);
    const h = 0.01;
    const difference = tf.tidy(() => tf.div(tf.sub(lossOf(tf.add(logits, tf.mul(direction, h))), lossOf(tf.sub(logits, tf.mul(direction, h)))), 2 * h));
    const slope = tf.tidy(() => tf.sum(tf.mul(tf.grad((x: Tensor) => lossOf(x))(logits), direction)));
    expect((await valuesOf(slope)).values).toBeAllClose((await valuesOf(difference)).values, { rtol: 2e-3, atol: 2e-4 });
    for (const tensor of [logits, direction, labels, difference, slope]) tensor.dispose();
  });
}

function describeTargetLosses(): void {
  it("has five losses of labels and numbers to compare", () => expect(targetGoldens.cases.length).toBe(5));

  it.each(targetGoldens.cases.map((golden) => [`${golden.kind}, ${golden.name}`, golden] as const))("%s", async (_, golden) => {
    const before = memory();
    const [outputs, targets] = [toTensor(golden.outputs), toTensor(golden.targets)];
    const loss = golden.kind === "labels" ? sigmoidCrossEntropy : meanSquaredError;
    const { value, grad } = tf.valueAndGrad((x: Tensor) => loss(x, targets, golden.options))(outputs);
    expect((await valuesOf(value)).values).toBeAllClose([golden.loss], { rtol: 1e-5 });
    expect(await valuesOf(grad)).toBeAllClose(golden.gradient, { rtol: 1e-5, atol: 1e-7 });
    for (const tensor of [value, grad, outputs, targets]) tensor.dispose();
    expect(memory()).toEqual(before);
  });
}

function describeOptimizers(): void {
  it("has seven optimizer settings to compare", () => expect(optimizerGoldens.cases.length).toBe(7));

  type Golden = (typeof optimizerGoldens.cases)[number];
  const start = ({ initial }: Golden): Map<string, tf.Variable> => new Map(Object.entries(initial).map(([name, values]) => [name, tf.tidy(() => tf.variable(toTensor(values)))]));
  const gradientsAt = ({ gradients }: Golden, step: number): Map<string, Tensor> => new Map(Object.entries(gradients[step] as Record<string, Values>).map(([name, values]) => [name, toTensor(values)]));
  const disposeAll = (...maps: ReadonlyMap<string, Tensor>[]): void => maps.forEach((map) => map.forEach((tensor) => tensor.dispose()));

  it.each(optimizerGoldens.cases.map((golden) => [golden.name, golden] as const))("%s, after five steps", async (_, golden) => {
    const before = memory();
    const parameters = start(golden);
    let optimizer = createOptimizer(golden.kind as OptimizerKind, golden.options);
    for (let step = 0; step < golden.gradients.length; step++) {
      const gradients = gradientsAt(golden, step);
      optimizer.step(parameters, gradients, () => golden.learningRate);
      disposeAll(gradients);
      if (step !== 2) continue;
      // A run that is continued elsewhere: nothing may be lost with the optimizer.
      const state = await optimizer.snapshot();
      optimizer.dispose();
      optimizer = createOptimizer(golden.kind as OptimizerKind, golden.options);
      optimizer.restore(state);
    }
    for (const [name, want] of Object.entries(golden.final)) expect(await valuesOf(parameters.get(name) as Tensor), name).toBeAllClose(want, { rtol: 1e-5 });
    disposeAll(parameters);
    optimizer.dispose();
    expect(memory()).toEqual(before);
  });

  it("gives each parameter its own learning rate and leaves those without a gradient", async () => {
    const parameters = new Map(["a", "b", "c"].map((name) => [name, tf.variable(tf.tensor1d([1, 2]))]));
    const gradients = new Map(["a", "b"].map((name) => [name, tf.tensor1d([1, 1]) as Tensor]));
    const optimizer = createOptimizer("sgd", { weightDecay: 0, momentum: 0 });
    optimizer.step(parameters, gradients, (name) => (name === "a" ? 0.5 : 0));
    const values = await Promise.all([...parameters.values()].map(valuesOf));
    expect(values.map((value) => value.values)).toEqual([[0.5, 1.5], [1, 2], [1, 2]]);
    disposeAll(parameters, gradients);
    optimizer.dispose();
  });

  it("does not step a clone of a parameter along with it", async () => {
    const parameter = tf.variable(tf.tensor1d([1, 2]));
    const clone = tf.clone(parameter);
    const gradient = tf.tensor1d([1, 1]) as Tensor;
    const optimizer = createOptimizer("adam", { weightDecay: 0, momentum: 0 });
    for (let step = 0; step < 2; step++) optimizer.step(new Map([["p", parameter]]), new Map([["p", gradient]]), () => 0.5);
    expect((await valuesOf(clone)).values).toEqual([1, 2]);
    expect((await valuesOf(parameter)).values).toBeAllClose([0, 1], { atol: 1e-4 });
    for (const tensor of [parameter, clone, gradient]) tensor.dispose();
    optimizer.dispose();
  });
}

function describeClipping(): void {
  const make = (): Map<string, Tensor> => new Map<string, Tensor>([["a", tf.tensor2d([[3, 0]])], ["b", tf.tensor1d([0, 4, 12])]]);

  it("measures all gradients as one vector, and shortens them together", async () => {
    const before = memory();
    for (const [limit, want] of [[6.5, 0.5], [20, 1]] as const) {
      const gradients = make();
      const measured = globalNorm(gradients);
      const norm = clipByGlobalNorm(gradients, limit);
      expect((await valuesOf(measured)).values).toBeAllClose([13], { rtol: 1e-6 });
      expect((await valuesOf(norm)).values).toBeAllClose([13], { rtol: 1e-6 });
      expect((await valuesOf(gradients.get("a") as Tensor)).values).toBeAllClose([3 * want, 0], { rtol: 1e-5 });
      expect((await valuesOf(gradients.get("b") as Tensor)).values).toBeAllClose([0, 4 * want, 12 * want], { rtol: 1e-5 });
      for (const tensor of [measured, norm, ...gradients.values()]) tensor.dispose();
    }
    expect(memory()).toEqual(before);
  });
}

function describeRepeatability(): void {
  const twice = async (compute: () => Tensor): Promise<void> => {
    const run = async (): Promise<number[]> => {
      const tensor = tf.tidy(compute);
      const { values } = await valuesOf(tensor);
      tensor.dispose();
      return values;
    };
    expect(await run()).toEqual(await run());
  };

  it("embedding gradients with many tokens to a row", () =>
    twice(() => {
      const ids = tf.tensor1d(Array.from({ length: 300 }, (_, i) => (i * i) % 5), "int32");
      return tf.grad((table: Tensor) => runOp("embedding", [table, ids], {}))(wave([40, 8]), wave([300, 8], 0.4));
    }));

  it("filter gradients of convolutions", () =>
    twice(() => {
      const x = wave([2, 32, 32, 3]);
      const attributes = { strides: [2, 2], dilations: [1, 1], padding: "same" };
      return tf.grad((kernel: Tensor) => runOp("conv2d", [x, kernel], attributes))(wave([3, 3, 3, 8], 1.1), wave([2, 16, 16, 8], 0.4));
    }));

  it("products with long sums and small results", () =>
    twice(() => runOp("matMul", [wave([2300, 12]), wave([2300, 20], 1.1)], { transposeA: true, transposeB: false })));
}

function describeCasts(): void {
  it("gives floats that a transpose and an inner sum can read, from integers and from comparisons", async () => {
    const before = memory();
    const ids = tf.tensor2d([[3, 0, 5], [0, 0, 7]], [2, 3], "int32");
    const results = tf.tidy(() => [tf.sum(tf.cast(ids, "float32"), 0), tf.sum(runOp("paddingMask", [ids], { paddingId: 0 }), 0), tf.transpose(runOp("cast", [ids], { dtype: "float32" }))]);
    const values = await Promise.all(results.map(valuesOf));
    expect(values.map((value) => value.values)).toEqual([[3, 0, 12], [1, 0, 2], [3, 0, 0, 0, 5, 7]]);
    for (const tensor of [ids, ...results]) tensor.dispose();
    expect(memory()).toEqual(before);
  });
}

function describeDropout(): void {
  /** Which of 11 values the mask keeps for seed 7, salt 3 and rate 0.5: pcg4d computed in Python from the paper's lines. */
  const kept = [0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0];

  it("drops the same elements on every backend, forward and back, and scales the rest", async () => {
    const before = memory();
    const x = tf.fill([11], 3);
    const dy = tf.range(1, 12);
    const run = async (rate: number, value: number, training: boolean, salt = 3): Promise<{ readonly y: number[]; readonly dx: number[] }> => {
      const seed = { value, tensor: tf.tensor1d([value | 0], "int32") };
      const drop = (input: Tensor): Tensor => runOp("dropout", [input], { rate }, { training, seed, salt });
      const [y, dx] = [drop(x), tf.grad(drop)(x, dy)];
      const result = { y: (await valuesOf(y)).values, dx: (await valuesOf(dx)).values };
      for (const tensor of [y, dx, seed.tensor]) tensor.dispose();
      return result;
    };
    const first = await run(0.5, 7, true);
    expect(first).toEqual({ y: kept.map((each) => each * 6), dx: kept.map((each, i) => each * 2 * (i + 1)) });
    expect(await run(0.5, 8, true)).not.toEqual(first);
    expect(await run(0.5, 7, true, 4)).not.toEqual(first);
    expect(await run(0.5, 4_000_000_007, true)).not.toEqual(first);
    for (const { y } of [await run(0.5, 7, false), await run(0, 7, true)]) expect(y).toEqual(new Array(11).fill(3));
    x.dispose();
    dy.dispose();
    expect(memory()).toEqual(before);
  });
}

/** Registers the suite on one backend. A backend that is not there fails it. */
export function describeTraining(backend: BackendName, wasmPath: string): void {
  describe(`training on ${backend}`, () => {
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
      if (backend === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
    });
    describe("loss", describeLoss);
    describe("losses of labels and numbers", describeTargetLosses);
    describe("optimizers", describeOptimizers);
    describe("clipping", describeClipping);
    describe("the same bits twice", describeRepeatability);
    describe("casts", describeCasts);
    describe("dropout", describeDropout);
  });
}
