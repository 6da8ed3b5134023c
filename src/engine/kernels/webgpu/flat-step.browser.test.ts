/** The update of all parameters at once, the norm and the sums: PyTorch's numbers, over buffers that hold many tensors. */
import { beforeAll, describe, expect, it } from "vitest";
import "../../../core/testing/to-be-all-close.ts";
import { memory, useBackend } from "../../backend.ts";
import optimizerGoldens from "../../optimizers/goldens/optimizers.json" with { type: "json" };
import { decayOf, updateRule, type OptimizerKind } from "../../optimizers/index.ts";
import { tf } from "../../tf.ts";
import { FlatTensors } from "../../webgpu/flat.ts";
import { flush, webgpuBackend } from "../../webgpu/internals.ts";
import { accumulate, blockGrid, normAndScale, updateKernel } from "./flat-step.ts";

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const entriesOf = (tensors: Readonly<Record<string, Values>>): { name: string; shape: readonly number[] }[] => Object.entries(tensors).map(([name, { shape }]) => ({ name, shape }));

function writeAll(flat: FlatTensors, tensors: Readonly<Record<string, Values>>): void {
  flush(webgpuBackend());
  for (const [name, { values }] of Object.entries(tensors)) flat.write(name, Float32Array.from(values));
}

beforeAll(async () => {
  expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
});

describe("the update of all parameters", () => {
  it("has seven optimizer settings to compare", () => expect(optimizerGoldens.cases.length).toBe(7));

  it.each(optimizerGoldens.cases.map((golden) => [golden.name, golden] as const))("%s, after five steps", async (_, golden) => {
    const before = memory();
    const initial = golden.initial as Readonly<Record<string, Values>>;
    const rule = updateRule(golden.kind as OptimizerKind, golden.options);
    const kernel = updateKernel("test", rule);
    const [parameters, gradients] = [new FlatTensors("parameters", entriesOf(initial)), new FlatTensors("gradients", entriesOf(initial))];
    const slots = rule.slots.map((slot) => [slot, new FlatTensors(slot, entriesOf(initial))] as const);
    const control = new FlatTensors("control", [{ name: "rates", shape: [2, 2] }, { name: "scalars", shape: [rule.scalars(1).length] }]);
    writeAll(parameters, initial);
    // One group for what decays and one for what does not, a block each: both tensors are smaller than a block.
    const groupOfBlock = tf.tensor1d([0, 1], "int32");
    expect(parameters.all.size).toBe(128);
    const decays = Object.values(initial).map((tensor) => decayOf(tensor, golden.options.weightDecay));
    for (const [step, values] of golden.gradients.entries()) {
      writeAll(gradients, values);
      control.write("rates", Float32Array.from(decays.flatMap((decay) => [golden.learningRate, decay])));
      control.write("scalars", Float32Array.from(rule.scalars(step + 1)));
      const scale = tf.tensor1d([1]);
      const workgroups = blockGrid(parameters.all.size);
      kernel.run({
        inputs: { gradients: gradients.all, scale, groupOfBlock, rates: control.get("rates"), scalars: control.get("scalars") },
        inPlace: { parameters: parameters.all, ...Object.fromEntries(slots.map(([slot, { all }]) => [slot, all])) },
        outputs: {},
        uniforms: { size: parameters.all.size, width: workgroups[0] },
        workgroups,
      });
      scale.dispose();
    }
    for (const [name, { values, shape }] of Object.entries(golden.final as Readonly<Record<string, Values>>)) {
      expect({ shape, values: [...(await parameters.get(name).data())] }, name).toBeAllClose({ shape, values }, { rtol: 1e-5 });
    }
    for (const flat of [parameters, gradients, control, ...slots.map(([, slot]) => slot)]) flat.dispose();
    groupOfBlock.dispose();
    expect(memory()).toEqual(before);
  });
});

describe("all gradients as one vector", () => {
  /** More values than one workgroup sums, and a rest. */
  const size = 9000;

  it.each([
    [0, 1],
    [1e6, 1],
    [0.5, undefined],
  ])("norm with a limit of %d", async (maxNorm, wanted) => {
    const flat = new FlatTensors("gradients", [{ name: "a", shape: [size] }, { name: "b", shape: [3] }]);
    const [a, b] = [Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7)), Float32Array.of(3, 4, 12)];
    flat.write("a", a);
    flat.write("b", b);
    const figures = new FlatTensors("figures", [{ name: "step", shape: [4] }]);
    const scale = tf.tidy(() => normAndScale(flat.all, figures.get("step"), maxNorm));
    const norm = Math.hypot(...a, ...b);
    expect([(await figures.get("step").data())[2] as number]).toBeAllClose([norm], { rtol: 1e-6 });
    expect([...(await scale.data())]).toBeAllClose([wanted ?? maxNorm / (norm + 1e-6)], { rtol: 1e-6 });
    scale.dispose();
    flat.dispose();
    figures.dispose();
  });

  it("adds micro-batches up by their shares, and begins anew with the first", async () => {
    const entries = [{ name: "a", shape: [size] }];
    const [gradients, sums] = [new FlatTensors("gradients", entries), new FlatTensors("sums", entries)];
    const [micro, step, control] = [new FlatTensors("micro", [{ name: "m", shape: [2] }]), new FlatTensors("step", [{ name: "s", shape: [4] }]), new FlatTensors("control", [{ name: "c", shape: [2] }])];
    sums.write("a", new Float32Array(size).fill(99));
    for (const [share, first, value] of [[0.75, 1, 4], [0.25, 0, 8]] as const) {
      flush(webgpuBackend());
      gradients.write("a", new Float32Array(size).fill(value));
      micro.write("m", Float32Array.of(value, value / 2));
      control.write("c", Float32Array.of(share, first));
      accumulate(gradients.all, micro.get("m"), control.get("c"), sums.all, step.get("s"));
    }
    expect([...(await sums.get("a").data())]).toEqual(new Array(size).fill(5));
    expect([...(await step.get("s").data())].slice(0, 2)).toEqual([5, 2.5]);
    for (const flat of [gradients, sums, micro, step, control]) flat.dispose();
  });
});
