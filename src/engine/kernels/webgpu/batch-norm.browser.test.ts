/**
 * The fused batch norm against the composed one at shapes that the goldens are too small for, its numerical safety, and what
 * it does to running statistics: written in place where trained, never where frozen or run a second time.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../../core/testing/to-be-all-close.ts";
import type { FusedActivation } from "../../../graph/types.ts";
import { memory, useBackend } from "../../backend.ts";
import { batchNorm, batchNormComposed } from "../../ops/normalization.ts";
import type { OpContext } from "../../ops/types.ts";
import { tf, type Tensor } from "../../tf.ts";
import { webgpuBackend } from "../../webgpu/internals.ts";

const wave = (count: number, phase: number, scale = 1, offset = 0): Float32Array => Float32Array.from({ length: count }, (_, i) => offset + scale * (Math.sin(0.7 * i + phase) + (0.3 * i) / count));

interface Problem {
  readonly shape: readonly number[];
  readonly activation?: FusedActivation;
  readonly training: boolean;
  /** Indices of x, gamma and beta. */
  readonly wanted?: readonly number[];
  readonly x?: Float32Array;
}

async function run(op: typeof batchNorm, { shape, activation, training, wanted = [0, 1, 2], x }: Problem): Promise<Record<string, number[]>> {
  const before = memory();
  const channels = shape.at(-1) as number;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const tensors = [
    tf.tensor(x ?? wave(size, 0, 2.5), [...shape]),
    ...[wave(channels, 0.8, 1, 1.5), wave(channels, 2.6), wave(channels, 0.3), wave(channels, 1.7, 0.3, 1.2)].map((values) => tf.tensor1d(values)),
  ];
  const dy = tf.tensor(wave(size, 0.4), [...shape]);
  const handedBack: Tensor[] = [];
  const context: OpContext = { training, statistics: "update", seed: { value: 0, tensor: null }, salt: 0, updateStatistics: (mean, variance) => handedBack.push(mean, variance) };
  let y: Tensor | undefined;
  const gradients = tf.grads((...xs: Tensor[]) => {
    const at = (i: number): Tensor => (wanted.includes(i) ? xs[wanted.indexOf(i)] : tensors[i]) as Tensor;
    const result = op(at(0), at(1), at(2), tensors[3] as Tensor, tensors[4] as Tensor, { epsilon: 1e-3, momentum: 0.9, ...(activation === undefined ? {} : { activation }) }, context);
    y = tf.keep(result.clone());
    return result;
  })(wanted.map((i) => tensors[i] as Tensor), dy);
  const [mean, variance] = handedBack.length > 0 ? handedBack : tensors.slice(3);
  const found = { y, ...Object.fromEntries(wanted.map((i, at) => [["dx", "dGamma", "dBeta"][i], gradients[at]])), mean, variance } as Record<string, Tensor>;
  const values: Record<string, number[]> = {};
  for (const [name, tensor] of Object.entries(found)) values[name] = [...(await tensor.data())];
  for (const tensor of new Set([...tensors, ...handedBack, ...gradients, dy, y as Tensor])) tensor.dispose();
  expect(memory()).toEqual(before);
  return values;
}

describe("batch norm on WebGPU", () => {
  beforeAll(async () => {
    expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
    tf.env().set("WEBGPU_CPU_FORWARD", false);
    webgpuBackend().device.pushErrorScope("validation");
  });
  afterAll(async () => {
    expect(await webgpuBackend().device.popErrorScope()).toBeNull();
  });

  const cases: Problem[] = [
    { shape: [2, 24, 24, 16], activation: "relu6", training: true },
    { shape: [4, 12, 12, 96], activation: "hardSwish", training: true },
    { shape: [4, 3, 3, 1280], activation: "relu", training: true },
    { shape: [700, 7], training: true },
    { shape: [4, 12, 12, 98], activation: "relu6", training: false },
    { shape: [700, 24], training: false },
    { shape: [700, 24], training: true, activation: "relu", wanted: [1, 2] },
    { shape: [700, 24], training: true, activation: "relu", wanted: [0] },
    { shape: [700, 24], training: false, activation: "relu", wanted: [2] },
  ];
  it.each(cases)("$shape, $activation, trained: $training, gradients of $wanted", async (problem) => {
    const rows = problem.shape.slice(0, -1).reduce((product, dim) => product * dim, 1);
    const found = await run(batchNorm, problem);
    const want = await run(batchNormComposed, problem);
    expect(Object.keys(found)).toEqual(Object.keys(want));
    for (const name of Object.keys(want)) expect(found[name], name).toBeAllClose(want[name] as number[], { rtol: 1e-4, atol: name.startsWith("d") ? 1e-6 * rows + 1e-5 : 2e-5 });
    expect(await run(batchNorm, problem), "the same bits twice").toEqual(found);
  });

  it("keeps the variance where the mean is 10000 times the deviation, and of a constant channel", async () => {
    const rows = 1000;
    const x = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 10_000 + Math.sin(i) : 0.1));
    const { variance, mean, y } = await run(batchNorm, { shape: [rows, 2], training: true, x });
    const channel = [...x].filter((_, i) => i % 2 === 0);
    const exactMean = channel.reduce((sum, value) => sum + value, 0) / rows;
    const exact = channel.reduce((sum, value) => sum + (value - exactMean) ** 2, 0) / rows;
    const stored = wave(2, 1.7, 0.3, 1.2);
    expect(variance).toBeAllClose([0.9 * (stored[0] as number) + 0.1 * exact, 0.9 * (stored[1] as number)], { rtol: 1e-5 });
    expect(mean).toBeAllClose([0.9 * (wave(2, 0.3)[0] as number) + 0.1 * exactMean, 0.9 * (wave(2, 0.3)[1] as number) + 0.01], { rtol: 1e-5 });
    const beta = wave(2, 2.6)[1] as number;
    expect(y?.filter((_, i) => i % 2 === 1)).toBeAllClose(new Array(rows).fill(beta), { rtol: 1e-6 });
  });

  it("runs again with the same bits and the statistics kept", async () => {
    const shape = [300, 12];
    const x = tf.tensor(wave(3600, 0), shape);
    const [gamma, beta] = [tf.ones([12]), tf.zeros([12])];
    const mean = tf.tensor1d(wave(12, 0.3));
    const variance = tf.tensor1d(wave(12, 1.7, 0.3, 1.2));
    const forward = async (statistics: OpContext["statistics"]): Promise<unknown[]> => {
      const y = tf.tidy(() => batchNorm(x, gamma, beta, mean, variance, { epsilon: 1e-3, momentum: 0.9, activation: "relu" }, { training: true, statistics, seed: { value: 0, tensor: null }, salt: 0, updateStatistics: () => expect.unreachable() }));
      const values = [await y.data(), await mean.data(), await variance.data()].map((array) => [...array]);
      y.dispose();
      return values;
    };
    const [first, firstMean, firstVariance] = await forward("update");
    expect(await forward("keep")).toEqual([first, firstMean, firstVariance]);
    const [second, secondMean] = await forward("update");
    expect(second).toEqual(first);
    expect(secondMean).not.toEqual(firstMean);
    for (const tensor of [x, gamma, beta, mean, variance]) tensor.dispose();
  });
});
