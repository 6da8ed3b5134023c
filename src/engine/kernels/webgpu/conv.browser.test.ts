/**
 * WebGPU's products and convolutions against the composed forms on the cpu backend, over sizes that are no multiple of a tile,
 * sums that are split and odd geometries; that they repeat bit for bit, and how many dispatches they are.
 */
import { beforeAll, describe, expect, it, vi } from "vitest";
import "../../../core/testing/to-be-all-close.ts";
import { Rng } from "../../../core/rng.ts";
import type { OpAttributes } from "../../../graph/types.ts";
import { memory, useBackend } from "../../backend.ts";
import { composedConvolution, composedDepthwiseConvolution, describeConvolution } from "../../ops/conv.ts";
import { tf, type Tensor } from "../../tf.ts";
import { webgpuBackend } from "../../webgpu/internals.ts";
import { convolution } from "./conv.ts";
import { depthwiseConvolution } from "./depthwise-conv.ts";
import { multiply } from "./matmul.ts";
import { planProduct } from "./tiled-product.ts";

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function random(shape: readonly number[], rng: Rng): Values {
  return { shape, values: Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => 2 * rng.uniform() - 1) };
}

/** The result and the dispatches that it took. A shader that does not compile fails the test instead of leaving zeros. */
async function compute(inputs: readonly Values[], run: (...tensors: Tensor[]) => Tensor): Promise<{ readonly result: Values; readonly dispatches: number }> {
  const tensors = inputs.map(({ shape, values }) => tf.tensor([...values], [...shape]));
  const device = tf.getBackend() === "webgpu" ? webgpuBackend().device : null;
  device?.pushErrorScope("validation");
  const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, "dispatchWorkgroups");
  const tensor = tf.tidy(() => run(...tensors));
  const dispatches = dispatch.mock.calls.length;
  dispatch.mockRestore();
  const result = { shape: tensor.shape, values: [...(await tensor.data())] };
  expect((await device?.popErrorScope())?.message).toBeUndefined();
  for (const each of [tensor, ...tensors]) each.dispose();
  return { result, dispatches };
}

async function compare(inputs: readonly Values[], fused: (...tensors: Tensor[]) => Tensor, composed: (...tensors: Tensor[]) => Tensor, atol: number): Promise<number> {
  await tf.setBackend("cpu");
  const { result: want } = await compute(inputs, composed);
  await tf.setBackend("webgpu");
  const before = memory();
  const { result: got, dispatches } = await compute(inputs, fused);
  expect(got).toBeAllClose(want, { rtol: 1e-4, atol });
  expect((await compute(inputs, fused)).result, "the same bits twice").toEqual(got);
  expect(memory()).toEqual(before);
  return dispatches;
}

/** Rounding of a sum of `terms` products of numbers up to 1, with room. */
const rounding = (terms: number): number => 1e-6 * Math.sqrt(terms) + 1e-6;

beforeAll(async () => {
  expect(await useBackend("webgpu", { wasmPath: "" })).toMatchObject({ backend: "webgpu" });
});

describe("products on webgpu", () => {
  const cases = [
    { rows: 3, inner: 37, columns: 5, batch: 1 },
    { rows: 33, inner: 16, columns: 17, batch: 1 },
    { rows: 70, inner: 50, columns: 150, batch: 1 },
    { rows: 16, inner: 2311, columns: 21, batch: 1 },
    { rows: 300, inner: 9, columns: 130, batch: 1 },
    { rows: 9, inner: 1030, columns: 6, batch: 3 },
  ];
  for (const [index, sizes] of cases.entries()) {
    for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      it(`${JSON.stringify(sizes)}${transposeA ? ", a transposed" : ""}${transposeB ? ", b transposed" : ""}`, async () => {
        const { batch, rows, inner, columns } = sizes;
        const rng = new Rng(index + 1);
        const lead = batch === 1 ? [] : [batch];
        const inputs = [random([...lead, ...(transposeA ? [inner, rows] : [rows, inner])], rng), random([...lead, ...(transposeB ? [columns, inner] : [inner, columns])], rng)];
        const dispatches = await compare(
          inputs,
          (a, b) => multiply(a, b, { transposeA, transposeB }),
          (a, b) => tf.matMul(a, b, transposeA, transposeB),
          rounding(inner),
        );
        expect(dispatches).toBe(inner === 2311 ? 2 : 1);
      });
    }
  }

  it("repeats one matrix for each of a batch, and refuses to repeat it in part", async () => {
    const rng = new Rng(9);
    await compare([random([2, 3, 5, 7], rng), random([1, 1, 7, 4], rng)], (a, b) => multiply(a, b), (a, b) => tf.matMul(a, b), 1e-5);
    expect(() => tf.tidy(() => multiply(tf.zeros([2, 3, 5, 7]), tf.zeros([2, 1, 7, 4])))).toThrow(/broadcast in part only/);
    expect(() => tf.tidy(() => multiply(tf.zeros([5, 7]), tf.zeros([6, 4])))).toThrow(/inner sizes/);
  });

  it("are planned for many workgroups, and split only where there are few tiles of long sums", () => {
    const plan = (rows: number, inner: number, columns: number): { readonly splits: number; readonly workgroups: number } => {
      const { splits, tiles } = planProduct({ batch: 1, rows, inner, columns });
      return { splits, workgroups: splits * tiles };
    };
    expect(plan(16, 36864, 96).splits).toBeGreaterThan(8);
    expect(plan(16, 36864, 96).workgroups).toBeGreaterThanOrEqual(64);
    for (const [rows, inner, columns] of [[36864, 16, 96], [512, 256, 256], [256, 512, 1024], [960, 144, 160]] as const) {
      expect(plan(rows, inner, columns).splits).toBe(1);
      expect(plan(rows, inner, columns).workgroups).toBeGreaterThanOrEqual(48);
    }
    // MobileNetV2's last blocks forward: 3 x 3 pixels of 16 images.
    for (const [inner, columns] of [[960, 160], [960, 320], [320, 1280], [576, 160]] as const) expect(plan(144, inner, columns).splits).toBe(1);
  });
});

