/**
 * The suite that every op passes on every backend: values and gradients as PyTorch has them, no tensor left behind, the
 * same bits twice. It runs over the goldens in the list below; an op without one fails it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../core/testing/to-be-all-close.ts";
import type { DType } from "../../core/shape.ts";
import type { OpName } from "../../graph/types.ts";
import type { BackendName } from "../../protocol/recipe.ts";
import { memory, useBackend } from "../backend.ts";
import { tf, type Tensor } from "../tf.ts";
import activations from "./goldens/activations.json" with { type: "json" };
import alongAxes from "./goldens/along-axes.json" with { type: "json" };
import attention from "./goldens/attention.json" with { type: "json" };
import conv from "./goldens/conv.json" with { type: "json" };
import elementwise from "./goldens/elementwise.json" with { type: "json" };
import embedding from "./goldens/embedding.json" with { type: "json" };
import functions from "./goldens/functions.json" with { type: "json" };
import language from "./goldens/language.json" with { type: "json" };
import normalization from "./goldens/normalization.json" with { type: "json" };
import places from "./goldens/places.json" with { type: "json" };
import reduce from "./goldens/reduce.json" with { type: "json" };
import sequence from "./goldens/sequence.json" with { type: "json" };
import shape from "./goldens/shape.json" with { type: "json" };
import windows from "./goldens/windows.json" with { type: "json" };
import { opImplementations } from "./index.ts";
import type { OpContext, StepSeed } from "./types.ts";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: readonly number[];
}

interface OpCase {
  readonly name: string;
  readonly op: OpName;
  readonly attributes: unknown;
  readonly training: boolean;
  readonly inputs: readonly Values[];
  readonly output: Values;
  /** The gradient is that of sum(output * upstream). */
  readonly upstream?: Values;
  /** By the index of the input. */
  readonly gradients?: Readonly<Record<string, Values>>;
  /** A trained batch norm's new running mean and variance. */
  readonly statistics?: readonly Values[];
}

export const opCases = [activations, alongAxes, attention, conv, elementwise, embedding, functions, language, normalization, places, reduce, sequence, shape, windows].flatMap(({ cases }) => cases as readonly unknown[] as readonly OpCase[]);

/** Ops that PyTorch has no equal of; their own tests are beside this file. */
const withoutGolden: readonly OpName[] = ["dropout"];

interface Outcome {
  readonly output: Values;
  readonly gradients: Readonly<Record<string, Values>>;
  readonly statistics: readonly Values[];
}

function toTensor({ values, shape, dtype }: Values): Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

/** Reads a tensor and disposes it. */
async function consume(tensor: Tensor): Promise<Values> {
  const values = [...(await tensor.data())];
  const { shape } = tensor;
  const dtype = tensor.dtype as DType;
  tensor.dispose();
  return { values, shape, dtype };
}

/** For ops that draw nothing. */
const unseeded: StepSeed = { value: 0, tensor: null };

export function runOp(op: OpName, inputs: readonly Tensor[], attributes: unknown, context: Partial<OpContext> = {}): Tensor {
  const run = opImplementations[op] as (inputs: readonly Tensor[], attributes: unknown, context: OpContext) => Tensor;
  const updateStatistics: OpContext["updateStatistics"] = (mean, variance) => {
    mean.dispose();
    variance.dispose();
  };
  return tf.tidy(() => run(inputs, attributes, { training: false, statistics: "update", seed: unseeded, salt: 0, updateStatistics, ...context }));
}

async function runCase({ op, attributes, training, inputs, upstream, gradients = {}, statistics: wantedStatistics = [] }: OpCase): Promise<Outcome> {
  const tensors = inputs.map(toTensor);
  const statistics: Tensor[] = [];
  const output = await consume(runOp(op, tensors, attributes, { training, statistics: "keep" }));
  const wanted = Object.keys(gradients);
  let found: Tensor[] = [];
  if (upstream !== undefined) {
    const dy = toTensor(upstream);
    const leaves = wanted.map((index) => tensors[Number(index)] as Tensor);
    const gradientsOf = tf.grads((...xs: Tensor[]) => {
      const all = tensors.map((tensor, index) => xs[wanted.indexOf(String(index))] ?? tensor);
      return runOp(op, all, attributes, { training, updateStatistics: (mean, variance) => statistics.push(mean, variance) });
    });
    found = gradientsOf(leaves, dy);
    dy.dispose();
  }
  // Where they were written in place, they are the inputs after x, gamma and beta.
  if (statistics.length === 0) statistics.push(...tensors.slice(3, 3 + wantedStatistics.length));
  for (const tensor of tensors) if (!statistics.includes(tensor)) tensor.dispose();
  const values = await Promise.all(found.map(consume));
  return {
    output,
    gradients: Object.fromEntries(wanted.map((index, i) => [index, values[i] as Values])),
    statistics: await Promise.all(statistics.map(consume)),
  };
}

/** Registers the suite on one backend. A backend that is not there fails it. */
export function describeOps(backend: BackendName, wasmPath: string): void {
  describe(`ops on ${backend}`, () => {
    let tensorsBefore = 0;
    beforeAll(async () => {
      expect(await useBackend(backend, { wasmPath })).toMatchObject({ backend });
      // Else the WebGPU backend computes small tensors in JavaScript, and the cases would not meet its kernels.
      if (backend === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
      tensorsBefore = memory().tensors;
    });
    afterAll(() => {
      expect(memory().tensors, "tensors left behind by all cases").toBe(tensorsBefore);
    });

    it("has a golden for every op", () => {
      expect(opCases.length).toBe(334);
      const covered = new Set([...opCases.map(({ op }) => op), ...withoutGolden]);
      expect(Object.keys(opImplementations).filter((op) => !covered.has(op as OpName))).toEqual([]);
    });

    it.each(opCases.map((opCase) => [`${opCase.op}: ${opCase.name}`, opCase] as const))("%s", async (_, opCase) => {
      const before = memory();
      const first = await runCase(opCase);
      expect(first.output.dtype).toBe(opCase.output.dtype);
      expect(first.output).toBeAllClose(opCase.output, { rtol: 1e-5 });
      for (const [index, gradient] of Object.entries(opCase.gradients ?? {})) expect(first.gradients[index], `gradient of input ${index}`).toBeAllClose(gradient, { rtol: 1e-4 });
      expect(first.statistics.length).toBe(opCase.statistics?.length ?? 0);
      opCase.statistics?.forEach((statistic, index) => expect(first.statistics[index]).toBeAllClose(statistic, { rtol: 1e-5 }));
      expect(await runCase(opCase), "the same bits twice").toEqual(first);
      expect(memory()).toEqual(before);
    });
  });
}