type Attributes = OpAttributes["conv2d"];
interface Case {
  readonly x: readonly [number, number, number, number];
  readonly kernel: readonly [number, number, number, number];
  readonly attributes: Attributes;
}

const spatial = (strides: Attributes["strides"] = [1, 1], padding: Attributes["padding"] = "same", dilations: Attributes["dilations"] = [1, 1]): Attributes => ({ strides, padding, dilations });

/** Each part of a convolution; how many dispatches forward, the input's gradient and the kernel's gradient are. */
async function compareConvolution({ x, kernel, attributes }: Case, depthwise: boolean, seed: number): Promise<[number, number, number]> {
  const rng = new Rng(seed);
  const info = tf.tidy(() => describeConvolution(tf.zeros([...x]), tf.zeros([...kernel]), attributes, depthwise));
  const own = (depthwise ? depthwiseConvolution : convolution)(info);
  const composed = (depthwise ? composedDepthwiseConvolution : composedConvolution)(info, attributes);
  const [input, filter, dy] = [random(x, rng), random(kernel, rng), random(info.outShape, rng)];
  const parts = [
    { name: "forward", inputs: [input, filter], terms: kernel[0] * kernel[1] * kernel[2] },
    { name: "inputGradient", inputs: [dy, filter], terms: kernel[0] * kernel[1] * kernel[3] },
    { name: "kernelGradient", inputs: [input, dy], terms: x[0] * info.outHeight * info.outWidth },
  ] as const;
  const dispatches: number[] = [];
  for (const { name, inputs, terms } of parts) {
    dispatches.push(await compare(inputs, (a, b) => own[name](a, b), (a, b) => composed[name](a, b), rounding(terms)));
  }
  return dispatches as [number, number, number];
}

describe("convolutions on webgpu", () => {
  const cases: readonly (Case & { readonly kernelDispatches: number })[] = [
    { x: [2, 9, 11, 5], kernel: [3, 3, 5, 7], attributes: spatial([2, 2]), kernelDispatches: 1 },
    { x: [3, 33, 31, 3], kernel: [3, 3, 3, 9], attributes: spatial([2, 2]), kernelDispatches: 2 },
    { x: [1, 13, 8, 6], kernel: [5, 2, 6, 33], attributes: spatial([3, 1], "valid"), kernelDispatches: 1 },
    { x: [2, 10, 9, 4], kernel: [3, 4, 4, 10], attributes: spatial([1, 2], [[2, 0], [1, 3]]), kernelDispatches: 1 },
    { x: [2, 12, 10, 3], kernel: [3, 3, 3, 5], attributes: spatial([1, 1], "same", [2, 3]), kernelDispatches: 1 },
    { x: [2, 7, 7, 20], kernel: [1, 1, 20, 35], attributes: spatial(), kernelDispatches: 1 },
    { x: [4, 18, 17, 9], kernel: [1, 1, 9, 30], attributes: spatial(), kernelDispatches: 2 },
    { x: [2, 9, 8, 6], kernel: [1, 1, 6, 4], attributes: spatial([2, 3]), kernelDispatches: 1 },
    { x: [2, 4, 5, 6], kernel: [4, 5, 6, 11], attributes: spatial([1, 1], "valid"), kernelDispatches: 1 },
  ];
  it.each(cases.map((each, index) => [JSON.stringify(each), each, index] as const))("%s", async (_, { kernelDispatches, ...each }, index) => {
    expect(await compareConvolution(each, false, index + 20)).toEqual([1, 1, kernelDispatches]);
  });
});

describe("depthwise convolutions on webgpu", () => {
  const cases: readonly (Case & { readonly kernelDispatches: number })[] = [
    { x: [2, 9, 11, 5], kernel: [3, 3, 5, 1], attributes: spatial(), kernelDispatches: 2 },
    { x: [2, 10, 13, 19], kernel: [3, 3, 19, 1], attributes: spatial([2, 2]), kernelDispatches: 2 },
    { x: [1, 6, 5, 130], kernel: [3, 3, 130, 1], attributes: spatial([2, 2], [[1, 1], [1, 1]]), kernelDispatches: 1 },
    { x: [1, 11, 8, 3], kernel: [5, 4, 3, 3], attributes: spatial([1, 3], "valid"), kernelDispatches: 1 },
    { x: [2, 8, 9, 4], kernel: [2, 3, 4, 2], attributes: spatial([3, 2], [[0, 2], [3, 1]]), kernelDispatches: 1 },
    { x: [2, 9, 10, 4], kernel: [3, 2, 4, 2], attributes: spatial([1, 1], "same", [2, 3]), kernelDispatches: 2 },
  ];
  it.each(cases.map((each, index) => [JSON.stringify(each), each, index] as const))("%s", async (_, { kernelDispatches, ...each }, index) => {
    expect(await compareConvolution(each, true, index + 40)).toEqual([1, 1, kernelDispatches]);
  });
});
